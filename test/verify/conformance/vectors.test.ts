/** Vectors: the layouts Kafka Streams 4.3.1 wrote for the inputs, its windows, and partitions. */
import t from 'tap'
import { verdict } from '../../../verify/conformance/verdict.js'

const passes = (vector: Readonly<Record<string, unknown>>) =>
  verdict({ name: JSON.stringify(vector), vectors: [vector] }).kind === 'passed'

/** Class, input, bytes; null: it writes nothing. */
const LAYOUTS: readonly (readonly [what: string, input: string, hex: string | null])[] = [
  ['TimeWindowedSerializer', 'k1 [60000,120000)', '6b31000000000000ea60'],
  ['TimeWindowedSerializer', ' [0,5)', '0000000000000000'],
  ['TimeWindowedSerializer', 'naïve [1700000000000,1700000060000)', '6e61c3af76650000018bcfe56800'],
  ['SessionWindowedSerializer', '日本 [7,7]', 'e697a5e69cac00000000000000070000000000000007'],
  ['SessionWindowedSerializer', 'a b [0,9007199254740991]', '612062001fffffffffffff0000000000000000'],
  ['WindowKeySchema', 'k1 start 60000 seq 0', '6b31000000000000ea6000000000'],
  ['WindowKeySchema', 'k1 start 60000 seq 2147483647', '6b31000000000000ea607fffffff'],
  ['WindowKeySchema', 'k1 start 5 seq -1', '6b310000000000000005ffffffff'],
  ['SessionKeySchema', 'k1 [1000,2500]', '6b3100000000000009c400000000000003e8'],
  ['ValueAndTimestampSerializer', 'value v1 ts 1700000000000', '0000018bcfe568007631'],
  ['ValueAndTimestampSerializer', 'value  ts -1', 'ffffffffffffffff'],
  ['ValueAndTimestampSerializer', 'value null ts 5', null],
  ['ChangedSerializer', 'new=n old=null isLatest=true', '6e01'],
  ['ChangedSerializer', 'new=null old=o isLatest=true', '6f00'],
  ['ChangedSerializer', 'new=n old=o isLatest=true', '026e6f02'],
  ['ChangedSerializer', 'new= old= isLatest=true', '0002'],
  ['ChangedSerializer', 'new= old=null isLatest=true', '01'],
  [
    'ChangedSerializer',
    'new=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx old=o isLatest=true',
    'c801787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878786f02',
  ],
  ['Murmur3', 'value', '2e7425dec1f8bcdf51e014f04aa41568'],
  ['Murmur3', '', '9d2764a018e329428c3cf3b035938518'],
  ['Murmur3', '日本語 naïve 😀', '1f213450d376a80535a53425b2c46933'],
  [
    'SubscriptionWrapper',
    'hash of value, DELETE_KEY_NO_PROPAGATE, pk pk1, partition 7',
    '01002e7425dec1f8bcdf51e014f04aa41568706b3100000007',
  ],
  [
    'SubscriptionWrapper',
    'hash of value, DELETE_KEY_AND_PROPAGATE, pk pk1, partition 7',
    '01012e7425dec1f8bcdf51e014f04aa41568706b3100000007',
  ],
  [
    'SubscriptionWrapper',
    'hash of value, PROPAGATE_NULL_IF_NO_FK_VAL_AVAILABLE, pk pk1, partition 7',
    '01022e7425dec1f8bcdf51e014f04aa41568706b3100000007',
  ],
  [
    'SubscriptionWrapper',
    'hash of value, PROPAGATE_ONLY_IF_FK_VAL_AVAILABLE, pk pk1, partition 7',
    '01032e7425dec1f8bcdf51e014f04aa41568706b3100000007',
  ],
  ['SubscriptionWrapper', 'no hash, DELETE_KEY_AND_PROPAGATE, pk pk1, partition 0', '8101706b3100000000'],
  ['SubscriptionWrapper v0', 'hash of value, pk pk1', '00022e7425dec1f8bcdf51e014f04aa41568706b31'],
  ['SubscriptionResponseWrapper', 'hash of value, foreign value fv', '002e7425dec1f8bcdf51e014f04aa415686676'],
  ['SubscriptionResponseWrapper', 'no hash, foreign value null', '80'],
  ['LeftOrRightValue', 'left v', '0176'],
  ['LeftOrRightValue', 'right v', '0076'],
  ['TimestampedKeyAndJoinSide', 'left k ts 5', '0000000000000005016b'],
  ['TimestampedKeyAndJoinSide', 'right k ts 5', '0000000000000005006b'],
  ['IntegerSerializer', '0', '00000000'],
  ['IntegerSerializer', '-1', 'ffffffff'],
  ['IntegerSerializer', '2147483647', '7fffffff'],
  ['IntegerSerializer', '-2147483648', '80000000'],
  ['LongSerializer', '-1', 'ffffffffffffffff'],
  ['LongSerializer', '9223372036854775807', '7fffffffffffffff'],
  ['DoubleSerializer', '-1.5', 'bff8000000000000'],
  ['FK-join subscription store key', 'fk=a pk=key', '00000001616b6579'],
]
for (const [what, input, hex] of LAYOUTS) {
  t.test(`${what}: ${input}`, async (t) => {
    t.ok(passes({ what, input, hex }))
    t.notOk(passes({ what, input, hex: 'ff00' }))
  })
}

t.test('a layout nobody knows fails', async (t) => t.notOk(passes({ what: 'NobodysSerializer', input: '', hex: '' })))

const WINDOWS: readonly Readonly<Record<string, unknown>>[] = [
  {
    kind: 'hopping',
    sizeMs: 12,
    advanceMs: 5,
    ts: 21,
    windows: [
      [10, 22],
      [15, 27],
      [20, 32],
    ],
  },
  { kind: 'hopping', sizeMs: 10, advanceMs: 3, ts: 1, windows: [[0, 10]] },
  {
    kind: 'hopping',
    sizeMs: 10,
    advanceMs: 3,
    ts: 9,
    windows: [
      [0, 10],
      [3, 13],
      [6, 16],
      [9, 19],
    ],
  },
  {
    kind: 'hopping',
    sizeMs: 10,
    advanceMs: 3,
    ts: 10,
    windows: [
      [3, 13],
      [6, 16],
      [9, 19],
    ],
  },
  { kind: 'hopping', sizeMs: 10, advanceMs: 10, ts: 1700000000001, windows: [[1700000000000, 1700000000010]] },
  { kind: 'hopping', sizeMs: 7, advanceMs: 2, ts: -5, windows: [] },
  { kind: 'hopping', sizeMs: 1, advanceMs: 1, ts: 0, windows: [[0, 1]] },
  {
    kind: 'hopping',
    sizeMs: 100,
    advanceMs: 99,
    ts: 198,
    windows: [
      [99, 199],
      [198, 298],
    ],
  },
  {
    kind: 'hopping',
    sizeMs: 100,
    advanceMs: 99,
    ts: 99,
    windows: [
      [0, 100],
      [99, 199],
    ],
  },
  { kind: 'hopping', sizeMs: 0, advanceMs: 1 },
  { kind: 'hopping', sizeMs: 5, advanceMs: 6 },
  { kind: 'tumbling', sizeMs: 5, advanceMs: 5, graceMs: -1 },
  { kind: 'unlimited', startMs: -1 },
  { kind: 'unlimited', startMs: 0, ts: 0, windows: [[0, 'inf']] },
  { kind: 'sliding', timeDifferenceMs: 10, ts: 25, windows: [[15, 25]] },
  { kind: 'sliding', timeDifferenceMs: 10, ts: 4, windows: [[0, 10]] },
  { kind: 'session', gapMs: 10, ts: 25, windows: [[25, 25]] },
]
for (const vector of WINDOWS) {
  t.test(`windows ${JSON.stringify(vector)}`, async (t) => {
    t.ok(passes(vector))
    t.notOk(passes({ ...vector, windows: [[1, 2]] }))
  })
}

t.test('keys and partitions', async (t) => {
  const minusOne = { type: 'int64-be', key: '-1', bytesHex: 'ffffffffffffffff' }
  t.ok(passes({ ...minusOne, murmur2: 185950397, partitionFor: { 1: 0, 7: 185950397 % 7 } }))
  t.ok(passes({ type: 'int32-be', key: -2147483648, partitionFor: { 4: 2 } }), 'bytes by the type')
  t.ok(passes({ bytesHex: '', murmur2: 275646681 }))
  t.notOk(passes({ ...minusOne, bytesHex: '00', murmur2: 1 }), 'other bytes than ours')
  t.notOk(passes({ ...minusOne, murmur2: 1 }))
  t.notOk(passes({ type: 'utf8', key: 'a', partitionFor: { 3: 2 } }))
})
