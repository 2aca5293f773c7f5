/**
 * Partitions that are added while the application runs are read from their start, whatever `offsetReset` is, because
 * that option is about records from before the application. The start is committed as the offset of the group, so any
 * member can read them. This is safe, because no member reads these partitions while a member has a plan without them.
 */
import type { Admin } from '../../client/admin.js'
import type { GroupIdentity } from '../../client/commit.js'
import type { GroupMember } from '../../client/group-member.js'
import type { OffsetReset } from '../../record/offset-reset.js'
import type { TopicPartition } from '../../record/record.js'

export interface BeginAtStartOptions {
  readonly member: Pick<GroupMember, 'committedOffsets' | 'commitOffsets'>
  readonly admin: Pick<Admin, 'listOffsets'>
  /** Of the generation this member works in; null before the first. */
  readonly identity: () => GroupIdentity | null
  readonly offsetReset: (topic: string) => OffsetReset
}

/** @throws MillraceError retriable where the group is between two generations, or brokers do not answer */
export async function beginAtStart(
  { member, admin, identity, offsetReset }: BeginAtStartOptions,
  added: readonly TopicPartition[],
): Promise<void> {
  const current = identity()
  const partitions = added.filter(({ topic }) => offsetReset(topic) !== 'earliest')
  if (current === null || partitions.length === 0) return
  const known = await member.committedOffsets(partitions, { requireStable: true })
  const unknown = known.filter(({ offset }) => offset < 0)
  if (unknown.length === 0) return
  const starts = await admin.listOffsets(unknown, 'earliest', 'readUncommitted')
  await member.commitOffsets(
    starts.map(({ topic, partition, offset }) => ({ topic, partition, offset, metadata: '' })),
    current,
  )
}
