/** Asynchronous operators: what compiles, and what must not. Compiled by `types.test.ts`, never run. */
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int32, string } from '../../lib/serde/primitive.js'

const names = new StreamsBuilder().stream('names', { key: string, value: string }).filterNotNull()

names.mapValuesAsync(async (name) => name.toUpperCase()).to('out')
const sizes = names.mapValuesAsync(async (name: string, _key: string, { signal }) => (signal.aborted ? 0 : name.length))
sizes.to('out', { value: int32 })
// @ts-expect-error: no serde for the new value
sizes.to('out')
// The key may have changed, its type has not.
names
  .mapAsync(async (key, value) => [value, key])
  .groupByKey()
  .count()
// @ts-expect-error: no serde for the new key
names.mapAsync(async (_key, value) => [value.length, value]).groupByKey()
// @ts-expect-error: the handler must answer a promise
names.mapValuesAsync((name) => name)
// @ts-expect-error: an order there is not
names.mapValuesAsync(async (name) => name, { order: 'none' })
// @ts-expect-error: no serde for the new value
names.processAsync(async (record) => [{ ...record, value: record.value.length }]).to('out')
