/** The named functions that cases use in place of user code, each as the oracle defines it in Java. */
import type { CaseFunction, Scalar } from './case.js'

/** `a + sep + b` in Java: null is written "null". */
function concatenated(left: unknown, sep: string, right: unknown): string {
  return `${left}${sep}${right}`
}

function unknown(what: string, spec: CaseFunction | undefined): never {
  throw new Error(`the case names ${what} ${spec?.fn ?? '(none)'}, which FORMAT.md does not define`)
}

export function predicateOf(spec: CaseFunction | undefined): (key: Scalar, value: Scalar) => boolean {
  switch (spec?.fn) {
    case 'even':
      return (_key, value) => Number(value) % 2 === 0
    case 'equals':
      return (_key, value) => value === String(spec.value)
    case 'valueLengthGreaterThan':
      return (_key, value) => String(value).length > Number(spec.value)
    default:
      return unknown('predicate', spec)
  }
}

export function valueMapperOf(spec: CaseFunction | undefined): (value: Scalar) => Scalar {
  switch (spec?.fn) {
    case 'toUpper':
      return (value) => String(value).toUpperCase()
    case 'charAt0':
      return (value) => String(value).charCodeAt(0) - 48
    case 'length':
      return (value) => String(value).length
    case 'prepend':
      return (value) => concatenated(spec.value, '', value)
    default:
      return unknown('value mapper', spec)
  }
}

/** Java's mapper answers a null key here, which the types forbid: it contributes nothing. */
const NO_KEY = null as unknown as Scalar

type Pair = readonly [Scalar, Scalar]

export function pairMapperOf(spec: CaseFunction | undefined): (key: Scalar, value: Scalar) => Pair | null {
  switch (spec?.fn) {
    case 'identity':
      return (key, value) => [key, value]
    case 'swap':
      return (key, value) => [value, key]
    case 'valueToKeyAndValue':
      return (_key, value) => [value, value]
    case 'splitKeyChars':
      return (key) => [String(key).charAt(0), String(key).charAt(1)]
    case 'valueToKeyOrNullByName':
      return (key, value) => (key === 'null' ? [NO_KEY, value] : key === 'NULL' ? null : [value, value])
    default:
      return unknown('mapper', spec)
  }
}

export function keySelectorOf(spec: CaseFunction | undefined): (key: Scalar, value: Scalar) => Scalar | null {
  switch (spec?.fn) {
    case 'key':
      return (key) => key
    case 'value':
      return (_key, value) => value
    case 'null':
      return () => null
    case 'afterComma':
      // Java's split leaves out empty parts at the end.
      return (_key, value) => String(value).replace(/,+$/, '').split(',')[1] ?? null
    case 'nullIfValueContains':
      return (_key, value) => (String(value).includes(String(spec.value)) ? null : value)
    default:
      return unknown('key selector', spec)
  }
}

export function joinerOf(spec: CaseFunction | undefined): (left: Scalar | null, right: Scalar | null) => Scalar {
  switch (spec?.fn) {
    case 'concat':
      return (left, right) => concatenated(left, spec.sep ?? '', right)
    case 'pair':
      return (left, right) => `(${left},${right})`
    default:
      return unknown('joiner', spec)
  }
}

/** Adder or subtractor of an aggregate. */
export function adderOf(spec: CaseFunction | undefined): (key: Scalar, value: Scalar, aggregate: Scalar) => Scalar {
  switch (spec?.fn) {
    case 'append':
      return (_key, value, aggregate) => concatenated(aggregate, spec.sep ?? '', value)
    case 'count':
      return (_key, _value, aggregate) => Number(aggregate) + 1
    case 'sum':
      return (_key, value, aggregate) => Number(aggregate) + Number(value)
    case 'removeAll':
      return (_key, value, aggregate) => String(aggregate).split(String(value)).join('')
    default:
      return unknown('adder', spec)
  }
}

/** Reducer, of both directions. */
export function reducerOf(spec: CaseFunction | undefined): (aggregate: Scalar, value: Scalar) => Scalar {
  switch (spec?.fn) {
    case 'append':
      return (aggregate, value) => concatenated(aggregate, spec.sep ?? '', value)
    case 'sum':
      return (aggregate, value) => Number(aggregate) + Number(value)
    case 'subtract':
      return (aggregate, value) => Number(aggregate) - Number(value)
    case 'latest':
      return (_aggregate, value) => value
    default:
      return unknown('reducer', spec)
  }
}

export function mergerOf(spec: CaseFunction | undefined): (key: Scalar, left: Scalar, right: Scalar) => Scalar {
  switch (spec?.fn) {
    case 'append':
      return (_key, left, right) => concatenated(left, spec.sep ?? '', right)
    case 'sum':
      return (_key, left, right) => Number(left) + Number(right)
    case 'second':
      return (_key, _left, right) => right
    default:
      return unknown('merger', spec)
  }
}

export function foreignKeyOf(spec: CaseFunction | undefined): (value: Scalar) => Scalar | null {
  if (spec?.fn !== 'afterPipe') return unknown('foreign key', spec)
  return (value) => {
    const key = String(value).split('|')[1]
    if (key === undefined) throw new Error(`the value ${value} has no "|", which afterPipe needs`)
    return key === spec.nullWhen ? null : key
  }
}
