/** Streams and tables to call as JavaScript does: an option of type `never` passes for any. */
import { type KStream, type KTable, StreamsBuilder, string, type Topology } from '../../lib/index.js'

export const text = { key: string, value: string }
export const joiner = (left: string): string => left
export const builder = () => new StreamsBuilder()
export const stream = (b = builder()) => b.stream('in', text) as KStream<string, string>
export const table = (b = builder()): KTable<string, string> => b.table('rows', { ...text, store: { name: 'rows' } })
export const grouped = () => stream().groupByKey()

export function simple(): Topology {
  const b = builder()
  b.stream('in', text).to('out')
  return b.build()
}

export type Row = readonly [what: string, code: string, message: RegExp, make: () => unknown]
