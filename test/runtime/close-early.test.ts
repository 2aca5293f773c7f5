/** A close at any moment of a start: it does not wait for brokers, and it leaves nothing behind. */
import t from 'tap'
import {
  type ProcessorContext,
  type StreamRecord,
  Streams,
  StreamsBuilder,
  string,
  type Topology,
  TopologyBuilder,
} from '../../lib/index.js'
import * as api from '../../lib/protocol/index.js'
import { type Clock, systemClock } from '../../lib/record/clock.js'
import { SchemaPending, type Serde } from '../../lib/serde/serde.js'
import type { StateEngines } from '../../lib/state/engine/engine.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import { embedded } from './embedded.js'
import { counting, Gate, heldTransport, text, until } from './group-rig.js'

/** Knows its timers that are neither fired nor cancelled. */
function watchedClock() {
  const timers = new Set<object>()
  const clock: Clock = {
    ...systemClock,
    setTimer(delayMs, fire) {
      const timer = {}
      timers.add(timer)
      const cancel = systemClock.setTimer(delayMs, () => {
        timers.delete(timer)
        fire()
      })
      return () => {
        timers.delete(timer)
        cancel()
      }
    },
  }
  return { clock, timers }
}

/** Memory engines that wait at the gate of their name, before they are open. */
function heldEngines(gate: Gate, held: (name: string) => boolean) {
  const memory = new MemoryEngines()
  const open = new Set<string>()
  const engines: StateEngines = {
    async open(name) {
      const engine = await memory.open(name)
      open.add(name)
      if (held(name)) await gate.pass()
      const close = engine.close.bind(engine)
      return Object.assign(engine, {
        async close() {
          open.delete(name)
          await close()
        },
      })
    },
    list: () => memory.list(),
    setAside: (name, reason) => memory.setAside(name, reason),
  }
  return { engines, open }
}

/** Reads everything but values that nobody has the schema of. */
function pending(gate: Gate): Serde<string> {
  return {
    ...string,
    deserialize(bytes, topic) {
      const value = string.deserialize(bytes, topic)
      if (value !== 'unknown') return value
      throw new SchemaPending(gate.pass())
    },
  }
}

function withGlobalTable(rows: Serde<string> = string): Topology {
  const builder = new StreamsBuilder()
  const table = builder.globalTable('rows', { key: string, value: rows, store: { name: 'rows-store' } })
  builder
    .stream('in', text)
    .join(table, { keySelector: (_key, value) => value, joiner: (_value, row) => row })
    .to('out')
  return builder.build()
}

/** A store that is restored through its processor. */
function throughProcessor(value: Serde<string>): Topology {
  const fill = () => {
    let rows: KeyValueStore<string, string>
    return {
      init(context: ProcessorContext<never, never>) {
        rows = context.getStateStore('filled')
      },
      process: (record: StreamRecord<string, string>) => rows.put(record.key, record.value, record.timestamp),
    }
  }
  return new TopologyBuilder()
    .addReadOnlyStateStore({
      store: { name: 'filled', ...text },
      sourceName: 'rows-source',
      topic: 'rows',
      processorName: 'fill',
      supplier: fill,
      key: string,
      value,
    })
    .build()
}

interface Row {
  readonly what: string
  /** Who waits at the gate when the close comes: the disk, a broker, or a schema. */
  readonly engine?: string
  readonly apiKey?: number
  readonly topology?: (schemas: Gate) => Topology
  /** The store was filled by an earlier instance. */
  readonly restores?: boolean
  /** It is not before its tasks are given that it waits: the close first waits for a while too. */
  readonly joined?: boolean
}

const ROWS: readonly Row[] = [
  { what: 'the identity is being opened', engine: 'process' },
  { what: 'the copy of the identity is being opened', engine: 'identity-copy' },
  { what: 'topics are asked for', apiKey: api.metadataApi.key },
  { what: 'internal topics are made', apiKey: api.createTopicsApi.key },
  { what: 'the producer is initialised', apiKey: api.initProducerIdApi.key },
  { what: 'the end of a global store is asked for', apiKey: api.listOffsetsApi.key, topology: () => withGlobalTable() },
  { what: 'a global store is read', apiKey: api.fetchApi.key, topology: () => withGlobalTable() },
  { what: 'a record of a global store waits for its schema', topology: (gate) => withGlobalTable(pending(gate)) },
  { what: 'the group is joined', apiKey: api.joinGroupApi.key, joined: true },
  { what: 'the group agrees', apiKey: api.syncGroupApi.key, joined: true },
  { what: 'committed offsets are read', apiKey: api.offsetFetchApi.key, joined: true },
  { what: 'the state of one of many tasks is being opened', engine: '0_1', joined: true },
  { what: 'the end of a changelog is asked for', apiKey: api.listOffsetsApi.key, joined: true, restores: true },
  { what: 'a changelog is read', apiKey: api.fetchApi.key, joined: true, restores: true },
  {
    what: 'a record that is restored waits for its schema',
    topology: (gate) => throughProcessor(pending(gate)),
    joined: true,
    restores: true,
  },
]

for (const { what, engine, apiKey, topology = () => counting(), restores = false, joined = false } of ROWS) {
  t.test(`while ${what}`, async (t) => {
    const world = await embedded(t, { in: 3, rows: 1, out: 1 })
    const gate = new Gate()
    const schemas = new Gate()
    if (restores) {
      const earlier = new Streams(topology(schemas), { applicationId: 'app', broker: world.broker })
      await earlier.start()
      await world.send([
        ...['a', 'b', 'c'].map((key) => ({ topic: 'in', key, value: 'v' })),
        { topic: 'rows', key: 'k', value: 'unknown' },
      ])
      const sources = ['in', 'rows'].flatMap((topic) => [0, 1, 2].map((partition) => ({ topic, partition })))
      await until(() => sources.some(({ topic, partition }) => (earlier.committedOffset(topic, partition) ?? 0) > 0))
      await earlier.close({ leaveGroup: true })
    } else await world.send([{ topic: 'rows', key: 'k', value: 'unknown' }])
    const { clock, timers } = watchedClock()
    const held = heldEngines(gate, (name) => name === engine)
    const transport = heldTransport(world.broker, {
      before: async (request) => {
        if (request.apiKey === apiKey) await gate.pass()
      },
    })
    const { engines } = held
    const base = { applicationId: 'app', broker: world.broker, transport, engines, clock }
    const streams = new Streams(topology(schemas), base)
    gate.shut()
    schemas.shut()
    const starting = streams.start().catch((error) => t.fail(String(error)))
    t.ok(await until(() => gate.waiting + schemas.waiting > 0), 'it waits')
    const beganMs = performance.now()
    const closing = streams.close({ timeoutMs: joined ? 1_000 : 20_000 })
    // What a disk has begun cannot be called off.
    if (engine !== undefined) gate.release()
    t.same(await closing, { uncommitted: [] })
    t.ok(performance.now() - beganMs < 5_000, 'brokers and registries that never answer are not waited for')
    await streams.finished
    await starting
    t.equal(streams.state, 'closed')
    t.equal(timers.size, 0, 'no timer is left')
    t.same([...held.open], [], 'no store is left open')
    if (engine === '0_1') t.same(await engines.list(), ['0_0', '0_1', 'identity-copy', 'process'], 'no more was opened')
    gate.release()
    schemas.release()
  })
}
