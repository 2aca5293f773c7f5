/** The types of the nodes of a case. */
import {
  type CogroupedStream,
  SessionWindowedCogroupedStream,
  WindowedCogroupedStream,
} from '../../lib/dsl/cogrouped-stream.js'
import type { GlobalKTable } from '../../lib/dsl/global-table.js'
import type { GroupedStream } from '../../lib/dsl/grouped-stream.js'
import type { GroupedTable } from '../../lib/dsl/grouped-table.js'
import { SessionWindowedStream } from '../../lib/dsl/session-windowed-stream.js'
import { KStream } from '../../lib/dsl/stream.js'
import { KTable } from '../../lib/dsl/table.js'
import { WindowedStream } from '../../lib/dsl/windowed-stream.js'
import type { Scalar } from './case.js'

export type Stream = KStream<Scalar, Scalar>
export type Table = KTable<Scalar, Scalar>
export type Handle =
  | Stream
  | Table
  | GlobalKTable<Scalar, Scalar>
  | GroupedStream<Scalar, Scalar>
  | GroupedTable<Scalar, Scalar>
  | WindowedStream<Scalar, Scalar>
  | SessionWindowedStream<Scalar, Scalar>
  | CogroupedStream<Scalar, Scalar>
  | WindowedCogroupedStream<Scalar, Scalar>
  | SessionWindowedCogroupedStream<Scalar, Scalar>

export function isWindowed(input: Handle | undefined): boolean {
  return (
    input instanceof WindowedStream ||
    input instanceof SessionWindowedStream ||
    input instanceof WindowedCogroupedStream ||
    input instanceof SessionWindowedCogroupedStream
  )
}

/** A windowed table among the others: cases do not tell them apart by type. */
export function plain(table: unknown): Table {
  return table as Table
}

export function named(name: string | undefined): { readonly name?: string } {
  return name === undefined ? {} : { name }
}

export function asStream(input: Handle | undefined): Stream {
  if (input instanceof KStream) return input
  throw wrongInput('a stream', input)
}

export function asTable(input: Handle | undefined): Table {
  if (input instanceof KTable) return input
  throw wrongInput('a table', input)
}

export function wrongInput(wanted: string, input: Handle | undefined): Error {
  return new Error(`the case needs ${wanted} where it has ${input?.constructor.name ?? 'nothing'}`)
}
