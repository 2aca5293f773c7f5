import t from 'tap'
import {
  decodeAssignmentData,
  describeHeld,
  encodeAssignmentData,
  SHUTDOWN,
} from '../../../lib/runtime/membership/assignment-data.js'
import {
  decodeMemberData,
  encodeMemberData,
  fingerprintOf,
  type MemberData,
  type PlannedSubTopology,
} from '../../../lib/runtime/membership/subscription-data.js'

const plan: PlannedSubTopology[] = [{ id: 0, sources: [['in', 3]], changelogs: ['app-counts-changelog'] }]
const data: MemberData = {
  processId: 'c0ffee',
  owned: [
    { subTopology: 0, partition: 1 },
    { subTopology: 12, partition: 30 },
  ],
  onDisk: [{ subTopology: 1, partition: 0 }],
  shutdown: false,
  plan,
  attempt: 3,
}

t.test('member data survives the wire', async (t) => {
  t.same(decodeMemberData(encodeMemberData(data), 'm'), data)
  t.same(decodeMemberData(encodeMemberData({ ...data, shutdown: true }), 'm'), { ...data, shutdown: true })
})

t.test('data of a version before 0.1.0 has no plan', async (t) => {
  const old = Buffer.from('010006633066666565000000010000000000000001000000010000000100000000', 'hex')
  t.same(decodeMemberData(old, 'm'), { ...data, owned: [{ subTopology: 0, partition: 1 }], plan: null, attempt: 0 })
  t.equal(decodeMemberData(Buffer.concat([old, Buffer.from([1])]), 'm').shutdown, true)
})

t.test('a version before 0.1.0 can read our data', async (t) => {
  // Its layout: version, id, two lists, and 1 where the application is to stop; the rest is ignored.
  const bytes = encodeMemberData({ ...data, shutdown: true })
  const afterLists = 3 + data.processId.length + 4 + 16 + 4 + 8
  t.equal(bytes.readInt8(0), 1)
  t.equal(bytes.readInt32BE(3 + data.processId.length), 2)
  t.equal(bytes.readInt8(afterLists), 1)
})

t.test('unreadable member data is an error that names the member', async (t) => {
  const good = encodeMemberData(data)
  const rows: [string, Buffer][] = [
    ['another version', Buffer.from([9, 0, 0])],
    ['nothing', Buffer.alloc(0)],
    ['cut off in the lists', good.subarray(0, 20)],
    ['cut off in the plan', good.subarray(0, good.length - 3)],
    ['a count of two thousand million tasks', Buffer.from('01000061' + '7fffffff', 'hex')],
    ['a negative count', Buffer.from('010000' + 'ffffffff', 'hex')],
    ['a plan of another layout', encodeMemberData({ ...data, plan: [{ id: 'x' }] as never })],
  ]
  for (const [name, bytes] of rows) {
    t.throws(() => decodeMemberData(bytes, 'm-7'), { code: 'GROUP_MEMBER_DATA', message: /m-7/ }, name)
  }
})

t.test('assignment data survives the wire; data of a foreign leader says nothing', async (t) => {
  const sent = { madeFor: -5, held: [{ id: 2, because: plan }], refresh: true }
  t.same(decodeAssignmentData(encodeAssignmentData(sent)), { ...sent, shutdown: false })
  t.equal(decodeAssignmentData(SHUTDOWN).shutdown, true)
  const nothing = { shutdown: false, madeFor: null, held: [], refresh: false }
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from([0, 0, 0, 0, 7]),
    Buffer.from('garbage that is longer than nine bytes'),
    Buffer.concat([Buffer.alloc(8), Buffer.from([3]), Buffer.from('{{{')]),
  ]) {
    t.same(decodeAssignmentData(bytes), nothing)
  }
})

t.test('a fingerprint tells plans apart', async (t) => {
  const others: PlannedSubTopology[][] = [
    [],
    [{ ...plan[0]!, id: 1 }],
    [{ ...plan[0]!, sources: [['in', 4]] }],
    [{ ...plan[0]!, changelogs: [] }],
  ]
  const prints = [plan, ...others].map(fingerprintOf)
  t.equal(new Set(prints).size, prints.length)
})

t.test('what waits is told with what differs', async (t) => {
  const own: PlannedSubTopology = {
    id: 0,
    sources: [
      ['a', 1],
      ['b', 1],
    ],
    changelogs: [],
  }
  const text = describeHeld(own, plan)
  t.match(text, /sub-topology 0 \(reads a of 1 partitions with b of 1 partitions\) waits/)
  t.match(text, /reads in of 3 partitions and writes app-counts-changelog/)
})
