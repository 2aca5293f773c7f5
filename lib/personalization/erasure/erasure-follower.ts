/** Follows the erasures that are written from now on, by any instance, and tells who keeps something of users in memory. */
import { Admin, type Clock, type Cluster, type Log, readTopic } from '../../index.js'
import type { UserKeys } from './user-keys.js'
import { userPlace } from './user-record.js'

export interface ErasureFollowerParts {
  readonly cluster: Cluster
  readonly topic: string
  readonly userKeys: UserKeys | null
  readonly clock: Clock
  readonly log: Log
}

/** `isOf`: whether a user is the one who is erased. */
export type ErasureListener = (isOf: (userId: string) => boolean) => void

const PARTITION = 0
/** Erasures are rare: nobody is to wait for a read of this topic. */
const LOOK_MS = 1_000

export class ErasureFollower {
  readonly #parts: ErasureFollowerParts
  readonly #listeners: ErasureListener[] = []
  /** Each erasure is in every partition: one is enough. */
  #next = 0
  #looking: Promise<void> = Promise.resolve()
  #cancel = () => {}
  #isOpen = false

  constructor(parts: ErasureFollowerParts) {
    this.#parts = parts
  }

  onErased(listener: ErasureListener): void {
    this.#listeners.push(listener)
  }

  /** From now on. @throws MillraceError CLIENT_* */
  async follow(): Promise<void> {
    this.#next = await this.#end()
    this.#isOpen = true
    this.#later()
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#cancel()
    await this.#looking
  }

  #later(): void {
    if (!this.#isOpen) return
    this.#cancel = this.#parts.clock.setTimer(LOOK_MS, () => {
      this.#looking = this.#look()
        .catch((error: unknown) => this.#parts.log.warn({ error }, 'the erasures are read again after a pause'))
        .finally(() => this.#later())
    })
  }

  async #look(): Promise<void> {
    const { cluster, topic } = this.#parts
    const end = await this.#end()
    if (end <= this.#next) return
    const place = { cluster, topic, partitions: [PARTITION], from: new Map([[PARTITION, this.#next]]) }
    for await (const { records, nextOffset } of readTopic(place)) {
      for (const { key } of records) if (key !== null) this.#tell(key)
      this.#next = nextOffset
    }
  }

  async #end(): Promise<number> {
    const { cluster, topic } = this.#parts
    const place = { topic, partition: PARTITION }
    const [found] = await new Admin(cluster).listOffsets([place], 'latest', 'readCommitted')
    return found?.offset ?? 0
  }

  #tell(key: Buffer): void {
    const { userKeys } = this.#parts
    const isOf = (userId: string) => userPlace(userId, userKeys, 1).key.equals(key)
    for (const listener of this.#listeners) listener(isOf)
  }
}
