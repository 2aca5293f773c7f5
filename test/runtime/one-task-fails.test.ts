/** What concerns one task costs that task, wherever it shows: in a commit that flushes caches, and while the instance closes. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { Streams, StreamsBuilder, string } from '../../lib/index.js'
import { endTxnApi, heartbeatApi, joinGroupApi } from '../../lib/protocol/index.js'
import { int64 } from '../../lib/serde/primitive.js'
import type { StateEngines } from '../../lib/state/engine/engine.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import type { Processor, ProcessorContext } from '../../lib/topology/processor.js'
import { asInt64, embedded } from './embedded.js'
import { counting, Gate, heldTransport, started, text, until } from './group-rig.js'

/** Memory engines that count what is open, and that are damaged where and when the test says. */
function hurtEngines(hurt: (taskId: string) => boolean) {
  const memory = new MemoryEngines()
  const open: string[] = []
  const setAside: string[] = []
  const engines: StateEngines = {
    async open(id) {
      const engine = await memory.open(id)
      open.push(id)
      const { close, getSync } = engine
      return Object.assign(engine, {
        getSync(key: Buffer) {
          if (hurt(id)) throw new MillraceError('STATE_DAMAGED', `the state of task ${id} is damaged`, { taskId: id })
          return getSync.call(engine, key)
        },
        async close() {
          open.splice(open.indexOf(id), 1)
          await close.call(engine)
        },
      })
    },
    list: () => memory.list(),
    setAside(id, reason) {
      setAside.push(id)
      return memory.setAside(id, reason)
    },
  }
  return { engines, open, setAside }
}

t.test('damage that a commit meets as it flushes a cache', async (t) => {
  const world = await embedded(t, { in: 2, out: 2 })
  let reading = false
  let hurts = 0
  const { engines, setAside } = hurtEngines((taskId) => taskId === '0_1' && reading && hurts-- > 0)
  const builder = new StreamsBuilder()
  builder.addStateStore<string, number>({ name: 'seen', key: string, value: int64 })
  builder
    .stream('in', text)
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .process<string, number>(
      () => {
        let context: ProcessorContext<string, number>
        return {
          init(given: ProcessorContext<string, number>) {
            context = given
          },
          process(record) {
            const seen = context.getStateStore<KeyValueStore<string, number>>('seen')
            reading = true
            try {
              seen.get(`${record.key}${record.value}`)
            } finally {
              reading = false
            }
            seen.put(record.key, record.value, record.timestamp)
            context.forward(record)
          },
        }
      },
      { stores: ['seen'] },
    )
    .to('out', { key: string, value: int64 })
  const streams = await started(t, builder.build(), { applicationId: 'app', broker: world.broker, engines })
  const feed = () =>
    world.send([0, 1].map((partition) => ({ topic: 'in', partition, key: `k${partition}`, value: 'v' })))
  await feed()
  await world.until('out', (rows) => rows.length >= 2, asInt64)
  hurts = 1
  await feed()
  const rows = await world.until('out', (all) => all.length >= 4, asInt64)
  t.same([...rows].sort(), ['k0=1', 'k0=2', 'k1=1', 'k1=2'])
  t.same(setAside, ['0_1'], 'and no other')
  t.equal(streams.state, 'running')
})

t.test('a record behind a handler that wants to be tried again while the instance closes', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const gate = new Gate()
  let failing = true
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .mapValuesAsync(async (value) => {
      await gate.pass()
      return value
    })
    .mapValues((value) => {
      if (failing) throw new Error('not yet')
      return value
    })
    .to('out', text)
  const settings = { applicationId: 'app', broker: world.broker, onProcessingError: () => 'retry' as const }
  const streams = new Streams(builder.build(), settings)
  await streams.start()
  gate.shut()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await until(() => gate.waiting === 1)
  const closing = streams.close({ leaveGroup: true })
  gate.release()
  await closing
  t.equal(streams.state, 'closed')
  failing = false
  await started(t, builder.build(), settings)
  t.same(await world.until('out', (rows) => rows.length > 0), ['k=v'], 'by the next instance')
})

t.test('user code that does not begin: no store of any task stays open', async (t) => {
  const world = await embedded(t, { in: 3, out: 1 })
  const { engines, open } = hurtEngines(() => false)
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .process((): Processor<string, number> => {
      throw new Error('no')
    })
  const streams = new Streams(builder.build(), { applicationId: 'app', broker: world.broker, engines })
  await t.rejects(streams.start())
  t.same(open, [])
})

t.test('a listener that closes the instance as the commit before a join is through', async (t) => {
  const world = await embedded(t, { in: 2, out: 2 })
  const base = { applicationId: 'app', broker: world.broker, heartbeatIntervalMs: 20, cacheMaxBytes: 0 }
  const endTxn = new Gate()
  let heartbeats = 0
  const transport = heldTransport(world.broker, {
    async after({ apiKey }) {
      if (apiKey === endTxnApi.key) await endTxn.pass()
      if (apiKey === heartbeatApi.key) heartbeats++
    },
  })
  const streams = new Streams(counting(), { ...base, transport })
  let closing: Promise<unknown> | null = null
  streams.onCommitted('out', () => {
    closing ??= streams.close({ leaveGroup: true })
  })
  await streams.start()
  endTxn.shut()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await until(() => endTxn.waiting === 1)
  let joining = false
  const other = heldTransport(world.broker, {
    async before({ apiKey }) {
      if (apiKey === joinGroupApi.key) joining = true
    },
  })
  const second = new Streams(counting(), { ...base, transport: other })
  t.teardown(() => second.close({ leaveGroup: true }))
  const starting = second.start()
  await until(() => joining)
  const told = heartbeats + 3
  await until(() => heartbeats >= told)
  endTxn.release()
  await until(() => closing !== null)
  t.same(await closing, { uncommitted: [] })
  t.equal(streams.state, 'closed')
  await starting
})
