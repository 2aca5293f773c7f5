/**
 * The wire types of the field tables, one function each. A table is a plain object whose keys are the fields in wire
 * order; TypeScript infers the message's type from it.
 */
import { MillraceError } from '../../errors.js'

/** Kafka's notation: `3` is that version only, `3-5` a closed range, `3+` from there on. */
export type Versions = `${number}` | `${number}-${number}` | `${number}+`
/** First and last version, both included. */
export type Range = readonly [first: number, last: number]

export type Scalar = 'boolean' | 'int8' | 'int16' | 'int32' | 'int64' | 'uuid' | 'string' | 'bytes' | 'records'
export type Type =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'array'; readonly element: Type }
  | { readonly kind: 'struct'; readonly shape: Shape }

declare const decoded: unique symbol
declare const input: unique symbol
declare const optional: unique symbol

/** One row of a table. The type parameters exist for inference only. */
export interface Field<Out = unknown, In = unknown, Optional extends boolean = boolean> {
  readonly type: Type
  readonly versions: Range
  /** Versions in which null may be sent. */
  readonly nullable: Range | undefined
  /** What a version without this field decodes to, and what an encoder may leave out. */
  readonly default: unknown
  /** Tag number, where the field is tagged. */
  readonly tag: number | undefined
  /** Whether a value other than the default is dropped, not rejected, in a version without this field. */
  readonly ignorable: boolean
  readonly [decoded]?: Out
  readonly [input]?: In
  readonly [optional]?: Optional
}

export type Shape = { readonly [name: string]: Field }

export interface Options<T> {
  readonly nullable?: Versions
  readonly default?: T | null
  readonly tag?: number
  readonly ignorable?: true
}

/** What decoding a shape gives: every field, whatever the version. */
export type Decoded<S extends Shape> = {
  -readonly [K in keyof S]: S[K] extends Field<infer Out, unknown> ? Out : never
}
type OptionalKeys<S extends Shape> = {
  [K in keyof S]: S[K] extends Field<unknown, unknown, false> ? never : K
}[keyof S]
type InputField<F> = F extends Field<unknown, infer In> ? In : never
/** What encoding a shape takes: fields with a default, and those some versions lack, may be omitted. */
export type Input<S extends Shape> = {
  readonly [K in Exclude<keyof S, OptionalKeys<S>>]: InputField<S[K]>
} & { readonly [K in OptionalKeys<S>]?: InputField<S[K]> | undefined }

type OrNull<T, O> = O extends { readonly nullable: string } ? T | null : T
type IsOptional<V, O> = V extends '0+'
  ? O extends { readonly default: unknown } | { readonly tag: number }
    ? true
    : false
  : true

function scalarField<T, TIn = T>(scalar: Scalar, zero: unknown) {
  return <const V extends Versions = '0+', const O extends Options<T> = Record<never, never>>(
    versions?: V,
    options?: O,
  ): Field<OrNull<T, O>, OrNull<TIn, O>, IsOptional<V, O>> =>
    makeField({ kind: 'scalar', scalar }, zero, versions ?? '0+', options ?? {})
}

export const boolean = scalarField<boolean>('boolean', false)
export const int8 = scalarField<number>('int8', 0)
export const int16 = scalarField<number>('int16', 0)
export const int32 = scalarField<number>('int32', 0)
/** 64 bits on the wire, a safe integer here. */
export const int64 = scalarField<number>('int64', 0)
/** 22 characters of URL-safe base64. */
export const uuid = scalarField<string>('uuid', 'AAAAAAAAAAAAAAAAAAAAAA')
export const string = scalarField<string>('string', '')
/** Decodes to a subarray of the message. */
export const bytes = scalarField<Buffer, Uint8Array>('bytes', Buffer.alloc(0))
/** Record batches; decodes to a subarray of the message. */
export const records = scalarField<Buffer, Uint8Array>('records', Buffer.alloc(0))

type ElementOut<E> = E extends Field<infer Out, unknown> ? Out : E extends Shape ? Decoded<E> : never
type ElementIn<E> = E extends Field<unknown, infer In> ? In : E extends Shape ? Input<E> : never

/** A list of structs (`element` is a shape) or of scalars (`element` is e.g. `int32()`). */
export function array<
  const V extends Versions,
  E extends Shape | Field,
  const O extends Options<readonly never[]> = Record<never, never>,
>(
  versions: V,
  element: E,
  options?: O,
): Field<OrNull<ElementOut<E>[], O>, OrNull<readonly ElementIn<E>[], O>, IsOptional<V, O>> {
  const type: Type = isField(element) ? element.type : { kind: 'struct', shape: element as Shape }
  return makeField({ kind: 'array', element: type }, [], versions, options ?? {})
}

/** A nested struct. */
export function struct<
  const V extends Versions,
  S extends Shape,
  const O extends Options<never> = Record<never, never>,
>(versions: V, shape: S, options?: O): Field<OrNull<Decoded<S>, O>, OrNull<Input<S>, O>, IsOptional<V, O>> {
  return makeField({ kind: 'struct', shape }, undefined, versions, options ?? {})
}

function isField(value: Shape | Field): value is Field {
  return Array.isArray(value.versions)
}

function makeField<Out, In, Optional extends boolean>(
  type: Type,
  zero: unknown,
  versions: Versions,
  options: Options<unknown>,
): Field<Out, In, Optional> {
  return {
    type,
    versions: parseVersions(versions),
    nullable: options.nullable === undefined ? undefined : parseVersions(options.nullable),
    default: options.default === undefined ? zero : options.default,
    tag: options.tag,
    ignorable: options.ignorable ?? false,
  }
}

function parseVersions(text: Versions): Range {
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text)
  if (match === null) {
    throw new MillraceError('PROTOCOL_VALUE_INVALID', `"${text}" in a field table is not a version range.`)
  }
  const first = Number(match[1])
  if (match[2] !== undefined) return [first, Number.POSITIVE_INFINITY]
  return [first, match[3] === undefined ? first : Number(match[3])]
}
