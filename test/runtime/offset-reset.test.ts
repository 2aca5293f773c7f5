/** Where a partition begins that the group has no offset of. */
import t from 'tap'
import { resolveConfig } from '../../lib/config.js'
import { type OffsetReset, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { embedded } from './embedded.js'

const text = { key: string, value: string }

/** Age of each record when the application starts, about; far enough apart for a slow machine. */
const AGES_MS = { ancient: 3_600_000_000, old: 7_200_000, recent: 1_800_000 }
const HOUR_MS = 3_600_000

const ROWS: readonly (readonly [source: OffsetReset | undefined, application: OffsetReset, expected: string[]])[] = [
  [undefined, 'earliest', ['ancient', 'old', 'recent']],
  [undefined, 'latest', []],
  ['earliest', 'latest', ['ancient', 'old', 'recent']],
  [undefined, { byDurationMs: HOUR_MS }, ['recent']],
  [undefined, { byDurationMs: 3 * HOUR_MS }, ['old', 'recent']],
  [{ byDurationMs: 3 * HOUR_MS }, 'latest', ['old', 'recent']],
  [{ byDurationMs: HOUR_MS }, { byDurationMs: 3 * HOUR_MS }, ['recent']],
  ['latest', { byDurationMs: HOUR_MS }, []],
  // Nothing is that young: at the end.
  [{ byDurationMs: 1_000 }, 'earliest', []],
  [{ byDurationMs: 0 }, 'earliest', []],
  // Before the epoch counts as the epoch.
  [{ byDurationMs: Number.MAX_SAFE_INTEGER }, 'latest', ['ancient', 'old', 'recent']],
]

for (const [source, application, expected] of ROWS) {
  t.test(`source ${JSON.stringify(source)}, application ${JSON.stringify(application)}`, async (t) => {
    const world = await embedded(t, { in: 1, empty: 1, out: 1 })
    const now = Date.now()
    const aged = Object.entries(AGES_MS).map(([value, age]) => ({ key: 'k', value, timestamp: now - age }))
    await world.send(aged.map((line) => ({ topic: 'in', ...line })))
    const builder = new StreamsBuilder()
    builder.stream('in', { ...text, ...(source !== undefined && { offsetReset: source }) }).to('out')
    builder.stream('empty', { ...text, offsetReset: { byDurationMs: HOUR_MS } }).to('out')
    const settings = { applicationId: 'app', broker: world.broker, offsetReset: application }
    const streams = new Streams(builder.build(), settings)
    await streams.start()
    await world.send([{ topic: 'in', key: 'k', value: 'new' }])
    const out = await world.until('out', (records) => records.includes('k=new'))
    t.same(
      out,
      [...expected, 'new'].map((value) => `k=${value}`),
    )
    await streams.close({ leaveGroup: true })
  })
}

/** A process that dies after its first commit leaves records in a topic of its own that nobody has an offset of. */
for (const offsetReset of ['latest', 'none', { byDurationMs: 0 }] as const) {
  t.test(
    `an internal topic begins at its start, whatever offsetReset says: ${JSON.stringify(offsetReset)}`,
    async (t) => {
      const world = await embedded(t, { in: 1, out: 1 })
      await world.admin.createTopics([{ name: 'app-hop-repartition', partitions: 1 }])
      const old = Date.now() - HOUR_MS
      await world.send(['x', 'y'].map((value) => ({ topic: 'app-hop-repartition', key: value, value, timestamp: old })))
      const builder = new StreamsBuilder()
      builder
        .stream('in', { ...text, offsetReset: 'earliest' })
        .repartition({ name: 'hop', ...text })
        .to('out', text)
      const streams = new Streams(builder.build(), { applicationId: 'app', broker: world.broker, offsetReset })
      await streams.start()
      await world.send([{ topic: 'in', key: 'z', value: 'z' }])
      t.same(await world.until('out', ({ length }) => length >= 3), ['x=x', 'y=y', 'z=z'])
      await streams.close({ leaveGroup: true })
    },
  )
}

t.test('what cannot be', async (t) => {
  for (const wrong of [{ byDurationMs: -1 }, { byDurationMs: 1.5 }, {}, 'first', null]) {
    const offsetReset = wrong as OffsetReset
    if (wrong !== null) {
      const builder = new StreamsBuilder()
      builder.stream('in', { ...text, name: 'here', offsetReset }).to('out')
      t.throws(() => builder.build(), { code: 'CONFIG_INVALID', message: /offsetReset of source here/ })
    }
    t.throws(() => resolveConfig({ applicationId: 'a', offsetReset }), {
      code: 'CONFIG_INVALID',
      message: /offsetReset/,
    })
  }
  const builder = new StreamsBuilder()
  builder.stream('in', { ...text, offsetReset: { byDurationMs: 1 } })
  t.doesNotThrow(() => builder.stream('in', { ...text, offsetReset: { byDurationMs: 1 } }))
  t.throws(() => builder.stream('in', { ...text, offsetReset: { byDurationMs: 2 } }), {
    code: 'TOPOLOGY_SOURCE_CONFLICT',
    message: /the last 1 ms and the last 2 ms/,
  })
})
