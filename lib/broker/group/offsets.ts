/** Committed offsets of every group, and offsets that wait for the end of their transaction. */
import { formatTopicPartition } from '../../record/record.js'
import type { BrokerStorage, StateChange, StateValue } from '../storage/storage.js'
import type { BrokerTopic } from '../topics.js'

export interface StoredOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** As it was written, transactional or not: of two for one partition the later one counts, whenever it is committed. */
interface WrittenOffset extends StoredOffset {
  readonly order: number
}

type OffsetsByPartition = Map<string, WrittenOffset>

const OFFSET_KEY = 'offset/'
const PENDING_KEY = 'pending/'

export class GroupOffsets {
  readonly #committed = new Map<string, OffsetsByPartition>()
  /** By producer id, then by group. */
  readonly #pending = new Map<number, Map<string, OffsetsByPartition>>()
  readonly #storage: BrokerStorage
  #written = 0

  constructor(storage: BrokerStorage) {
    this.#storage = storage
  }

  recover(state: ReadonlyMap<string, StateValue>): void {
    for (const [key, value] of state) {
      if (key.startsWith(OFFSET_KEY)) {
        const [group = ''] = key.slice(OFFSET_KEY.length).split('/')
        place(this.#committed, decodeURIComponent(group), this.#recovered(value))
      } else if (key.startsWith(PENDING_KEY)) {
        const [producerId = '', group = ''] = key.slice(PENDING_KEY.length).split('/')
        place(this.#pendingOf(Number(producerId)), decodeURIComponent(group), this.#recovered(value))
      }
    }
  }

  /** A folder of an earlier version has no order in it. */
  #recovered(value: StateValue): WrittenOffset {
    const { order = 0, ...offset } = value as unknown as StoredOffset & { readonly order?: number }
    this.#written = Math.max(this.#written, order)
    return { ...offset, order }
  }

  groupIds(): string[] {
    return [...this.#committed.keys()]
  }

  /** Whether the group has committed offsets, or some that wait for a transaction. */
  has(groupId: string): boolean {
    if (this.#committed.has(groupId)) return true
    for (const groups of this.#pending.values()) if (groups.has(groupId)) return true
    return false
  }

  get(groupId: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#committed.get(groupId)?.get(formatTopicPartition(topic, partition))
  }

  all(groupId: string): StoredOffset[] {
    return [...(this.#committed.get(groupId)?.values() ?? [])]
  }

  /** Whether an open transaction holds an offset for the partition. */
  isPending(groupId: string, topic: string, partition: number): boolean {
    const key = formatTopicPartition(topic, partition)
    for (const groups of this.#pending.values()) if (groups.get(groupId)?.has(key)) return true
    return false
  }

  commit(groupId: string, offsets: readonly StoredOffset[]): void {
    const rows = this.#numbered(offsets)
    this.#storage.put(rows.map((row) => [offsetKey(groupId, row), { ...row }]))
    for (const row of rows) place(this.#committed, groupId, row)
  }

  /** Keeps offsets until the producer's transaction ends. */
  hold(producerId: number, groupId: string, offsets: readonly StoredOffset[]): void {
    const rows = this.#numbered(offsets)
    this.#storage.put(rows.map((row) => [pendingKey(producerId, groupId, row), { ...row }]))
    for (const row of rows) place(this.#pendingOf(producerId), groupId, row)
  }

  #numbered(offsets: readonly StoredOffset[]): WrittenOffset[] {
    return offsets.map((offset) => {
      this.#written += 1
      return { ...offset, order: this.#written }
    })
  }

  /** Ends the transaction for one group: its held offsets become committed, or go. */
  settle(producerId: number, groupId: string, committed: boolean): void {
    const held = this.#pending.get(producerId)?.get(groupId)
    if (held === undefined) return
    const changes: StateChange[] = []
    for (const [key, row] of held) {
      changes.push([pendingKey(producerId, groupId, row), null])
      const isLatest = row.order > (this.#committed.get(groupId)?.get(key)?.order ?? -1)
      if (!committed || !isLatest) continue
      changes.push([offsetKey(groupId, row), { ...row }])
      place(this.#committed, groupId, row)
    }
    this.#storage.put(changes)
    const groups = this.#pending.get(producerId)!
    groups.delete(groupId)
    if (groups.size === 0) this.#pending.delete(producerId)
  }

  /** Also what is held for a transaction. */
  delete(groupId: string, topic: string, partition: number): void {
    const key = formatTopicPartition(topic, partition)
    const changes: StateChange[] = []
    const offset = take(this.#committed, groupId, key)
    if (offset !== undefined) changes.push([offsetKey(groupId, offset), null])
    for (const [producerId, groups] of this.#pending) {
      const held = take(groups, groupId, key)
      if (held !== undefined) changes.push([pendingKey(producerId, groupId, held), null])
      if (groups.size === 0) this.#pending.delete(producerId)
    }
    if (changes.length > 0) this.#storage.put(changes)
  }

  deleteGroup(groupId: string): void {
    const held = [...this.#pending.values()].flatMap((groups) => [...(groups.get(groupId)?.values() ?? [])])
    for (const { topic, partition } of [...this.all(groupId), ...held]) this.delete(groupId, topic, partition)
  }

  deleteTopic(topic: BrokerTopic): void {
    for (const groupId of this.groupIds()) {
      for (const log of topic.partitions) this.delete(groupId, topic.name, log.partition)
    }
  }

  #pendingOf(producerId: number): Map<string, OffsetsByPartition> {
    let groups = this.#pending.get(producerId)
    if (groups === undefined) {
      groups = new Map()
      this.#pending.set(producerId, groups)
    }
    return groups
  }
}

function take(groups: Map<string, OffsetsByPartition>, groupId: string, key: string): WrittenOffset | undefined {
  const offsets = groups.get(groupId)
  const offset = offsets?.get(key)
  offsets?.delete(key)
  if (offsets?.size === 0) groups.delete(groupId)
  return offset
}

function place(groups: Map<string, OffsetsByPartition>, groupId: string, offset: WrittenOffset): void {
  let offsets = groups.get(groupId)
  if (offsets === undefined) {
    offsets = new Map()
    groups.set(groupId, offsets)
  }
  offsets.set(formatTopicPartition(offset.topic, offset.partition), offset)
}

/** Group ids may hold any character; a topic name has no slash. */
function offsetKey(groupId: string, { topic, partition }: StoredOffset): string {
  return `${OFFSET_KEY}${encodeURIComponent(groupId)}/${topic}/${partition}`
}

function pendingKey(producerId: number, groupId: string, { topic, partition }: StoredOffset): string {
  return `${PENDING_KEY}${producerId}/${encodeURIComponent(groupId)}/${topic}/${partition}`
}
