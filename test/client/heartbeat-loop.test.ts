/** Heartbeats as rows: what the coordinator answers, and what the member hears. */
import t from 'tap'
import { HeartbeatLoop } from '../../lib/client/heartbeat/heartbeat-loop.js'
import type { HeartbeatSettings } from '../../lib/client/heartbeat/heartbeats.js'
import { Progress, ProgressView } from '../../lib/client/heartbeat/progress.js'
import type { MillraceError } from '../../lib/errors.js'
import { KAFKA_ERROR as E } from '../../lib/protocol/error-codes.js'
import { delay } from '../../lib/record/clock.js'
import { answers, ScriptedBroker } from './scripted-broker.js'

const identity = { groupId: 'g', memberId: 'm', generationId: 3, groupInstanceId: null }

function rig(options: Partial<HeartbeatSettings> = {}, progress: Progress | null = null) {
  const broker = new ScriptedBroker()
  const refused: number[] = []
  const lost: MillraceError[] = []
  const loop = new HeartbeatLoop({
    groupId: 'g',
    groupInstanceId: null,
    sessionTimeoutMs: 1_000,
    heartbeatIntervalMs: 100,
    maxPollIntervalMs: 5_000,
    ...options,
    cluster: broker.cluster,
    clock: broker.clock,
    events: { onRefused: (code) => refused.push(code), onLost: (error) => lost.push(error) },
    progress: progress === null ? null : new ProgressView(progress.memory, progress.names),
    goesOnWhileJoining: false,
  })
  const beats = () => broker.named('Heartbeat').length
  return { broker, loop, refused, lost, beats, pass: (ms: number) => delay(broker.clock, ms) }
}

const OTHER_MEANS = 3

t.test('what the coordinator answers, and what follows', async (t) => {
  const rows: [answer: string, code: number, told: number[], goesOn: boolean][] = [
    ['nothing special', E.NONE, [], true],
    ['a rebalance', E.REBALANCE_IN_PROGRESS, [E.REBALANCE_IN_PROGRESS], true],
    ['the coordinator moved', E.NOT_COORDINATOR, [E.NOT_COORDINATOR], true],
    ['the coordinator starts', E.COORDINATOR_LOAD_IN_PROGRESS, [E.COORDINATOR_LOAD_IN_PROGRESS], true],
    ['a generation that ended', E.ILLEGAL_GENERATION, [E.ILLEGAL_GENERATION], false],
    ['a member that was dropped', E.UNKNOWN_MEMBER_ID, [E.UNKNOWN_MEMBER_ID], false],
    ['another process with its instance id', E.FENCED_INSTANCE_ID, [E.FENCED_INSTANCE_ID], false],
    ['no permission', E.GROUP_AUTHORIZATION_FAILED, [E.GROUP_AUTHORIZATION_FAILED], false],
  ]
  for (const [answer, code, told, goesOn] of rows) {
    const r = rig()
    r.broker.on('Heartbeat', answers(code))
    r.loop.start(identity)
    await r.pass(1_050)
    r.loop.stop()
    t.same(r.refused, told, answer)
    t.equal(r.beats() > OTHER_MEANS, goesOn, `${answer}: ${r.beats()} heartbeats`)
    t.same(r.lost, [], answer)
  }
})

t.test('an unreachable coordinator is asked more often, and lost after the session', async (t) => {
  const r = rig()
  r.broker.on('Heartbeat', ...Array.from({ length: 60 }, () => () => 'drop' as const))
  r.loop.start(identity)
  await r.pass(900)
  t.same(r.lost, [])
  await r.pass(400)
  t.same(
    r.lost.map(({ code }) => code),
    ['GROUP_STALE_GENERATION'],
  )
  const beats = r.beats()
  await r.pass(1_000)
  t.equal(r.beats(), beats, 'and then left alone')
})

t.test('stopped or joining: no heartbeat, and no answer on its way is told', async (t) => {
  for (const end of ['stop', 'joining'] as const) {
    const r = rig()
    r.broker.on('Heartbeat', () => {
      r.loop[end]()
      return { throttleTimeMs: 0, errorCode: E.UNKNOWN_MEMBER_ID }
    })
    r.loop.start(identity)
    await r.pass(2_000)
    t.same([r.refused, r.lost, r.beats()], [[], [], 1], end)
  }
})

t.test('a loop that does not come round: the member leaves and the record in hand is named', async (t) => {
  const rows: [what: string, groupInstanceId: string | null, leaves: number][] = [
    ['dynamic', null, 1],
    ['static', 'one', 0],
  ]
  for (const [what, groupInstanceId, leaves] of rows) {
    const progress = new Progress()
    const r = rig({ groupInstanceId }, progress)
    r.loop.start({ ...identity, groupInstanceId })
    for (let turn = 0; turn < 20; turn++) {
      progress.turn()
      await r.pass(1_000)
    }
    t.same(r.lost, [], `${what}: 20 s of slow turns are no reason`)
    progress.enter(progress.place({ taskId: '0_1', topic: 'orders', partition: 1 }), 42)
    progress.at(progress.node('price'))
    await r.pass(4_000)
    t.same(r.lost, [], `${what}: nor are 4 s without one`)
    await r.pass(1_200)
    const [error] = r.lost
    t.match(error, {
      code: 'GROUP_POLL_INTERVAL',
      taskId: '0_1',
      topic: 'orders',
      partition: 1,
      offset: 42,
      node: 'price',
    })
    t.match(error?.message, /5000 ms.*at offset 42 of orders-1 in task 0_1, node price/)
    const beats = r.beats()
    await r.pass(2_000)
    t.equal(r.beats(), beats, `${what}: no heartbeat after that`)
    t.equal(r.broker.named('LeaveGroup').length, leaves, what)
  }
})

t.test('what is in hand where it is no record', async (t) => {
  const progress = new Progress()
  const view = new ProgressView(progress.memory, progress.names)
  t.equal(view.where(), null)
  progress.enter(progress.place({ taskId: '0_1' }), -1)
  t.same(view.where(), { taskId: '0_1' })
  progress.enter(progress.place({ taskId: '0_2', topic: 'a', partition: 2 }), 2 ** 40)
  t.same(view.where(), { taskId: '0_2', topic: 'a', partition: 2, offset: 2 ** 40 })
  t.equal(progress.place({ taskId: '0_1' }), 1, 'a place keeps its number')
  progress.leave()
  t.equal(view.where(), null)
})
