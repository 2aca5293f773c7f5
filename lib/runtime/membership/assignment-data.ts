/**
 * What the leader tells a member beside its partitions, carried as `userData` of the assignment.
 *
 *     int8 1: every member must stop
 *     int8 0 | int32 fingerprint of the member's plan that the assignment was made for
 *            | int32 length, JSON { held, refresh }
 *
 * Versions before 0.1.0 end after the fingerprint, which was that of the leader's plan.
 */
import { isPlanned, type PlannedSubTopology } from './subscription-data.js'

/** A sub-topology of the member that nobody may run now, and what other members run in its place. */
export interface HeldSubTopology {
  readonly id: number
  readonly because: readonly PlannedSubTopology[]
}

export interface AssignmentData {
  readonly shutdown: boolean
  /** Of the plan the leader knew of this member; null: the leader did not say. */
  readonly madeFor: number | null
  readonly held: readonly HeldSubTopology[]
  /** Members see topics differently: each should ask the brokers now. */
  readonly refresh: boolean
}

export const SHUTDOWN = Buffer.from([1])

const NOTHING: AssignmentData = { shutdown: false, madeFor: null, held: [], refresh: false }

export function encodeAssignmentData({ madeFor, held, refresh }: Omit<AssignmentData, 'shutdown'>): Buffer {
  const head = Buffer.alloc(9)
  head.writeInt32BE(madeFor ?? 0, 1)
  const more = Buffer.from(JSON.stringify({ held, refresh }))
  head.writeInt32BE(more.length, 5)
  return Buffer.concat([head, more])
}

/** Never throws: data of a foreign leader says nothing. */
export function decodeAssignmentData(bytes: Buffer): AssignmentData {
  if (bytes.equals(SHUTDOWN)) return { ...NOTHING, shutdown: true }
  try {
    if (bytes.length < 9 || bytes.readInt8(0) !== 0) return NOTHING
    const more = JSON.parse(bytes.toString('utf8', 9, 9 + bytes.readInt32BE(5))) as Record<string, unknown>
    const held = Array.isArray(more.held) ? more.held.filter(isHeld) : []
    return { shutdown: false, madeFor: bytes.readInt32BE(1), held, refresh: more.refresh === true }
  } catch {
    return NOTHING
  }
}

function isHeld(value: unknown): value is HeldSubTopology {
  if (typeof value !== 'object' || value === null) return false
  const { id, because } = value as Record<string, unknown>
  return Number.isSafeInteger(id) && Array.isArray(because) && because.every(isPlanned)
}

/** In words: what keeps a sub-topology from running, and what differs. */
export function describeHeld(own: PlannedSubTopology, because: readonly PlannedSubTopology[]): string {
  const others = because.map((other) => describePlanned(other)).join('; ')
  return `sub-topology ${own.id} (${describePlanned(own)}) waits: other instances of this application run ${others}. It starts when no instance runs those; deploy one version of the topology, or use another applicationId`
}

function describePlanned({ sources, changelogs }: PlannedSubTopology): string {
  const reads = sources.map(([topic, partitions]) => `${topic} of ${partitions} partitions`).join(' with ')
  return changelogs.length === 0 ? `reads ${reads}` : `reads ${reads} and writes ${changelogs.join(', ')}`
}
