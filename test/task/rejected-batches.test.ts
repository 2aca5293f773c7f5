/** What is kept of a broker's rejectedBatches: which record was at fault, for how long, and how small batches become. */
import t from 'tap'
import { brokerError, partitionMissing, topicMissing } from '../../lib/client/broker-error.js'
import { RejectedBatch } from '../../lib/client/producer/rejected-batch.js'
import { BatchBuilder, KAFKA_ERROR } from '../../lib/protocol/index.js'
import { MAX_BATCH_BYTES } from '../../lib/task/collector.js'
import { RejectedBatches, type WrittenRecord } from '../../lib/task/rejected-batches.js'
import { ManualClock } from '../../lib/testing/index.js'

const record = (key: string | null, value: string, timestamp = 5): WrittenRecord => ({
  topic: 'out',
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
  timestamp,
  headers: [],
})
const RECORDS = [record('a', 'x'), record(null, 'x'), record('b', 'y'.repeat(100))]

function refused(code: number, records: readonly WrittenRecord[], named: readonly number[] = []) {
  const builder = new BatchBuilder()
  for (const { timestamp, key, value, headers } of records) builder.append(timestamp, key, value, headers)
  const error = brokerError(code, 'Produce', 'topic out-0', { topic: 'out', partition: 0 })
  return new RejectedBatch(error, builder.build({ baseOffset: 0 }), named)
}

const logging = (topic: string) => [{ changelogs: new Map([['s', { topic, partition: 0, records: 1 }]]) }]

t.test('which records are known to be refused after an error', async (t) => {
  const invalid = KAFKA_ERROR.INVALID_RECORD
  const tooLarge = KAFKA_ERROR.MESSAGE_TOO_LARGE
  const policy = KAFKA_ERROR.POLICY_VIOLATION
  const rows: [string, error: unknown, noted: boolean, against: readonly boolean[]][] = [
    ['named by the broker', refused(invalid, RECORDS, [1]), true, [false, true, false]],
    ['alone in its batch', refused(invalid, [RECORDS[0]!]), true, [true, false, false]],
    ['one of several', refused(invalid, RECORDS), true, [false, false, false]],
    ['too large: so is what is larger', refused(tooLarge, [RECORDS[0]!]), true, [true, false, true]],
    ['too large together', refused(tooLarge, RECORDS), true, [false, false, false]],
    ['against a policy of the brokers', refused(policy, [RECORDS[2]!]), true, [false, false, true]],
    ['a topic that is gone', topicMissing('out'), true, [true, true, true]],
    ['no right to write', refused(KAFKA_ERROR.TOPIC_AUTHORIZATION_FAILED, RECORDS), false, [false, false, false]],
    ['nothing to do with records', new Error('disk'), false, [false, false, false]],
  ]
  for (const [name, error, noted, against] of rows) {
    const rejectedBatches = new RejectedBatches(new ManualClock(0))
    t.equal(rejectedBatches.note(error, []), noted, name)
    t.same(
      RECORDS.map((each) => rejectedBatches.of(each) !== null),
      against,
      name,
    )
    t.equal(rejectedBatches.of({ ...RECORDS[1]!, topic: 'other' }), null, name)
  }
})

t.test('the same bytes at another time are another record', async (t) => {
  const rejectedBatches = new RejectedBatches(new ManualClock(0))
  rejectedBatches.note(refused(KAFKA_ERROR.INVALID_TIMESTAMP, RECORDS, [0]), [])
  t.ok(rejectedBatches.of(record('a', 'x', 5)))
  t.notOk(rejectedBatches.of(record('a', 'x', 6)))
})

t.test('batches shrink until a record is alone, and a refusal is forgotten after 30 s', async (t) => {
  const clock = new ManualClock(0)
  const rejectedBatches = new RejectedBatches(clock)
  t.equal(rejectedBatches.maxBatchBytes('out'), MAX_BATCH_BYTES)
  const sizes: number[] = []
  for (let i = 0; i < 12; i++) {
    rejectedBatches.note(refused(KAFKA_ERROR.MESSAGE_TOO_LARGE, RECORDS), [])
    sizes.push(rejectedBatches.maxBatchBytes('out'))
  }
  t.ok(sizes[0]! < 100, String(sizes))
  t.same(sizes.slice(-2), [1, 1])
  t.equal(rejectedBatches.maxBatchBytes('other'), MAX_BATCH_BYTES)
  clock.advance(30_000)
  t.equal(rejectedBatches.maxBatchBytes('out'), MAX_BATCH_BYTES)
})

t.test('a changelog may get smaller batches and nothing else; internal topics must not be missing', async (t) => {
  const rejectedBatches = new RejectedBatches(new ManualClock(0), (topic) => topic === 'out')
  t.notOk(rejectedBatches.note(topicMissing('out'), []))
  t.notOk(rejectedBatches.note(partitionMissing('out', 3, 2), []))
  t.ok(rejectedBatches.note(partitionMissing('sink', 3, 2), []))
  t.equal(rejectedBatches.of({ ...RECORDS[0]!, topic: 'sink' }), null, 'goes to a partition that is there')
  t.notOk(rejectedBatches.note(refused(KAFKA_ERROR.INVALID_RECORD, RECORDS, [1]), logging('out')))
  t.notOk(rejectedBatches.note(refused(KAFKA_ERROR.MESSAGE_TOO_LARGE, [RECORDS[0]!]), logging('out')))
  t.ok(rejectedBatches.note(refused(KAFKA_ERROR.MESSAGE_TOO_LARGE, RECORDS), logging('out')))
  t.ok(rejectedBatches.note(refused(KAFKA_ERROR.INVALID_RECORD, RECORDS, [1]), logging('another')))
})

t.test('an error that holds a batch does not show it', async (t) => {
  const error = refused(KAFKA_ERROR.INVALID_RECORD, [record('secret', 'secret')])
  const { inspect } = await import('node:util')
  t.notMatch(inspect(error, { showHidden: true, depth: 9 }), /secret|73 65 63/)
})
