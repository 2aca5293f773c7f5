/** The bytes of the topic `merges`: what is written is read, and another version is an error. */
import t from 'tap'
import { type IdentityRecord, identityRecords } from '../../../../lib/personalization/frame/identity/identity-record.js'
import { decidedAs, event, START_MS } from '../../service-driver.js'

const activity = event({ eventId: 'e', atMs: 5, type: 'identify', anonymousId: 'x', itemId: null })
const origin = { partition: 3, offset: 1_000, arrivedAt: START_MS }
const UNKNOWN = { partition: -1, offset: -1, arrivedAt: -1 }
const decision = decidedAs({ rule: 'upsell', userId: 'ann', subject: 's/c/anonymous:x', at: START_MS })

const RECORDS: readonly IdentityRecord[] = [
  { kind: 'visitor', activity, origin, visitor: 'anonymous:x', entry: Buffer.from([1, 2, 3]), isOrdered: true },
  { kind: 'visitor', activity, origin: UNKNOWN, visitor: 'anonymous:x', entry: Buffer.alloc(0), isOrdered: false },
  { kind: 'event', activity, origin: UNKNOWN, isOrdered: true },
  { kind: 'event', activity, origin, isOrdered: false },
  { kind: 'decision', decision, subject: 's/c', heldUntilMs: null },
  { kind: 'decision', decision, subject: 's/c', heldUntilMs: 0 },
  { kind: 'time', partition: 3, partitions: 12, reachedMs: START_MS, ends: false },
  { kind: 'time', partition: 0, partitions: 1, reachedMs: 0, ends: true },
]

t.test('what is written is read', async (t) => {
  for (const record of RECORDS) {
    t.same(identityRecords.deserialize(identityRecords.serialize(record, ''), ''), record, record.kind)
  }
})

t.test('another version', async (t) => {
  t.throws(() => identityRecords.deserialize(Buffer.from([2, 0]), ''), { code: 'USER_ENTRY_VERSION' })
})
