/** The engine is a setting: RocksDB carries an application over restarts, and a change of engine rebuilds its tasks. */
import { readdir } from 'node:fs/promises'
import t from 'tap'
import { int64, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { natives } from '../state/targets.js'
import { asInt64, embedded } from './embedded.js'

function topology() {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .to('out', { key: string, value: int64 })
  return builder.build()
}

t.test('restarts and changes of engine keep the counts', { skip: natives[1]!.skip }, async (t) => {
  const world = await embedded(t, { in: 2, out: 2 })
  const stateDir = t.testdir({})
  const settings = { applicationId: 'app', broker: world.broker, stateDir, cacheMaxBytes: 0 }
  const aside: number[] = []
  let expected = 0
  for (const stateEngine of ['rocksdb', 'rocksdb', 'level', 'level', 'rocksdb'] as const) {
    const streams = new Streams(topology(), { ...settings, stateEngine })
    await streams.start()
    await world.send(['a', 'b', 'c', 'd'].map((key) => ({ topic: 'in', key, value: 'x' })))
    expected++
    const records = await world.until('out', (found) => found.length === 4 * expected, asInt64)
    t.same(records.filter((record) => record.endsWith(`=${expected}`)).length, 4)
    await streams.close()
    const folders = await readdir(`${stateDir}/app`)
    t.same(folders.filter((name) => !name.includes('.')).sort(), ['0_0', '0_1', 'identity-copy', 'process'])
    aside.push(folders.filter((name) => name.includes('state-layout-unsupported')).length)
  }
  t.same(aside, [0, 0, 2, 2, 4], 'what another engine wrote is set aside, and only that')
})

t.test('an engine needs a folder and a name that exists', async (t) => {
  const rows: [object, RegExp][] = [
    [{ stateEngine: 'rocksdb' }, /stateDir is missing, and rocksdb keeps state on disk/],
    [{ stateEngine: 'rocks', stateDir: 'x' }, /stateEngine is rocks: use one of level, rocksdb/],
  ]
  for (const [options, message] of rows) {
    const settings = { applicationId: 'app', brokers: ['localhost:9'], ...options } as never
    t.throws(() => new Streams(topology(), settings), { code: 'CONFIG_INVALID', message })
  }
})
