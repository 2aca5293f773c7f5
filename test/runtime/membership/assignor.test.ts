import t from 'tap'
import { seededRandom } from '../../../lib/record/random.js'
import { assignTasks, type MemberFacts } from '../../../lib/runtime/membership/assignor.js'
import { ids } from '../task-ids.js'

const member = (name: string, owned: string[] = [], onDisk: string[] = []): MemberFacts => ({
  memberId: `m-${name}`,
  processId: name,
  owned: ids(owned),
  onDisk: ids(onDisk),
})

const tasks = (subTopologies: number, partitions: number) =>
  Array.from({ length: subTopologies * partitions }, (_, i) => `${Math.floor(i / partitions)}_${i % partitions}`)

t.test('a running task stays, then follows its disk, then goes where there is least', async (t) => {
  const rows: [name: string, taskIds: string[], members: MemberFacts[], expected: Record<string, string[]>][] = [
    ['one member has all', ['0_0', '0_1'], [member('a')], { 'm-a': ['0_0', '0_1'] }],
    [
      'a newcomer takes the overhang only',
      tasks(1, 4),
      [member('a', tasks(1, 4)), member('b')],
      { 'm-a': ['0_0', '0_1'], 'm-b': ['0_2', '0_3'] },
    ],
    [
      'a returning member gets what it has on disk',
      tasks(1, 4),
      [member('a', ['0_0', '0_2', '0_1', '0_3']), member('b', [], ['0_0', '0_2'])],
      { 'm-a': ['0_0', '0_2'], 'm-b': ['0_1', '0_3'] },
    ],
    [
      'state on disk decides between members that run nothing',
      tasks(1, 2),
      [member('a', [], ['0_1']), member('b', [], ['0_0'])],
      { 'm-a': ['0_1'], 'm-b': ['0_0'] },
    ],
    [
      'each sub-topology is spread',
      tasks(2, 2),
      [member('a'), member('b')],
      { 'm-a': ['0_0', '1_0'], 'm-b': ['0_1', '1_1'] },
    ],
    [
      'who gives tasks up gives of each sub-topology',
      tasks(2, 4),
      [member('a', tasks(2, 4)), member('b')],
      { 'm-a': ['0_0', '0_1', '1_0', '1_1'], 'm-b': ['0_2', '0_3', '1_2', '1_3'] },
    ],
    ['more members than tasks', ['0_0'], [member('b'), member('a')], { 'm-a': ['0_0'], 'm-b': [] }],
  ]
  for (const [name, taskIds, members, expected] of rows) {
    const given = [...assignTasks(ids(taskIds), members)].map(([name, tasks]) => [name, tasks.map(String)])
    t.same(Object.fromEntries(given), expected, name)
  }
})

t.test('any history: every task once, loads differ by at most one, and order of members does not matter', async (t) => {
  const random = seededRandom('assignment')
  for (let round = 0; round < 300; round++) {
    const all = tasks(1 + random.int(3), 1 + random.int(12))
    const members = Array.from({ length: 1 + random.int(5) }, (_, i) => {
      const pick = () => all.filter(() => random.next() < 0.4)
      return member(String.fromCharCode(97 + i), pick(), pick())
    })
    const result = assignTasks(ids(all), members)
    t.same([...result.values()].flat().map(String).sort(), [...all].sort())
    const sizes = [...result.values()].map((list) => list.length)
    t.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `sizes ${sizes}`)
    t.same(new Map([...assignTasks(ids(all), [...members].reverse())].sort()), new Map([...result].sort()))
  }
})

t.test('thousands of tasks hold the group up for milliseconds', async (t) => {
  const taskIds = tasks(2, 2_000)
  const rows: [name: string, members: MemberFacts[]][] = [
    ['one member begins', [member('a')]],
    ['one has them all', [member('a', taskIds)]],
    ['one has them all, others come', [member('a', taskIds), ...Array.from({ length: 9 }, (_, i) => member(`b${i}`))]],
    ['one has them on disk', [member('a', [], taskIds), member('b')]],
    ['many begin', Array.from({ length: 50 }, (_, i) => member(`a${i}`))],
  ]
  for (const [name, members] of rows) {
    const before = process.cpuUsage()
    assignTasks(ids(taskIds), members)
    const ms = process.cpuUsage(before).user / 1_000
    t.ok(ms < 1_000, `${name}: ${ms} ms`)
  }
})
