/** Committed offsets of every group, and those waiting for their transaction. */
import { formatTopicPartition } from '../record/record.js'
import type { BrokerStorage, StateChange, StateValue } from './storage.js'
import type { Topic } from './topics.js'

export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

type OffsetsByPartition = Map<string, CommittedOffset>

const OFFSET_KEY = 'offset/'
const PENDING_KEY = 'pending/'

export class GroupOffsets {
  private readonly committed = new Map<string, OffsetsByPartition>()
  /** By producer id, then by group. */
  private readonly pending = new Map<number, Map<string, OffsetsByPartition>>()
  private readonly storage: BrokerStorage

  constructor(storage: BrokerStorage) {
    this.storage = storage
  }

  recover(state: ReadonlyMap<string, StateValue>): void {
    for (const [key, value] of state) {
      if (key.startsWith(OFFSET_KEY)) {
        const [group = ''] = key.slice(OFFSET_KEY.length).split('/')
        place(this.committed, decodeURIComponent(group), value as unknown as CommittedOffset)
      } else if (key.startsWith(PENDING_KEY)) {
        const [producerId = '', group = ''] = key.slice(PENDING_KEY.length).split('/')
        place(this.pendingOf(Number(producerId)), decodeURIComponent(group), value as unknown as CommittedOffset)
      }
    }
  }

  groupIds(): string[] {
    return [...this.committed.keys()]
  }

  /** Whether the group has committed offsets, or some that wait for a transaction. */
  has(groupId: string): boolean {
    if (this.committed.has(groupId)) return true
    for (const groups of this.pending.values()) if (groups.has(groupId)) return true
    return false
  }

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.committed.get(groupId)?.get(formatTopicPartition(topic, partition))
  }

  all(groupId: string): CommittedOffset[] {
    return [...(this.committed.get(groupId)?.values() ?? [])]
  }

  /** Whether an open transaction holds an offset for the partition. */
  isPending(groupId: string, topic: string, partition: number): boolean {
    const key = formatTopicPartition(topic, partition)
    for (const groups of this.pending.values()) if (groups.get(groupId)?.has(key)) return true
    return false
  }

  commit(groupId: string, offsets: readonly CommittedOffset[]): void {
    this.storage.put(offsets.map((offset) => [offsetKey(groupId, offset), { ...offset }]))
    for (const offset of offsets) place(this.committed, groupId, offset)
  }

  /** Keeps offsets until the producer's transaction ends. */
  hold(producerId: number, groupId: string, offsets: readonly CommittedOffset[]): void {
    this.storage.put(offsets.map((offset) => [pendingKey(producerId, groupId, offset), { ...offset }]))
    for (const offset of offsets) place(this.pendingOf(producerId), groupId, offset)
  }

  /** Ends the transaction for one group: its held offsets become committed, or go. */
  settle(producerId: number, groupId: string, committed: boolean): void {
    const held = this.pending.get(producerId)?.get(groupId)
    if (held === undefined) return
    const changes: StateChange[] = []
    for (const offset of held.values()) {
      changes.push([pendingKey(producerId, groupId, offset), null])
      if (committed) changes.push([offsetKey(groupId, offset), { ...offset }])
    }
    this.storage.put(changes)
    if (committed) for (const offset of held.values()) place(this.committed, groupId, offset)
    const groups = this.pending.get(producerId)!
    groups.delete(groupId)
    if (groups.size === 0) this.pending.delete(producerId)
  }

  delete(groupId: string, topic: string, partition: number): void {
    const offset = this.get(groupId, topic, partition)
    if (offset === undefined) return
    this.storage.put([[offsetKey(groupId, offset), null]])
    const offsets = this.committed.get(groupId)!
    offsets.delete(formatTopicPartition(topic, partition))
    if (offsets.size === 0) this.committed.delete(groupId)
  }

  deleteGroup(groupId: string): void {
    for (const { topic, partition } of this.all(groupId)) this.delete(groupId, topic, partition)
  }

  deleteTopic(topic: Topic): void {
    for (const groupId of this.groupIds()) {
      for (const log of topic.partitions) this.delete(groupId, topic.name, log.partition)
    }
  }

  private pendingOf(producerId: number): Map<string, OffsetsByPartition> {
    let groups = this.pending.get(producerId)
    if (groups === undefined) {
      groups = new Map()
      this.pending.set(producerId, groups)
    }
    return groups
  }
}

function place(groups: Map<string, OffsetsByPartition>, groupId: string, offset: CommittedOffset): void {
  let offsets = groups.get(groupId)
  if (offsets === undefined) {
    offsets = new Map()
    groups.set(groupId, offsets)
  }
  offsets.set(formatTopicPartition(offset.topic, offset.partition), offset)
}

/** Group ids may hold any character; a topic name has no slash. */
function offsetKey(groupId: string, { topic, partition }: CommittedOffset): string {
  return `${OFFSET_KEY}${encodeURIComponent(groupId)}/${topic}/${partition}`
}

function pendingKey(producerId: number, groupId: string, { topic, partition }: CommittedOffset): string {
  return `${PENDING_KEY}${producerId}/${encodeURIComponent(groupId)}/${topic}/${partition}`
}
