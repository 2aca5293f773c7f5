/** The leader's work where members run one version of the topology, several, or something else altogether. */
import t from 'tap'
import { seededRandom } from '../../../lib/record/random.js'
import { type TaskId, taskIdOf } from '../../../lib/record/task-id.js'
import { agree } from '../../../lib/runtime/membership/agreement.js'
import { assignPartitions } from '../../../lib/runtime/membership/assign.js'
import { decodeAssignmentData, SHUTDOWN } from '../../../lib/runtime/membership/assignment-data.js'
import {
  encodeMemberData,
  fingerprintOf,
  type PlannedSubTopology,
} from '../../../lib/runtime/membership/subscription-data.js'
import { ids } from '../task-ids.js'

type Plan = readonly PlannedSubTopology[]

const sub = (id: number, sources: Record<string, number>, changelogs: string[] = []): PlannedSubTopology => ({
  id,
  sources: Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1)),
  changelogs,
})

interface Said {
  readonly plan: Plan | null
  readonly owned?: string[]
  readonly shutdown?: boolean
}

function member(name: string, { plan, owned = [], shutdown = false }: Said) {
  const userData = encodeMemberData({ processId: name, owned: ids(owned), onDisk: [], shutdown, plan, attempt: 0 })
  return { memberId: name, groupInstanceId: null, topics: [], userData }
}

/** Member → `topic-partition`s, `leader` first. */
function assigned(members: Readonly<Record<string, Said>>, leader = Object.values(members)[0]!.plan!) {
  const joined = Object.entries(members).map(([name, said]) => member(name, said))
  const result = assignPartitions(leader, joined, () => t.fail('all are readable'))
  return Object.fromEntries(
    [...result].map(([name, { partitions }]) => [name, partitions.map((p) => `${p.topic}-${p.partition}`).sort()]),
  )
}

const apart = [sub(0, { a: 1 }), sub(1, { b: 1 })]
const merged = [sub(0, { a: 1, b: 1 })]
const counts = [sub(0, { in: 2 }, ['counts'])]
const renumbered = [sub(0, { first: 1 }), sub(1, { in: 2 }, ['counts'])]
const grown = [sub(0, { in: 3 }, ['counts'])]

t.test('versions of a topology share what is equal, and exclude each other elsewhere', async (t) => {
  const rows: [name: string, members: Record<string, Said>, expected: Record<string, string[]>, leader?: Plan][] = [
    ['one version', { x: { plan: counts }, y: { plan: counts } }, { x: ['in-0'], y: ['in-1'] }],
    [
      'other sub-topologies of the same source wait for those that run',
      { old: { plan: apart, owned: ['0_0', '1_0'] }, young: { plan: merged } },
      { old: ['a-0', 'b-0'], young: [] },
    ],
    [
      'also if the newcomer leads',
      { young: { plan: merged }, old: { plan: apart, owned: ['0_0', '1_0'] } },
      { old: ['a-0', 'b-0'], young: [] },
    ],
    ['they come in once the others have gone', { young: { plan: merged } }, { young: ['a-0', 'b-0'] }],
    [
      'nothing runs: what most members have',
      { x: { plan: merged }, y: { plan: apart }, z: { plan: apart } },
      { x: [], y: ['a-0'], z: ['b-0'] },
    ],
    [
      'an equal sub-topology under another number is shared',
      { old: { plan: counts, owned: ['0_0', '0_1'] }, young: { plan: renumbered } },
      { old: ['in-0'], young: ['first-0', 'in-1'] },
    ],
    [
      'a common changelog excludes, too',
      { x: { plan: [sub(0, { a: 1 }, ['s'])], owned: ['0_0'] }, y: { plan: [sub(0, { b: 1 }, ['s'])] } },
      { x: ['a-0'], y: [] },
    ],
    [
      'two topologies without anything in common run side by side',
      { x: { plan: counts }, y: { plan: [sub(0, { other: 2 })] } },
      { x: ['in-0', 'in-1'], y: ['other-0', 'other-1'] },
    ],
    [
      'a member that sees more partitions waits for the others to see them',
      { x: { plan: counts, owned: ['0_0', '0_1'] }, y: { plan: grown } },
      { x: ['in-0', 'in-1'], y: [] },
    ],
    [
      'a version before 0.1.0 is taken to run what the leader runs',
      { x: { plan: counts }, y: { plan: null } },
      { x: ['in-0'], y: ['in-1'] },
    ],
    ['sources of unequal size', { x: { plan: [sub(0, { a: 1, b: 3 })] } }, { x: ['a-0', 'b-0', 'b-1', 'b-2'] }],
  ]
  for (const [name, members, expected, leader] of rows) t.same(assigned(members, leader), expected, name)
})

t.test('each member hears what its assignment was made for, what waits and why', async (t) => {
  const result = assignPartitions(
    apart,
    [member('old', { plan: apart, owned: ['0_0', '1_0'] }), member('young', { plan: merged })],
    () => t.fail(),
  )
  const old = decodeAssignmentData(result.get('old')!.userData)
  const young = decodeAssignmentData(result.get('young')!.userData)
  t.same(old, { shutdown: false, madeFor: fingerprintOf(apart), held: [], refresh: true })
  t.same(young, { shutdown: false, madeFor: fingerprintOf(merged), held: [{ id: 0, because: apart }], refresh: true })
})

t.test('a member that cannot be read gets nothing, and the others go on', async (t) => {
  const unreadable: unknown[] = []
  const foreign = { memberId: 'foreign', groupInstanceId: null, topics: ['in'], userData: Buffer.from([2, 0, 0]) }
  const result = assignPartitions(counts, [foreign, member('x', { plan: counts })], (error) => unreadable.push(error))
  t.same([...result.keys()], ['x'])
  t.equal(result.get('x')!.partitions.length, 2)
  t.match(unreadable, [{ code: 'GROUP_MEMBER_DATA' }])
})

t.test('one member asks all to stop', async (t) => {
  const result = assignPartitions(
    counts,
    [member('x', { plan: counts }), member('y', { plan: counts, shutdown: true })],
    () => t.fail(),
  )
  for (const { userData, partitions } of result.values()) {
    t.ok(userData.equals(SHUTDOWN))
    t.same(partitions, [])
  }
})

t.test('any mix of versions: no partition is assigned twice, and each member can run all it gets', async (t) => {
  const random = seededRandom('versions')
  const topics = ['a', 'b', 'c', 'd']
  const draw = (): Plan => {
    const left = topics.filter(() => random.next() < 0.8)
    const plan: PlannedSubTopology[] = []
    while (left.length > 0) {
      const some = left.splice(0, 1 + random.int(left.length))
      const sources = Object.fromEntries(some.map((topic) => [topic, 1 + random.int(3)]))
      plan.push(sub(plan.length, sources, random.next() < 0.5 ? [`store-${random.int(3)}`] : []))
    }
    return plan
  }
  for (let round = 0; round < 500; round++) {
    const versions = [draw(), draw(), draw()]
    const members = Array.from({ length: 1 + random.int(5) }, (_, i) => {
      const plan = versions[random.int(3)]!
      const tasks = plan.flatMap(({ id, sources }) =>
        Array.from({ length: Math.max(...sources.map(([, n]) => n)) }, (_, p) => `${id}_${p}`),
      )
      return [`m${i}`, { plan, owned: tasks.filter(() => random.next() < 0.3) }] as const
    })
    const result = assigned(Object.fromEntries(members))
    const all = Object.values(result).flat()
    t.equal(new Set(all).size, all.length, 'once')
    for (const [name, { plan }] of members) {
      const sources = new Map(
        plan.flatMap(({ id, sources: topicsOf }) =>
          Array.from({ length: Math.max(...topicsOf.map(([, n]) => n)) }, (_, partition) => [
            taskIdOf(id, partition),
            topicsOf.filter(([, n]) => partition < n).map(([topic]) => ({ topic, partition })),
          ]),
        ) as [TaskId, { topic: string; partition: number }[]][],
      )
      const partitions = result[name]!.map((text) => ({ topic: text.slice(0, -2), partition: Number(text.slice(-1)) }))
      t.same(agree(sources, partitions).unused, [], 'agrees with its plan')
    }
    const reversed = assigned(Object.fromEntries([...members].reverse()), members[0]![1].plan)
    t.same(reversed, result, 'the order of members does not matter')
  }
})

t.test('a member runs only tasks whose every source is assigned to it', async (t) => {
  const p = (topic: string, partition = 0) => ({ topic, partition })
  const sources = new Map([
    [taskIdOf(0, 0), [p('a'), p('b')]],
    [taskIdOf(1, 0), [p('c')]],
  ])
  const rows: [string, ReturnType<typeof p>[], string[], string[]][] = [
    ['all', [p('a'), p('b'), p('c')], ['0_0', '1_0'], []],
    ['half a task', [p('a'), p('c')], ['1_0'], ['a']],
    ['a topic it does not read', [p('c'), p('x')], ['1_0'], ['x']],
    ['a partition it does not have', [p('c', 1)], [], ['c']],
    ['nothing', [], [], []],
  ]
  for (const [name, assignedNow, tasks, unused] of rows) {
    const agreement = agree(sources, assignedNow)
    t.same([...agreement.tasks], ids(tasks), name)
    t.same(
      agreement.unused.map(({ topic }) => topic),
      unused,
      name,
    )
  }
})
