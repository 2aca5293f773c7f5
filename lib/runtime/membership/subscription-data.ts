/**
 * What a member tells the group's leader about itself, carried as `userData` of its subscription.
 *
 *     int8 version (1) | int16 length, process id (UTF-8) | int32 count, { int32 sub-topology, int32 partition } owned
 *                      | int32 count, { the same } kept on disk
 *                      | int8 1 if the member wants the whole application to stop
 *                      | int32 length, JSON { plan, attempt }
 *
 * Members of a version before 0.1.0 end after the two lists and ignore what follows. A leader skips data that it cannot read:
 * that member gets no task, and the others continue.
 */
import { isMillraceError, MillraceError } from '../../errors.js'
import { murmur2 } from '../../record/murmur2.js'
import type { TaskId } from '../../record/task-id.js'

const VERSION = 1

/** One sub-topology as a member would run it on this cluster. Members may share its tasks only if theirs are equal. */
export interface PlannedSubTopology {
  readonly id: number
  /** Real names of its source topics with their partition counts, sorted by name. */
  readonly sources: readonly (readonly [topic: string, partitions: number])[]
  /** Changelog topics that it writes, sorted. */
  readonly changelogs: readonly string[]
}

/** A task as its member numbers the sub-topologies. */
export type TaskOfMember = Pick<TaskId, 'subTopology' | 'partition'>

export interface MemberData {
  readonly processId: string
  /** Tasks running on this member when it joined. */
  readonly owned: readonly TaskOfMember[]
  /** Tasks it has state of on disk without running them. */
  readonly onDisk: readonly TaskOfMember[]
  /** It asks every member to stop. */
  readonly shutdown: boolean
  /** What it can run; null: a member of a version before 0.1.0 did not say. */
  readonly plan: readonly PlannedSubTopology[] | null
  /** Changes when the member asks for a rebalance: brokers ignore a static member whose metadata is unchanged. */
  readonly attempt: number
}

/** Equal for equal plans. */
export function fingerprintOf(plan: readonly PlannedSubTopology[]): number {
  return murmur2(Buffer.from(JSON.stringify(plan.map(({ id, sources, changelogs }) => [id, sources, changelogs]))))
}

export function encodeMemberData(data: MemberData): Buffer {
  const id = Buffer.from(data.processId, 'utf8')
  const more = Buffer.from(JSON.stringify({ plan: data.plan, attempt: data.attempt }))
  const tasksLength = 4 + data.owned.length * 8 + 4 + data.onDisk.length * 8
  const out = Buffer.alloc(1 + 2 + id.length + tasksLength + 1 + 4)
  let at = out.writeInt8(VERSION, 0)
  at = out.writeInt16BE(id.length, at)
  at += id.copy(out, at)
  for (const tasks of [data.owned, data.onDisk]) {
    at = out.writeInt32BE(tasks.length, at)
    for (const { subTopology, partition } of tasks) {
      at = out.writeInt32BE(subTopology, at)
      at = out.writeInt32BE(partition, at)
    }
  }
  at = out.writeInt8(data.shutdown ? 1 : 0, at)
  out.writeInt32BE(more.length, at)
  return Buffer.concat([out, more])
}

/** @throws MillraceError GROUP_MEMBER_DATA for bytes that are not ours, damaged, or of a version we do not know. */
export function decodeMemberData(bytes: Buffer, memberId: string): MemberData {
  try {
    const version = bytes.readInt8(0)
    if (version !== VERSION) throw new RangeError(`version ${version}`)
    const idLength = bytes.readUInt16BE(1)
    let at = 3 + idLength
    if (at > bytes.length) throw new RangeError('the process id is incomplete')
    const processId = bytes.toString('utf8', 3, at)
    const lists: TaskOfMember[][] = []
    for (let list = 0; list < 2; list++) {
      const count = bytes.readInt32BE(at)
      at += 4
      if (count < 0 || count * 8 > bytes.length - at) throw new RangeError(`${count} tasks`)
      const tasks: TaskOfMember[] = []
      for (let i = 0; i < count; i++, at += 8) {
        tasks.push({ subTopology: bytes.readInt32BE(at), partition: bytes.readInt32BE(at + 4) })
      }
      lists.push(tasks)
    }
    const shutdown = at < bytes.length && bytes.readInt8(at) === 1
    const { plan, attempt } = decodeMore(bytes.subarray(at + 1))
    return { processId, owned: lists[0]!, onDisk: lists[1]!, shutdown, plan, attempt }
  } catch (cause) {
    const why = isMillraceError(cause) || cause instanceof Error ? ` (${cause.message})` : ''
    throw new MillraceError(
      'GROUP_MEMBER_DATA',
      `member ${memberId} sent a subscription that this version cannot read${why}: does another application use the same group id, or a newer Millrace?`,
      { cause },
    )
  }
}

function decodeMore(bytes: Buffer): { plan: PlannedSubTopology[] | null; attempt: number } {
  if (bytes.length === 0) return { plan: null, attempt: 0 }
  const length = bytes.readInt32BE(0)
  if (length < 0 || length > bytes.length - 4) throw new RangeError('the plan is incomplete')
  const { plan, attempt } = JSON.parse(bytes.toString('utf8', 4, 4 + length)) as Record<string, unknown>
  if (plan !== null && !(Array.isArray(plan) && plan.every(isPlanned)))
    throw new RangeError('the plan has another format')
  return { plan: plan as PlannedSubTopology[] | null, attempt: typeof attempt === 'number' ? attempt : 0 }
}

/** Whether a decoded value describes a sub-topology; fields of newer versions are ignored. */
export function isPlanned(value: unknown): value is PlannedSubTopology {
  if (typeof value !== 'object' || value === null) return false
  const { id, sources, changelogs } = value as Record<string, unknown>
  const isSource = (row: unknown) =>
    Array.isArray(row) && typeof row[0] === 'string' && Number.isSafeInteger(row[1]) && row[1] >= 0 && row[1] < 1 << 20
  return (
    Number.isSafeInteger(id) &&
    Array.isArray(sources) &&
    sources.every(isSource) &&
    Array.isArray(changelogs) &&
    changelogs.every((topic) => typeof topic === 'string')
  )
}
