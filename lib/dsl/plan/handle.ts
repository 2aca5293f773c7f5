/** What the DSL's classes know about their stream or table. Not part of the public interface. */
import { MillraceError } from '../../errors.js'
import { checked } from '../../serde/checked.js'
import type { Serde } from '../../serde/serde.js'
import type { Graph, GraphNode } from './graph.js'
import type { TableOrigin } from './table-origin.js'

interface Handle {
  readonly graph: Graph
  readonly node: GraphNode
  /** The operator's name, from which generated repartition topics take theirs. */
  readonly name: string
  readonly key: Serde<unknown> | null
  readonly value: Serde<unknown> | null
  /** Names of the sources its records come from, back to the last repartition: their topics decide co-partitioning. */
  readonly sources: ReadonlySet<string>
}

export interface StreamHandle extends Handle {
  /** The key may have changed, so records may be in the wrong partition: grouping and joining must repartition. */
  readonly rekeyed: boolean
  /** Remembers the repartition a join made, so that further joins of the same stream share it. */
  readonly shared: { repartition: GraphNode | null }
}

export interface TableHandle extends Handle {
  readonly origin: TableOrigin
}

/** Every operator can be named; the name appears in `describe`, metrics and errors. */
export interface Named {
  readonly name?: string
}

export function streamHandle(fields: Omit<StreamHandle, 'shared'>): StreamHandle {
  return { ...fields, shared: { repartition: null } }
}

/** @throws MillraceError TOPOLOGY_INPUT_INVALID where they belong to different builders, or one is nothing at all */
export function sameBuilder<H extends Handle>(left: Handle, right: H | undefined, what: string): asserts right is H {
  if (right !== undefined && left.graph === right.graph) return
  const why = right === undefined ? 'a value that is not a stream or table' : `${right.name} of another builder`
  throw new MillraceError('TOPOLOGY_INPUT_INVALID', `${what}: ${left.name} cannot be combined with ${why}`, {
    node: left.name,
  })
}

/** Records that both sides' partition counts must be equal; returns the sources of both. */
export function copartition(left: Handle, right: Handle): ReadonlySet<string> {
  sameBuilder(left, right, 'join')
  const sources = new Set([...left.sources, ...right.sources])
  left.graph.copartition(sources)
  return sources
}

export type AnySerde = Serde<unknown>

/** Serdes are kept untyped inside; the classes' type parameters say what they write. */
export function untyped<T>(serde: Serde<T> | null | undefined): AnySerde | null {
  return checked((serde ?? null) as AnySerde | null)
}
