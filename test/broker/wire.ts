/** Talks to a broker in the process, one request at a time, under a clock the test turns by hand. */
export { valuesOf } from '../../verify/differential/broker-script.js'

import {
  type Broker,
  type BrokerConnection,
  type BrokerOptions,
  createBroker,
  MemoryStorage,
} from '../../lib/broker/index.js'
import {
  type Api,
  BatchBuilder,
  type BatchOptions,
  decodeResponse,
  decodeResponseHeader,
  encodeRequest,
  encodeRequestHeader,
  fetchApi,
  initProducerIdApi,
  produceApi,
  type RequestInput,
  type ResponseOf,
} from '../../lib/protocol/index.js'
import type { Cancel, Clock } from '../../lib/record/clock.js'
import { seededRandom } from '../../lib/record/random.js'

/** Time stands still until it is advanced; timers fire in order. */
export class TestClock implements Clock {
  nowMs = 1_700_000_000_000
  #timers: { atMs: number; fire: () => void }[] = []

  now(): number {
    return this.nowMs
  }

  monotonicMs(): number {
    return this.nowMs
  }

  setTimer(delayMs: number, fire: () => void): Cancel {
    const timer = { atMs: this.nowMs + delayMs, fire }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  nextTurn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  get pendingTimers(): number {
    return this.#timers.length
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms
    for (;;) {
      const due = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.nowMs = Math.max(this.nowMs, due.atMs)
      this.#timers.splice(this.#timers.indexOf(due), 1)
      due.fire()
      await this.nextTurn()
    }
    this.nowMs = untilMs
  }
}

export interface Wire {
  readonly broker: Broker
  readonly clock: TestClock
  readonly connection: BrokerConnection
  /** Sends a request on the connection of this wire, or on `over`. */
  ask<A extends Api>(api: A, version: number, body: RequestInput<A>, over?: BrokerConnection): Promise<ResponseOf<A>>
}

export async function wire(options: Partial<BrokerOptions> = {}, clock = new TestClock()): Promise<Wire> {
  const broker = await createBroker({ clock, random: seededRandom(1), storage: new MemoryStorage(), ...options })
  const connection = broker.connection()
  let sent = 0
  return {
    broker,
    clock,
    connection,
    async ask(api, version, body, over = connection) {
      sent += 1
      const correlationId = sent
      const header = encodeRequestHeader(api, version, correlationId, 'test')
      const frame = await over.handle(Buffer.concat([header, encodeRequest(api, version, body)]))
      if (frame === null) throw new Error(`${api.name} got no response`)
      const decoded = decodeResponseHeader(api, version, frame)
      if (decoded.correlationId !== correlationId) throw new Error('the answer belongs to another request')
      return decodeResponse(api, version, frame.subarray(decoded.bodyStart))
    },
  }
}

export interface Row {
  readonly key?: string | null
  readonly value?: string | null
  readonly timestamp?: number
}

export function batchOf(rows: readonly Row[], options: BatchOptions = {}, timestamp = 1_700_000_000_000): Buffer {
  const builder = new BatchBuilder()
  for (const row of rows) {
    const bytes = (text: string | null | undefined) => (text === null || text === undefined ? null : Buffer.from(text))
    builder.append(row.timestamp ?? timestamp, bytes(row.key), bytes(row.value))
  }
  return builder.build(options)
}

/** Produces one batch; the answer for its partition. */
export async function produce(
  { ask }: Wire,
  topic: string,
  records: Buffer,
  options: { partition?: number; transactionalId?: string; version?: number } = {},
) {
  const { partition: index = 0, transactionalId = null, version = 9 } = options
  const topicData = [{ name: topic, partitionData: [{ index, records }] }]
  const response = await ask(produceApi, version, { transactionalId, acks: -1, timeoutMs: 1_000, topicData })
  return response.responses[0]!.partitionResponses[0]!
}

/** Fetches one partition at once; the answer for it. */
export async function fetch(
  { ask }: Wire,
  topic: string,
  fetchOffset: number,
  options: { partition?: number; readCommitted?: boolean; maxBytes?: number; partitionMaxBytes?: number } = {},
) {
  const { partition = 0, readCommitted = false, maxBytes = 1 << 20, partitionMaxBytes = 1 << 20 } = options
  const response = await ask(fetchApi, 11, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes,
    isolationLevel: readCommitted ? 1 : 0,
    topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes }] }],
    forgottenTopicsData: [],
  })
  return response.responses[0]!.partitions[0]!
}

/** A producer id and epoch for a transactional id. */
export function initProducer(
  { ask }: Wire,
  transactionalId: string | null,
  transactionTimeoutMs = 60_000,
  version = 4,
) {
  return ask(initProducerIdApi, version, { transactionalId, transactionTimeoutMs })
}
