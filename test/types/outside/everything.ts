/** What a project of somebody else exports with `declaration: true`: the compiler must be able to name all of it. */
import {
  Admin,
  type AsyncHandler,
  bytes,
  type Clock,
  type Connection,
  confluentAvro,
  connect,
  describe,
  diffTopologies,
  embeddedBroker,
  hopping,
  int32,
  int64,
  joinWindow,
  json,
  type KStream,
  type KTable,
  type Partitioner,
  type ProcessorContext,
  type RecordFailure,
  readTopic,
  type Serde,
  type StateEngine,
  type StateEngines,
  Streams,
  StreamsBuilder,
  type StreamsSettings,
  session,
  sessionWindowed,
  sliding,
  stateStore,
  string,
  systemClock,
  TopologyBuilder,
  TransactionalProducer,
  type Transport,
  timeWindowed,
  topic,
  tumbling,
  unlimited,
  untilTimeLimit,
  untilWindowCloses,
  type Windowed,
} from 'millrace'

export interface Click {
  readonly page: string
  readonly user: string
}

// Windows and the keys of windows.
export const windows = {
  tumbling: tumbling({ sizeMs: 5 }),
  hopping: hopping({ sizeMs: 10, advanceMs: 5 }),
  sliding: sliding({ timeDifferenceMs: 5 }),
  session: session({ gapMs: 5 }),
  unlimited: unlimited(),
  join: joinWindow({ beforeMs: 1, afterMs: 1 }),
}
export const windowedKeys = [timeWindowed(string, 5), sessionWindowed(string)] as const
export const limits = [untilWindowCloses(), untilTimeLimit(5)]

// Streams, tables and what lies between them.
export const clickTopic = topic('clicks', { key: string, value: json<Click>() })
export const builder = new StreamsBuilder()
export const source = builder.stream('clicks', { key: string, value: json<Click>() })
export const clicks = source.filterNotNull()
export const fromTopic = builder.stream(topic('others', { key: string, value: json<Click>() }))
export const users = builder.table('users', { key: string, value: string })
export const everyone = builder.globalTable('everyone', { key: string, value: string })
export const grouped = clicks.groupByKey()
export const groupedByPage = clicks.groupBy((_user, { page }) => page)
export const windowed = grouped.windowedBy(windows.tumbling)
export const sessions = grouped.windowedBy(windows.session)
export const slid = grouped.windowedBy(windows.sliding)
export const groupedTable = users.groupBy((user, name) => [name, user])
export const cogrouped = grouped.cogroup((_user, _click, count: number) => count + 1)
export const windowedCogroup = cogrouped.windowedBy(windows.tumbling)
export const sessionCogroup = cogrouped.windowedBy(windows.session)
export const counts = windowed.count()
export const aggregated = grouped.aggregate({
  initializer: () => ({ pages: 0 }),
  adder: (_user, _click, sum) => ({ pages: sum.pages + 1 }),
  store: { value: json<{ pages: number }>() },
})
export const finals = counts.suppress(untilWindowCloses())
export const changes = finals.toStream()
export const split = clicks.split({ name: 'by-' })
export const branches = split
  .branch((_user, { page }) => page === '/', { name: 'home' })
  .defaultBranch({ name: 'rest' })
export const home = branches.get('by-home')
export const joined = clicks.join(users, { joiner: (click, name) => ({ ...click, name }) })
export const paired = clicks.leftJoin(fromTopic, {
  window: windows.join,
  joiner: (left, right) => [left, right] as const,
})
export const byForeignKey = users.join(aggregated, {
  foreignKey: (name) => name,
  joiner: (name, { pages }) => name + pages,
})
export const lengths = clicks.mapValues(({ page }) => page.length)
export const asTable = clicks.toTable({ store: { name: 'latest' } })

// Code for any types.
export const latest = <K, V>(stream: KStream<K, V>) => stream.groupByKey().reduce((_before, value) => value)
export const rows = <K, V>(table: KTable<K, V>) => table.toStream().filterNotNull()
export function named<K>(stream: KStream<K, Click>, name: string) {
  return stream.filter((_key, { page }) => page === name, { name }).mapValues(({ user }) => user)
}
export const windowCounts = <K>(table: KTable<Windowed<K>, number>) => table.toStream(({ key }) => key)
export class Pages<K> {
  readonly #stream: KStream<K, Click>

  constructor(stream: KStream<K, Click>) {
    this.#stream = stream
  }

  get paged() {
    return this.#stream.selectKey((_key, { page }) => page)
  }
}

// Stores and processors.
export const counters = stateStore({ name: 'counters', key: string, value: int64 })
export const ordered = stateStore({ name: 'ordered', key: string, value: int64, ordered: true })
export const perWindow = stateStore({
  name: 'w',
  kind: 'window',
  key: string,
  value: int64,
  windowSizeMs: 5,
  retentionMs: 9,
})
export const versions = stateStore({ name: 'v', kind: 'versioned', key: string, value: int64, retentionMs: 9 })
export const counter = (context: ProcessorContext<string, number>) => {
  const store = context.getStateStore(counters)
  return {
    process({ key, timestamp }: { readonly key: string; readonly timestamp: number }) {
      const count = (store.get(key)?.value ?? 0) + 1
      store.put(key, count, timestamp)
      context.forward({ key, value: count, timestamp })
    },
  }
}
export const processed = clicks.process<string, number>(counter, { stores: [counters] })
export const transformed = users.transformValues<number>(() => ({ transform: (_key, name) => name?.length ?? null }))
export const looked: AsyncHandler<string, Click, string, string> = async ({ key, timestamp, headers }) => [
  { key, value: 'x', timestamp, headers },
]
export const partitioner: Partitioner = () => 0
export const byHand = new TopologyBuilder().addSource({ name: 'in', topics: ['in'], key: string, value: bytes })

// Topologies and what is said of them.
export const topology = builder.build({ optimize: 'all' })
export const description = describe(topology, 'json')
export const differences = diffTopologies(JSON.parse(description), JSON.parse(description))

// Serdes.
export const avroSerde = confluentAvro<Click>
export const upper: Serde<string> = { ...string, name: 'upper' }
export const serdes = { string, int32, int64, click: json<Click>() }

// A state engine, a transport and a clock of one's own.
export class MapEngine implements StateEngine {
  readonly #rows = new Map<string, Buffer>()

  getSync(key: Buffer) {
    return this.#rows.get(key.toString('latin1'))
  }

  async getMany(keys: readonly Buffer[]) {
    return keys.map((key) => this.getSync(key))
  }

  async write(writes: Parameters<StateEngine['write']>[0]) {
    for (const write of writes) {
      if (write.type === 'put') this.#rows.set(write.key.toString('latin1'), write.value)
      else this.#rows.delete(write.key.toString('latin1'))
    }
  }

  async *entries(): AsyncGenerator<readonly [Buffer, Buffer]> {
    for (const [key, value] of this.#rows) yield [Buffer.from(key, 'latin1'), value]
  }

  async clear() {
    this.#rows.clear()
  }

  async close() {}
}
export const engines: StateEngines = {
  open: async () => new MapEngine(),
  setAside: async () => {},
  list: async () => [],
}
export const silent = (transport: Transport): Transport => ({
  send: (address, lane, request) => transport.send(address, lane, request),
  close: () => transport.close(),
})
export const clock: Clock = systemClock

// Instances, their settings, handlers and answers.
export const handlers = {
  onProcessingError: (failure: RecordFailure) => (failure.topic === null ? 'fail' : 'skip') as 'fail' | 'skip',
  onUncaughtError: () => 'replace' as const,
}
export const settings = { applicationId: 'app', stateDir: null } satisfies Partial<StreamsSettings>
export async function running() {
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect({ broker })
  const connection: Connection = broker
  const streams = new Streams(topology, { applicationId: 'app', broker, engines, ...handlers })
  const found = await streams.queries.keyValue<string, number>('counters').get('a')
  const producer = new TransactionalProducer({ cluster, transactionalId: 't' })
  return { broker, cluster, connection, streams, found, producer, admin: new Admin(cluster), health: streams.health() }
}
export async function* read() {
  const { cluster } = await running()
  yield* readTopic({ cluster, topic: 'out', until: 'now' })
}
export type Running = Awaited<ReturnType<typeof running>>
