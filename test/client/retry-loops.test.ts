/**
 * Every loop of the client that asks again, against a broker that never gives in: there is a pause before each attempt,
 * pauses grow to a limit, the loop ends in its time or with the client, and a closing client ends it at once.
 */
import t from 'tap'
import { Fetcher } from '../../lib/client/fetcher.js'
import type { MillraceError } from '../../lib/errors.js'
import { KAFKA_ERROR } from '../../lib/protocol/index.js'
import { LaneConnections } from '../../lib/transport/lane-connections.js'
import { type Script, ScriptedBroker } from './scripted-broker.js'
import { coordinator, drop, joined, LOOPS, type Loop, memberOf } from './stubborn.js'

const E = KAFKA_ERROR
const ENDLESS_ATTEMPTS = 40

async function begun({ api, script, act, afterStart }: Loop) {
  const broker = new ScriptedBroker()
  if (afterStart === true) await broker.cluster.topicNames()
  broker.always(api, script)
  const first = broker.named(api).length
  const times = () =>
    broker
      .named(api)
      .slice(first)
      .map(({ atMs }) => atMs)
  const state = { settled: false, error: null as unknown }
  const ended = act(broker).then(
    () => {
      state.settled = true
    },
    (error) => {
      state.settled = true
      state.error = error
    },
  )
  const until = async (attempts: number) => {
    while (!state.settled && times().length < attempts) await broker.clock.nextTurn()
  }
  return { broker, times, state, ended, until, startMs: broker.clock.now() }
}

t.test('each attempt comes after a pause; pauses grow to a limit; what has a time ends in it', async (t) => {
  for (const loop of LOOPS) {
    const { name, endsMs } = loop
    const { broker, times, state, until, startMs } = await begun(loop)
    await until(endsMs === null ? ENDLESS_ATTEMPTS : Number.POSITIVE_INFINITY)
    const takenMs = broker.clock.now() - startMs
    const gaps = times().map((atMs, i, all) => (i === 0 ? Number.POSITIVE_INFINITY : atMs - all[i - 1]!))
    t.equal(gaps.filter((gap) => gap < 0.8).length, loop.atOnce ?? 0, `${name}: no attempt without a pause`)
    if (endsMs === null) {
      t.notOk(state.settled, `${name}: goes on`)
      t.ok(Math.min(...gaps.slice(-5)) >= 400, `${name}: pauses have grown (${gaps.slice(-5)})`)
      t.ok(Math.max(...gaps.slice(1)) <= 6_500, `${name}: to a limit`)
    } else {
      t.ok(state.settled && takenMs <= endsMs, `${name}: ended after ${takenMs} of ${endsMs} ms`)
      const most = loop.attempts ?? 20 + endsMs / 300
      t.ok(gaps.length <= most, `${name}: ${gaps.length} attempts, at most ${most}`)
      t.ok(gaps.length >= 4, `${name}: ${gaps.length} attempts`)
    }
    await broker.cluster.close()
  }
})

t.test('a client that closes ends every loop at once', async (t) => {
  for (const loop of LOOPS) {
    const { name, endsMs } = loop
    const { broker, times, state, ended, until } = await begun(loop)
    await until(3)
    const attempts = times().length
    const closedMs = broker.clock.now()
    await broker.cluster.close()
    await ended
    t.ok(broker.clock.now() - closedMs < 0.8, `${name}: at once`)
    t.equal(times().length, attempts, `${name}: nobody is asked any more`)
    if (endsMs === null) t.match(state.error, { code: 'CLIENT_CLOSED' }, name)
  }
})

t.test('a partition that brokers answer and do not give is told of, after a second', async (t) => {
  const rows: readonly (readonly [name: string, isTold: boolean])[] = [
    ['fetch: not the leader', true],
    ['fetch: an error of the broker', true],
    ['fetch: damaged on the broker', true],
    ['fetch: a changed bit', true],
    ['fetch: no leader', true],
    ['fetch: the connection drops', false],
  ]
  for (const [name, isTold] of rows) {
    const loop = LOOPS.find((one) => one.name.endsWith(name))!
    const broker = new ScriptedBroker()
    broker.always(loop.api, loop.script)
    const told: { readonly atMs: number; readonly at: object }[] = []
    const { clock, cluster } = broker
    const onRetry = (_error: MillraceError, at: object) => void told.push({ atMs: clock.now(), at })
    const fetcher = new Fetcher({ cluster, isolation: 'readCommitted', onError: () => undefined, onRetry })
    const startMs = clock.now()
    fetcher.add({ topic: 'in', partition: 0 }, 5)
    while (clock.now() < startMs + 4_000) await clock.nextTurn()
    fetcher.close()
    await cluster.close()
    t.equal(told.length > 0, isTold, `${name}: told ${told.length} times`)
    if (!isTold) continue
    const afterMs = told[0]!.atMs - startMs
    t.ok(afterMs >= 800 && afterMs <= 2_000, `${name}: first after ${afterMs} ms`)
    t.same(told[0]!.at, { topic: 'in', partition: 0, offset: 5 }, name)
  }
})

t.test('leaving a group takes three seconds at most', async (t) => {
  const hang: Script = () => 'hang'
  for (const [api, script] of [
    ['LeaveGroup', hang],
    ['LeaveGroup', drop],
    ['FindCoordinator', coordinator(E.COORDINATOR_NOT_AVAILABLE)],
  ] as const) {
    const broker = new ScriptedBroker()
    broker.always('JoinGroup', joined(0))
    broker.always('SyncGroup', () => ({ errorCode: 0, assignment: Buffer.alloc(0) }))
    const member = memberOf(broker)
    await member.join()
    broker.always(api, script)
    // Whoever coordinates has to be asked for again.
    if (api === 'FindCoordinator') broker.cluster.noteError(E.NOT_COORDINATOR, { coordinator: 'group', key: 'g' })
    const startMs = broker.clock.now()
    await member.leave()
    t.ok(broker.clock.now() - startMs <= 3_001, `${api}: ${broker.clock.now() - startMs} ms`)
    await broker.cluster.close()
  }
})

t.test('closing fails what waits for an answer, and what waits for a connection', async (t) => {
  const hanging = new ScriptedBroker()
  hanging.always('Metadata', () => 'hang')
  const waiting = hanging.cluster.topic('in')
  while (hanging.named('Metadata').length === 0) await hanging.clock.nextTurn()
  await hanging.cluster.close()
  await t.rejects(waiting, { code: 'CLIENT_CLOSED' })
  await t.rejects(hanging.cluster.topic('in'), { code: 'CLIENT_CLOSED' })

  const { clock } = hanging
  const connecting = new LaneConnections(() => new Promise(() => undefined), clock)
  const unsent = connecting.send({ host: 'far', port: 1 }, 'admin', {
    apiKey: 3,
    apiVersion: 1,
    body: Buffer.alloc(0),
    flexibleRequest: false,
    flexibleResponse: false,
    timeoutMs: 30_000,
  })
  const beforeMs = clock.now()
  await connecting.close()
  await t.rejects(unsent, { code: 'TRANSPORT_CLOSED' })
  t.equal(clock.now(), beforeMs)
})
