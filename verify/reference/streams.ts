/** Stateless operators on streams, naively. */
import type { CaseNode, Scalar } from '../cases/case.js'
import { keySelectorOf, pairMapperOf, predicateOf, valueMapperOf } from '../cases/functions.js'
import { ReferenceNode } from './node.js'
import { type Row, row } from './row.js'

type Step = (row: Row) => Row | null

/** Null: the operator is not one of these. */
export function streamStep(spec: CaseNode, input: ReferenceNode): ReferenceNode | null {
  const step = stepOf(spec)
  if (step === null) return null
  const node = new ReferenceNode(spec)
  node.rekeyed = input.rekeyed || spec.op === 'map' || spec.op === 'selectKey'
  input.to((from) => {
    const to = step(from)
    if (to !== null) node.forward(to)
  })
  return node
}

/** User code of a case takes what Java hands it, nulls included. */
function stepOf(spec: CaseNode): Step | null {
  switch (spec.op) {
    case 'filter':
    case 'filterNot': {
      const predicate = predicateOf(spec.predicate)
      const wanted = spec.op === 'filter'
      return (from) => (predicate(from.key as Scalar, from.value as Scalar) === wanted ? from : null)
    }
    case 'mapValues': {
      const map = valueMapperOf(spec.mapper)
      return (from) => row(from.key, map(from.value as Scalar), from.ts)
    }
    case 'map': {
      const map = pairMapperOf(spec.mapper)
      return (from) => {
        const [key, value] = map(from.key as Scalar, from.value as Scalar) ?? [null, null]
        return row(key, value, from.ts)
      }
    }
    case 'selectKey': {
      const select = keySelectorOf(spec.mapper)
      return (from) => row(select(from.key as Scalar, from.value as Scalar), from.value, from.ts)
    }
    default:
      return null
  }
}
