/** Each eye of the simulation, shown what it must see and what it must let pass. */
import t from 'tap'
import {
  type Api,
  BatchBuilder,
  encodeConsumerAssignment,
  encodeRequest,
  encodeResponse,
  fetchApi,
  isFlexible,
  metadataApi,
  type RequestInput,
  type ResponseInput,
  syncGroupApi,
  txnOffsetCommitApi,
} from '../../lib/protocol/index.js'
import { AssignmentEye } from '../../lib/testing/simulation/assignments.js'
import { Deadlines } from '../../lib/testing/simulation/deadlines.js'
import { changedAnswer, refusedAnswer } from '../../lib/testing/simulation/errors.js'
import type { FrameOnWay } from '../../lib/testing/simulation/network.js'
import { SimProcess } from '../../lib/testing/simulation/process.js'
import { MOST_AT_ONCE, RetryEye } from '../../lib/testing/simulation/retries.js'
import { SimStorage } from '../../lib/testing/simulation/storage.js'
import { drawPlan } from '../../lib/testing/simulation/variants.js'
import { SimWorld } from '../../lib/testing/simulation/world.js'

function frame<A extends Api>(
  process: SimProcess,
  api: A,
  version: number,
  body: RequestInput<A>,
  lane: FrameOnWay['lane'] = 'fetch',
): FrameOnWay {
  const header = Buffer.alloc(isFlexible(api, version) ? 11 : 10)
  header.writeInt16BE(api.key, 0)
  header.writeInt16BE(version, 2)
  const request = Buffer.concat([header, encodeRequest(api, version, body)])
  return { process, lane, apiKey: api.key, apiVersion: version, request }
}

function answer<A extends Api>(api: A, version: number, body: ResponseInput<A>): Buffer {
  return Buffer.concat([Buffer.alloc(isFlexible(api, version) ? 5 : 4), encodeResponse(api, version, body)])
}

function seen() {
  const violations: string[] = []
  const violated = (invariant: string, what: string) => violations.push(`${invariant} ${what}`)
  return { violations, violated: (invariant: string, what: string) => void violated(invariant, what) }
}

const NONE = Buffer.alloc(0)

t.test('I4: what is read and committed is assigned', async (t) => {
  const { violations, violated } = seen()
  const world = new SimWorld('test', { trace: false })
  const process = new SimProcess(world, 'a', 0)
  const isMember = () => true
  let calmFromMs = 0
  const countedMs = (sinceMs: number) => world.nowMs - Math.max(sinceMs, calmFromMs)
  const eye = new AssignmentEye({ world, isMember, topicOf: () => undefined, graceMs: 1_000, countedMs, violated })
  const fetch = (partition: number) =>
    eye.sent(
      frame(process, fetchApi, 4, {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 0,
        topics: [{ topic: 'in', partitions: [{ partition, fetchOffset: 0, partitionMaxBytes: 1 }] }],
      }),
    )
  const assign = (generationId: number, partitions: number[]) => {
    const assignment = encodeConsumerAssignment(0, {
      assignedPartitions: [{ topic: 'in', partitions }],
      userData: NONE,
    })
    const request = { groupId: 'g', generationId, memberId: 'm', assignments: [] }
    eye.heard(frame(process, syncGroupApi, 0, request, 'group'), answer(syncGroupApi, 0, { errorCode: 0, assignment }))
  }
  const commit = (generationId: number, partitionIndex: number) => {
    const row = { partitionIndex, committedOffset: 1, committedMetadata: '' }
    const body = { transactionalId: 't', groupId: 'g', producerId: 1, producerEpoch: 0, memberId: 'm', generationId }
    const request = { ...body, topics: [{ name: 'in', partitions: [row] }] }
    const response = { throttleTimeMs: 0, topics: [{ name: 'in', partitions: [{ partitionIndex, errorCode: 0 }] }] }
    eye.answered(frame(process, txnOffsetCommitApi, 3, request, 'produce'), answer(txnOffsetCommitApi, 3, response))
  }
  fetch(0)
  t.match(violations.splice(0), ['I4 a reads in-0, which was never assigned to it'], 'before any assignment')
  assign(1, [0, 1])
  fetch(0)
  commit(1, 1)
  assign(2, [0])
  fetch(1)
  t.same(violations, [], 'what was taken away may be read for a while')
  commit(2, 1)
  t.match(violations.splice(0), ['I4 a commits in-1 in generation 2, which did not give it that'])
  world.nowMs = 5_000
  calmFromMs = 4_500
  fetch(1)
  t.same(violations, [], 'a fault may have held it up')
  calmFromMs = 3_500
  fetch(1)
  t.match(violations, [/^I4 a reads in-1, taken from it/])
})

t.test('I4: an assignment gives a partition to one member', async (t) => {
  const { violations, violated } = seen()
  const world = new SimWorld('test', { trace: false })
  const process = new SimProcess(world, 'leader', 0)
  const options = {
    world,
    isMember: () => true,
    topicOf: () => undefined,
    graceMs: 1_000,
    countedMs: () => 0,
    violated,
  }
  const assignment = encodeConsumerAssignment(0, {
    assignedPartitions: [{ topic: 'in', partitions: [3] }],
    userData: NONE,
  })
  const assignments = ['m', 'n'].map((memberId) => ({ memberId, assignment }))
  const request = { groupId: 'g', generationId: 7, memberId: 'm', assignments }
  new AssignmentEye(options).answered(
    frame(process, syncGroupApi, 0, request, 'group'),
    answer(syncGroupApi, 0, { errorCode: 0, assignment }),
  )
  t.same(violations, ['I4 generation 7 gives in-3 to m and n'])
})

t.test('I11: no retry without a pause, and waiting at the broker is no hurry', async (t) => {
  for (const [pauseMs, brokerMs, wrong] of [
    [0, 0, 1],
    [10, 0, 0],
    [0, 500, 0],
  ] as const) {
    const { violations, violated } = seen()
    const world = new SimWorld('test', { trace: false })
    const process = new SimProcess(world, 'a', 0)
    const eye = new RetryEye(world, violated)
    const way = frame(process, metadataApi, 4, { topics: [], allowAutoTopicCreation: false }, 'admin')
    for (let i = 0; i < 2 * MOST_AT_ONCE; i++) {
      eye.sent(way)
      world.nowMs += 2
      eye.arrived(way)
      world.nowMs += brokerMs
      eye.answered(way)
      world.nowMs += 2
      eye.heard(way)
      world.nowMs += pauseMs
    }
    t.equal(violations.length, wrong, `pause ${pauseMs} ms, broker ${brokerMs} ms`)
  }
  const { violations, violated } = seen()
  const world = new SimWorld('test', { trace: false })
  const eye = new RetryEye(world, violated)
  const process = new SimProcess(world, 'a', 0)
  for (let i = 0; i < 2 * MOST_AT_ONCE; i++) eye.refused(process)
  t.match(violations, [/no broker listens/])
})

t.test('I3 and I7: offsets that go back, and who writes under an epoch that has passed', async (t) => {
  const { violations, violated } = seen()
  const storage = new SimStorage(violated)
  await storage.open()
  const offset = (value: number) => storage.put([['offset/g/in/0', { offset: value }]])
  offset(5)
  offset(7)
  t.same(violations, [])
  offset(6)
  t.match(violations.splice(0), [/^I3 the committed offset of g\/in\/0 went back from 7 to 6/])

  const segment = storage.log('log').create(0)
  const append = (producerEpoch: number) => {
    const builder = new BatchBuilder()
    builder.append(0, null, Buffer.from('v'))
    segment.append(
      builder.build({ producerId: 9, producerEpoch, baseSequence: 0, transactional: true, compression: 'none' }),
    )
  }
  storage.put([['transaction/t', { producerId: 9, epoch: 0 }]])
  append(0)
  storage.put([['transaction/t', { producerId: 9, epoch: 1 }]])
  append(0)
  t.same(violations, [], 'between the new epoch and the marker it is legal')
  append(1)
  append(0)
  t.match(violations, [/^I7 log: producer 9 appended with epoch 0 at 1/])
})

t.test('I8: rebalances that follow one another are not one, and a close has a deadline', async (t) => {
  for (const [agreed, wrong] of [
    [true, 0],
    [false, 1],
  ] as const) {
    const { violations, violated } = seen()
    const world = new SimWorld('test', { trace: false })
    const core = { groups: { get: () => ({ status: 'PreparingRebalance' }) }, topics: { all: () => [] } }
    const deadlines = new Deadlines({
      world,
      plan: drawPlan(1, 'quiet'),
      applicationId: 'app',
      sources: [],
      broker: () => ({ core }) as never,
      instances: () => [],
      violated,
    })
    deadlines.start()
    const request = { groupId: 'g', generationId: 1, memberId: 'm', assignments: [] }
    const sync = frame(new SimProcess(world, 'a', 0), syncGroupApi, 0, request, 'group')
    for (let i = 0; i < 10; i++) {
      await world.run(() => false, 2_000)
      deadlines.answered(sync, answer(syncGroupApi, 0, { errorCode: agreed ? 0 : 27, assignment: NONE }))
    }
    t.equal(violations.length, wrong, agreed ? 'the group agreed each time' : 'it was told to join again each time')
    deadlines.closed('b.1', world.nowMs - 1_000)
    t.equal(violations.length, wrong, 'a close takes a moment')
    deadlines.closed('b.1', world.nowMs - 15_000)
    t.match(violations.at(-1), /^I8 b.1 took 15000 ms of calm to close/)
    deadlines.end()
  }
})

t.test('I8 and I9: a rebalance, a lag and a last stable offset that do not move', async (t) => {
  const { violations, violated } = seen()
  const world = new SimWorld('test', { trace: false })
  const log = { partition: 0, lastStableOffset: 10, endOffset: 20 }
  const group = { status: 'PreparingRebalance' }
  const topic = { name: 'in', partitions: [log] }
  const core = {
    groups: { get: () => group },
    topics: { named: () => topic, all: () => [topic] },
    offsets: { get: () => ({ offset: 3 }) },
  }
  const deadlines = new Deadlines({
    world,
    plan: drawPlan(1, 'quiet'),
    applicationId: 'app',
    sources: ['in'],
    broker: () => ({ core }) as never,
    instances: () => [],
    violated,
  })
  deadlines.disturbed(0)
  deadlines.start()
  await world.run(() => false, 1_000)
  t.same(violations, [], 'nothing is late yet')
  await world.run(() => false, 120_000)
  const kinds = violations.map((text) => text.split(' ').slice(0, 3).join(' ')).sort()
  t.same(kinds, ['I8 a rebalance', 'I8 in-0 is', 'I9 the last'], violations.join('; '))
  deadlines.end()
})

t.test('I8: a rebalance may wait for a static member that restarts, until its session ends', async (t) => {
  const plan = drawPlan(1, 'quiet')
  const { sessionTimeoutMs } = plan.times
  const rows: readonly [what: string, awayFor: (nowMs: number) => number | null, late: boolean][] = [
    ['nobody is away', () => null, true],
    ['one is', (nowMs) => nowMs - 100, false],
    ['one is away for longer than its session', (nowMs) => nowMs - sessionTimeoutMs - 1, true],
    ['one after the other is', (nowMs) => nowMs - (nowMs % 1_000), false],
    ['one was', (nowMs) => (nowMs < 1_000 ? 0 : null), true],
  ]
  for (const [what, awayFor, late] of rows) {
    const { violations, violated } = seen()
    const world = new SimWorld('test', { trace: false })
    const core = { groups: { get: () => ({ status: 'PreparingRebalance' }) }, topics: { all: () => [] } }
    const instance = {
      member: false,
      process: { timers: 0 },
      get awaySinceMs() {
        return awayFor(world.nowMs)
      },
    }
    const deadlines = new Deadlines({
      world,
      plan,
      applicationId: 'app',
      sources: [],
      broker: () => ({ core }) as never,
      instances: () => [instance as never],
      violated,
    })
    deadlines.start()
    await world.run(() => false, 20_000)
    t.equal(violations.length, late ? 1 : 0, `${what}: ${violations}`)
    deadlines.end()
  }
})

t.test('a refusal has the code everywhere, and a changed answer where it had one', async (t) => {
  const world = new SimWorld('test', { trace: false })
  const process = new SimProcess(world, 'a', 0)
  const row = { partitionIndex: 2, committedOffset: 1, committedMetadata: '' }
  const body = { transactionalId: 't', groupId: 'g', producerId: 1, producerEpoch: 0, memberId: 'm', generationId: 1 }
  const { request } = frame(process, txnOffsetCommitApi, 3, { ...body, topics: [{ name: 'in', partitions: [row] }] })
  const partitions = (errorCode: number) => [{ partitionIndex: 2, errorCode }]
  const told = (errorCode: number) =>
    answer(txnOffsetCommitApi, 3, { throttleTimeMs: 0, topics: [{ name: 'in', partitions: partitions(errorCode) }] })
  t.same(refusedAnswer(request, 16), told(16))
  t.same(changedAnswer(request, told(0), 51), told(51))
})
