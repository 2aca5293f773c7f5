/**
 * What a member tells the group's leader about itself, carried as `userData` of its subscription.
 *
 *     int8 version (1) | int16 length, process id (UTF-8) | int32 count, { int32 sub-topology, int32 partition } owned
 *                      | int32 count, { the same } kept on disk
 *                      | int8 1 where the member wants the whole application to stop, else nothing
 *
 * A task id travels as two numbers; a newer version than we know is refused by name, so that a rolling upgrade stops
 * instead of assigning by half-read data.
 */
import { MillraceError } from '../errors.js'

const VERSION = 1

export interface MemberData {
  readonly processId: string
  /** Tasks running on this member when it joined, `subtopology_partition`. */
  readonly owned: readonly string[]
  /** Tasks it has state of on disk without running them. */
  readonly onDisk: readonly string[]
  /** It asks every member to stop. */
  readonly shutdown?: boolean
}

/** What the leader tells every member, as `userData` of its assignment, when one of them asks all to stop. */
export const SHUTDOWN = Buffer.from([1])

/** What it tells them otherwise: by which plan it assigned. */
export function planMark(fingerprint: number): Buffer {
  const mark = Buffer.alloc(5)
  mark.writeInt32BE(fingerprint, 1)
  return mark
}

export function encodeMemberData(data: MemberData): Buffer {
  const id = Buffer.from(data.processId, 'utf8')
  const tasksLength = 4 + data.owned.length * 8 + 4 + data.onDisk.length * 8
  const out = Buffer.alloc(1 + 2 + id.length + tasksLength + (data.shutdown ? 1 : 0))
  let at = out.writeInt8(VERSION, 0)
  at = out.writeInt16BE(id.length, at)
  at += id.copy(out, at)
  for (const tasks of [data.owned, data.onDisk]) {
    at = out.writeInt32BE(tasks.length, at)
    for (const task of tasks) {
      const [subTopology, partition] = parseTaskId(task)
      at = out.writeInt32BE(subTopology, at)
      at = out.writeInt32BE(partition, at)
    }
  }
  if (data.shutdown) out.writeInt8(1, at)
  return out
}

/** @throws MillraceError GROUP_MEMBER_DATA for bytes that are not ours or of a version we do not know. */
export function decodeMemberData(bytes: Buffer, memberId: string): MemberData {
  try {
    const version = bytes.readInt8(0)
    if (version !== VERSION) throw new RangeError(`version ${version}`)
    const idLength = bytes.readInt16BE(1)
    let at = 3 + idLength
    const processId = bytes.toString('utf8', 3, at)
    const lists: string[][] = []
    for (let list = 0; list < 2; list++) {
      const count = bytes.readInt32BE(at)
      at += 4
      const tasks: string[] = []
      for (let i = 0; i < count; i++, at += 8) tasks.push(`${bytes.readInt32BE(at)}_${bytes.readInt32BE(at + 4)}`)
      lists.push(tasks)
    }
    const shutdown = at < bytes.length && bytes.readInt8(at) === 1
    return { processId, owned: lists[0]!, onDisk: lists[1]!, ...(shutdown ? { shutdown } : {}) }
  } catch (cause) {
    throw new MillraceError(
      'GROUP_MEMBER_DATA',
      `member ${memberId} sent a subscription this version cannot read: is another application using the same group id, or a newer Millrace?`,
      { cause },
    )
  }
}

/** `0_3` → [0, 3]. */
export function parseTaskId(taskId: string): readonly [subTopology: number, partition: number] {
  const [subTopology, partition] = taskId.split('_').map(Number)
  return [subTopology!, partition!]
}
