/** A table whose source topic is its changelog: after a lost disk it holds what was processed, not what waits. */
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { json, type Serde, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { embedded } from './embedded.js'
import { until } from './group-rig.js'

const text = { key: string, value: string }

function topology() {
  const builder = new StreamsBuilder()
  const table = builder.table('rows', { ...text, store: { name: 'rows-store' } })
  table.toStream().to('changes')
  // Asks for old values, so that a store that is ahead of its input would show.
  table
    .groupBy((_key, value) => [value, value])
    .count({ store: { name: 'by-value', cached: false } })
    .toStream()
    .mapValues(String)
    .to('counts', text)
  return builder.build({ optimize: ['reuseSourceTopics'] })
}

const row = (key: string, value: string | null) => ({ topic: 'rows', key, value })

async function rowsOf(streams: Streams): Promise<Record<string, string>> {
  const rows: Record<string, string> = {}
  for await (const { key, value } of streams.queries.keyValue<string, string>('rows-store').all()) rows[key] = value
  return rows
}

const lastOf = (lines: readonly string[]) =>
  Object.fromEntries(lines.map((line) => line.split('=') as [string, string]))

t.test('restart and lost disk', async (t) => {
  const world = await embedded(t, { rows: 1, changes: 1, counts: 1 })
  const kept = new MemoryEngines()
  const settings = { applicationId: 'app', broker: world.broker, cacheMaxBytes: 0 }
  const lives: readonly [string, MemoryEngines, readonly ReturnType<typeof row>[], Record<string, string>][] = [
    ['first', kept, [row('a', 'x'), row('b', 'x')], { a: 'x', b: 'x' }],
    ['same disk', kept, [row('a', 'y')], { a: 'y', b: 'x' }],
    ['disk lost', new MemoryEngines(), [row('b', null), row('a', 'x')], { a: 'x' }],
    ['old disk found again', kept, [row('c', 'z')], { a: 'x', c: 'z' }],
  ]
  let changes = 0
  for (const [what, engines, rows, expected] of lives) {
    // Sent before the start: a restore that reads to the end of the topic would take them for processed.
    await world.send(rows)
    changes += rows.length
    const streams = new Streams(topology(), { ...settings, engines })
    await streams.start()
    await world.until('changes', (records) => records.length >= changes)
    // A reader outside sees a transaction before the instance has acted on its outcome; the counts are a hop further.
    const held = () => rowsOf(streams)
    await until(async () => isDeepStrictEqual(await held(), expected))
    t.same(await held(), expected, what)
    const tally = Object.values(expected)
    const counted = async () => {
      const last = lastOf(await world.committed('counts'))
      return ['x', 'y', 'z'].map((value) => Number(last[value] ?? 0))
    }
    const wanted = ['x', 'y', 'z'].map((value) => tally.filter((each) => each === value).length)
    await until(async () => isDeepStrictEqual(await counted(), wanted))
    await streams.close({ leaveGroup: true })
  }
  const last = lastOf(await world.committed('counts'))
  t.same(last, { x: '1', y: '0', z: '1' }, 'old values came from the restored store')
})

/** Reads other keys than were written, and some not at all. */
const odd: Serde<string> = {
  name: 'odd',
  serialize: (value, topic) => string.serialize(value, topic),
  deserialize: (bytes, topic) => {
    const text = string.deserialize(bytes, topic)
    if (text === 'broken') throw new TypeError('no')
    return text.toLowerCase().slice(0, 3)
  },
}

for (const [what, cacheMaxBytes] of [
  ['without a cache', 0],
  ['with a cache', 1_000_000],
] as const) {
  t.test(`a restore gives the rows that were processed: ${what}`, async (t) => {
    const world = await embedded(t, { rows: 1, changes: 1 })
    const number = json<number>((value) => {
      if (typeof value !== 'number') throw new TypeError('no number')
      return value
    })
    const build = () => {
      const builder = new StreamsBuilder()
      const table = builder.table('rows', { key: odd, value: number, store: { name: 'rows-store' } })
      table.toStream().to('changes', { key: string, value: json<number>() })
      return builder.build({ optimize: ['reuseSourceTopics'] })
    }
    const rows = [
      ['ABCDEF', '1'],
      ['abc', '{broken'],
      ['broken', '5'],
      ['B', '"text"'],
      ['C', '3'],
      ['c', null],
      [null, '7'],
      ['D', ' 4.0 '],
    ] as const
    await world.send(rows.map(([key, value]) => ({ topic: 'rows', key, value })))
    const settings = {
      applicationId: 'app',
      broker: world.broker,
      cacheMaxBytes,
      onDeserializationError: 'skip',
    } as const
    const life = async (engines: MemoryEngines) => {
      const streams = new Streams(build(), { ...settings, engines })
      await streams.start()
      await world.until('changes', (records) => records.some((record) => record.startsWith('d=')))
      let found: Record<string, unknown> = {}
      // A reader may see what is committed before the instance has handled the answer.
      await until(async () => {
        found = {}
        for await (const { key, value, timestamp } of streams.queries.keyValue<string, number>('rows-store').all()) {
          found[key] = [value, timestamp]
        }
        return 'd' in found
      })
      await streams.close({ leaveGroup: true })
      return found
    }
    const first = await life(new MemoryEngines())
    t.same(Object.keys(first).sort(), ['abc', 'd'])
    const changes = await world.committed('changes')
    t.same(await life(new MemoryEngines()), first)
    t.same(await world.committed('changes'), changes, 'a restore forwards nothing')
  })
}

t.test('a source with an extractor keeps a changelog of its own', async (t) => {
  const builder = new StreamsBuilder()
  const timestampExtractor = () => 1
  builder.table('plain', { ...text, store: { name: 'one' } })
  builder.table('timed', { ...text, store: { name: 'two' }, timestampExtractor })
  const { stores } = builder.build({ optimize: 'all' })
  t.same(
    stores.map(({ name, changelogTopic }) => [name, changelogTopic]),
    [
      ['one', 'plain'],
      ['two', null],
    ],
  )
})
