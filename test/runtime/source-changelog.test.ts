/** A table whose source topic is its changelog: after a lost disk it holds what was processed, not what waits. */
import t from 'tap'
import { Streams, StreamsBuilder, string } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { embedded } from './embedded.js'

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
    const found: Record<string, string> = {}
    for await (const { key, value } of streams.queries.keyValue<string, string>('rows-store').all()) found[key] = value
    t.same(found, expected, what)
    await streams.close({ leaveGroup: true })
  }
  const counts = await world.committed('counts')
  const last = Object.fromEntries(counts.map((line) => line.split('=') as [string, string]))
  t.same(last, { x: '1', y: '0', z: '1' }, 'old values came from the restored store')
})
