/**
 * The application of Kafka Streams' system test StreamsEosTest, written on Millrace: echo, minimum and sum per key; with
 * `--complex` also maximum and count behind a topic written and read by the application. Every update comes out, as
 * Kafka's own verifier compares each of them with the input.
 */
import { int32, int64, StreamsBuilder, string } from '../../../lib/index.js'
import { runApp } from './run-app.js'

const MAX_INT = 2 ** 31 - 1
const MIN_INT = -(2 ** 31)

const complex = process.argv.includes('--complex')
if (complex) process.argv.splice(process.argv.indexOf('--complex'), 1)

const builder = new StreamsBuilder()
const numbers = { key: string, value: int32 }
const totals = { key: string, value: int64 }

const data = builder.stream('data', numbers)
data.to('echo', numbers)
const grouped = data.groupByKey()
grouped
  .aggregate({
    initializer: () => MAX_INT,
    adder: (_key, value, least) => Math.min(value, least),
    store: { value: int32 },
  })
  .toStream()
  .to('min', numbers)
grouped
  .aggregate({ initializer: () => 0, adder: (_key, value, total) => total + value, store: { value: int64 } })
  .toStream()
  .to('sum', totals)

if (complex) {
  data.to('repartition', numbers)
  const again = builder.stream('repartition', numbers).groupByKey()
  again
    .aggregate({
      initializer: () => MIN_INT,
      adder: (_key, value, greatest) => Math.max(value, greatest),
      store: { value: int32 },
    })
    .toStream()
    .to('max', numbers)
  again.count().toStream().to('cnt', totals)
}

// The long commit interval is the test's own: a killed instance then has an open transaction.
await runApp(builder.build(), {
  applicationId: 'EosTest',
  cacheMaxBytes: 0,
  commitIntervalMs: 5_000,
  commitLatencyMs: 5_000,
})
