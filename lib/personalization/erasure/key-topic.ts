/** The `user-keys` topic as one instance sees it: follows the whole of it, and writes to it. It has one partition, so it has one order. */
import {
  Admin,
  type Clock,
  type Cluster,
  delay,
  type Log,
  MillraceError,
  Producer,
  readTopic,
  type TopicRecord,
} from '../../index.js'

export interface KeyTopicParts {
  readonly cluster: Cluster
  readonly topic: string
  readonly clock: Clock
  readonly log: Log
  /** Each record, in the order of the topic. */
  readonly apply: (key: Buffer, value: Buffer | null) => void
}

const RETRY_MS = 500
const PARTITION = 0

interface Waiting {
  readonly offset: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class KeyTopic {
  readonly #parts: KeyTopicParts
  readonly #admin: Admin
  readonly #producer: Producer
  readonly #stop = new AbortController()
  #next = 0
  #waiting: Waiting[] = []
  #following: Promise<void> = Promise.resolve()
  /** The catching up that has not asked for the end of the topic yet. */
  #coming: Promise<void> | null = null
  #last: Promise<void> = Promise.resolve()

  constructor(parts: KeyTopicParts) {
    this.#parts = parts
    this.#admin = new Admin(parts.cluster)
    this.#producer = new Producer({ cluster: parts.cluster })
  }

  /** Reads the topic to its end. @throws MillraceError CLIENT_* */
  async readToEnd(): Promise<void> {
    const { cluster, topic } = this.#parts
    for await (const { records, nextOffset } of readTopic({ cluster, topic, from: this.#from, until: 'now' })) {
      this.#arrived(records, nextOffset)
    }
  }

  /** From now on, follows the topic. */
  follow(): void {
    this.#following = this.#follow()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
    await this.#producer.close()
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(new MillraceError('CLIENT_CLOSED', 'the service is closed'))
  }

  /** Resolves when the record is stored, and has come back. @throws MillraceError CLIENT_* */
  async write(key: Buffer, value: Buffer | null): Promise<void> {
    const { offset } = await this.#producer.send(this.#parts.topic, { key, value, partition: PARTITION })
    // A broker that had stored it at an earlier attempt may not say where.
    await (offset < 0 ? this.caughtUp() : this.#passed(offset))
  }

  /** Resolves when everything is known here that was on the topic at the call. Calls at one time share a request. */
  caughtUp(): Promise<void> {
    this.#coming ??= this.#startCatchingUp()
    return this.#coming
  }

  #startCatchingUp(): Promise<void> {
    const round = this.#last.then(async () => {
      this.#coming = null
      const place = { topic: this.#parts.topic, partition: PARTITION }
      const [found] = await this.#admin.listOffsets([place], 'latest', 'readCommitted')
      if (found !== undefined && found.offset > 0) await this.#passed(found.offset - 1)
    })
    this.#last = round.catch(() => undefined)
    return round
  }

  #passed(offset: number): Promise<void> {
    if (this.#next > offset) return Promise.resolve()
    if (this.#stop.signal.aborted) {
      return Promise.reject(new MillraceError('CLIENT_CLOSED', 'the service is closed'))
    }
    return new Promise((resolve, reject) => this.#waiting.push({ offset, resolve, reject }))
  }

  get #from(): ReadonlyMap<number, number> {
    return this.#next === 0 ? new Map() : new Map([[PARTITION, this.#next]])
  }

  async #follow(): Promise<void> {
    const { cluster, topic, clock, log } = this.#parts
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        for await (const { records, nextOffset } of readTopic({
          ...{ cluster, topic, signal },
          from: this.#from,
          until: 'never',
        })) {
          this.#arrived(records, nextOffset)
        }
      } catch (error) {
        if (signal.aborted) return
        log.warn({ error }, 'the keys of the users are read again after a pause')
        await delay(clock, RETRY_MS)
      }
    }
  }

  #arrived(records: readonly TopicRecord[], nextOffset: number): void {
    for (const { offset, key, value } of records) {
      if (offset >= this.#next && key !== null) this.#parts.apply(key, value)
    }
    if (nextOffset <= this.#next) return
    this.#next = nextOffset
    const passed = this.#waiting.filter(({ offset }) => offset < nextOffset)
    if (passed.length === 0) return
    this.#waiting = this.#waiting.filter(({ offset }) => offset >= nextOffset)
    for (const { resolve } of passed) resolve()
  }
}
