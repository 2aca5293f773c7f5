/**
 * Goal: a task handed over twice while its first owner is paused with an open transaction ends with exactly the state
 * its changelog says. Method: the first owner's transport freezes at EndTxn, so records, changelog and offsets of the
 * transaction are with the broker and open; two successors take the task over one after the other inside the
 * transaction's timeout; then the first owner wakes up and tries to finish.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Admin,
  type ConnectionOptions,
  connect,
  int64,
  isMillraceError,
  readAll,
  Streams,
  StreamsBuilder,
  string,
  TransactionalProducer,
  type Transport,
} from '../../lib/index.js'
import { endTxnApi } from '../../lib/protocol/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'

export interface TakeOverResult {
  /** Key → last count on the output topic, read committed. */
  readonly counts: ReadonlyMap<string, number>
  /** Key → how often it was sent. */
  readonly expected: ReadonlyMap<string, number>
  /** Every count of a key was one more than the one before. */
  readonly ordered: boolean
  /** Key → value by the store of the last owner, and by replaying the changelog. */
  readonly store: ReadonlyMap<string, number>
  readonly changelog: ReadonlyMap<string, number>
}

/** Lets everything through until told to freeze; from the next EndTxn on nothing leaves or arrives until it thaws. */
class FreezingTransport implements Transport {
  readonly #inner: Transport
  #armed = false
  #thawed: Promise<void> = Promise.resolve()
  #thaw: () => void = () => undefined
  frozen: Promise<void> = Promise.resolve()
  #atFrozen: () => void = () => undefined

  constructor(inner: Transport) {
    this.#inner = inner
  }

  freezeAtCommit(): void {
    this.#armed = true
    this.frozen = new Promise((resolve) => {
      this.#atFrozen = resolve
    })
  }

  thaw(): void {
    this.#thaw()
  }

  send: Transport['send'] = async (address, lane, request) => {
    if (this.#armed && request.apiKey === endTxnApi.key) {
      this.#armed = false
      this.#thawed = new Promise((resolve) => {
        this.#thaw = resolve
      })
      this.#atFrozen()
    }
    await this.#thawed
    const response = await this.#inner.send(address, lane, request)
    await this.#thawed
    return response
  }

  close(): Promise<void> {
    this.thaw()
    return this.#inner.close()
  }
}

const TRANSACTION_TIMEOUT_MS = 6_000

export async function takeOverTwice(
  connection: ConnectionOptions,
  transport: () => Transport,
  id: string,
): Promise<TakeOverResult> {
  const cluster = connect(connection)
  await new Admin(cluster).createTopics([
    { name: `${id}-in`, partitions: 2 },
    { name: `${id}-out`, partitions: 2 },
  ])
  const builder = new StreamsBuilder()
  builder
    .stream(`${id}-in`, { key: string, value: string })
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .to(`${id}-out`, { key: string, value: int64 })
  const topology = builder.build()
  const instance = (makeTransport?: () => Transport) =>
    new Streams(topology, {
      applicationId: id,
      ...connection,
      ...(makeTransport === undefined ? {} : { transport: makeTransport }),
      engines: new MemoryEngines(),
      cacheMaxBytes: 0,
      sessionTimeoutMs: 1_500,
      heartbeatIntervalMs: 200,
      transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
    })

  const feed = await feeder(connection, id)
  const freezing = new FreezingTransport(transport())
  const first = instance(() => freezing)
  await first.start()
  await feed.send(200)
  await sleep(300)
  freezing.freezeAtCommit()
  await feed.send(100)
  await freezing.frozen

  const second = instance()
  const secondStarted = second.start()
  await sleep(2_000)
  const third = instance()
  const thirdStarted = third.start()
  await sleep(500)
  // The second was waiting for the open transaction, or had just got through: either way it gives its tasks away now.
  await Promise.race([secondStarted, sleep(TRANSACTION_TIMEOUT_MS)])
  await second.close({ leaveGroup: true })
  await thirdStarted
  await feed.send(100)
  freezing.thaw()
  await feed.send(100)

  const expected = feed.sent
  const total = [...expected.values()].reduce((sum, count) => sum + count, 0)
  const counts = new Map<string, number>()
  let ordered = true
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(50)) {
    counts.clear()
    ordered = true
    for (const { key, value } of await readAll({ cluster, topic: `${id}-out` })) {
      const count = Number(value!.readBigInt64BE())
      ordered &&= count === (counts.get(String(key)) ?? 0) + 1
      counts.set(String(key), count)
    }
    if ([...counts.values()].reduce((sum, count) => sum + count, 0) >= total) break
  }
  const changelog = new Map<string, number>()
  for (const { key, value } of await readAll({ cluster, topic: `${id}-counts-changelog` })) {
    changelog.set(String(key), Number(value!.readBigInt64BE()))
  }
  // A reader sees what is committed a moment before the instance hears that it is, or that its tasks are elsewhere.
  const store = new Map<string, number>()
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    store.clear()
    try {
      for (const streams of [first, third]) {
        for await (const entry of streams.queries.keyValue<string, number>('counts').all())
          store.set(entry.key, entry.value)
      }
    } catch (error) {
      if (!isMillraceError(error, 'QUERY_STORE_NOT_READY')) throw error
    }
    if (Date.now() > deadline || [...changelog].every(([key, count]) => store.get(key) === count)) break
  }
  await Promise.all([first.close({ leaveGroup: true }), third.close({ leaveGroup: true }), feed.close()])
  await cluster.close()
  return { counts, expected, ordered, store, changelog }
}

async function feeder(connection: ConnectionOptions, id: string) {
  const cluster = connect(connection)
  const producer = new TransactionalProducer({ cluster, transactionalId: `${id}-feed` })
  await producer.init()
  const sent = new Map<string, number>()
  let n = 0
  return {
    sent,
    async send(records: number): Promise<void> {
      producer.begin()
      for (let i = 0; i < records; i++, n++) {
        const key = `k${n % 17}`
        sent.set(key, (sent.get(key) ?? 0) + 1)
        await producer.append({ topic: `${id}-in`, key: Buffer.from(key), value: Buffer.from('v') })
      }
      await producer.commit()
    },
    close: () => cluster.close(),
  }
}
