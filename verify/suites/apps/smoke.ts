/**
 * The application of Kafka Streams' system test StreamsSmokeTest, written on Millrace: echo, windowed minimum, maximum, sum
 * and count, suppressed windows, table joins and a table grouped again. Kafka's own driver feeds and verifies it.
 */
import {
  float64,
  hopping,
  int32,
  int64,
  type KTable,
  StreamsBuilder,
  string,
  tumbling,
  untilWindowCloses,
  type Windowed,
} from '../../../lib/index.js'
import { runApp } from './run-app.js'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const MAX_INT = 2 ** 31 - 1
const MIN_INT = -(2 ** 31)

/** The driver closes all windows with records of this key, which must not come out. */
const isFlush = (key: string) => key === 'flush'

const builder = new StreamsBuilder()
const numbers = { key: string, value: int32 }
const totals = { key: string, value: int64 }

const source = builder.stream('data', numbers)
source.filterNot(isFlush).to('echo', numbers)
const data = source.filter((_key, value) => value === null || value !== MAX_INT)
const grouped = data.groupByKey()

const minimum = grouped.windowedBy(tumbling({ sizeMs: DAY_MS, graceMs: 60 * SECOND_MS })).aggregate({
  initializer: () => MAX_INT,
  adder: (_key, value, least) => Math.min(value!, least),
  store: { name: 'uwin-min', value: int32, retentionMs: 25 * HOUR_MS },
})
writeWindows(minimum, 'min-raw')
writeWindows(minimum.suppress(untilWindowCloses()), 'min-suppressed')
withoutWindow(minimum).to('min', numbers)

const smallWindows = hopping({ sizeMs: 2 * SECOND_MS, advanceMs: SECOND_MS, graceMs: 30 * SECOND_MS })
const smallSums = grouped.windowedBy(smallWindows).reduce((sum, value) => sum + value!)
writeWindows(smallSums, 'sws-raw')
writeWindows(smallSums.suppress(untilWindowCloses()), 'sws-suppressed')

const minTable = builder.table('min', { ...numbers, store: { name: 'minStoreName' } })

const twoDays = grouped.windowedBy(tumbling({ sizeMs: 2 * DAY_MS, graceMs: 0 }))
const maximum = twoDays.aggregate({
  initializer: () => MIN_INT,
  adder: (_key, value, greatest) => Math.max(value!, greatest),
  store: { name: 'uwin-max', value: int32 },
})
withoutWindow(maximum).to('max', numbers)
const maxTable = builder.table('max', { ...numbers, store: { name: 'maxStoreName' } })

const sum = twoDays.aggregate({
  initializer: () => 0,
  adder: (_key, value, total) => total + value!,
  store: { name: 'win-sum', value: int64 },
})
withoutWindow(sum).to('sum', totals)
const sumTable = builder.table('sum', totals)

withoutWindow(twoDays.count({ store: { name: 'uwin-cnt' } })).to('cnt', totals)
const countTable = builder.table('cnt', { ...totals, store: { name: 'cntStoreName' } })

maxTable
  .join(minTable, { joiner: (greatest, least) => greatest - least })
  .toStream()
  .filterNot(isFlush)
  .to('dif', numbers)

sumTable
  .join(countTable, { joiner: (total, count) => total / count })
  .toStream()
  .filterNot(isFlush)
  .to('avg', { key: string, value: float64 })

countTable
  .groupBy((_key, count) => [String(count), 1], totals)
  .aggregate({
    initializer: () => 0,
    adder: (_key, one, keys) => keys + one,
    subtractor: (_key, one, keys) => keys - one,
    store: { name: 'cntByCnt', ...totals, engine: 'memory' },
  })
  .toStream()
  .to('tagg', totals)

/** Under the text that Java gives a windowed key. */
function writeWindows(table: KTable<Windowed<string>, number>, topic: string): void {
  table
    .toStream()
    .filterNot(({ key }) => isFlush(key))
    .selectKey(({ key, window }) => `[${key}@${window.startMs}/${window.endMs}]`)
    .to(topic, numbers)
}

function withoutWindow(table: KTable<Windowed<string>, number>) {
  return table.toStream(({ key }) => key).filterNot(isFlush)
}

await runApp(builder.build(), { applicationId: 'SmokeTest', changelogExtraRetentionMs: 3 * DAY_MS })
