/** A group that changes while input goes on, in versions, and with members that are not ours. */
import t from 'tap'
import { GroupMember } from '../../lib/client/group-member.js'
import { connect, Streams, StreamsBuilder, type Topology } from '../../lib/index.js'
import { systemClock } from '../../lib/record/clock.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { embedded } from './embedded.js'
import { heldTransport, started, text, until } from './group-rig.js'

const pass = (...topics: string[]): Topology => {
  const builder = new StreamsBuilder()
  for (const topic of topics) builder.stream(topic, text).to('out')
  return builder.build()
}
const merged = (): Topology => {
  const builder = new StreamsBuilder()
  builder.stream('a', text).merge(builder.stream('b', text)).to('out')
  return builder.build()
}

/** Sends a record to each of `topics` again and again until stopped; says how many it sent. */
function steady(send: (lines: { topic: string; key: string; value: string }[]) => Promise<void>, topics: string[]) {
  let on = true
  let sent = 0
  const done = (async () => {
    for (; on; sent++) {
      await send(topics.map((topic) => ({ topic, key: `k${sent}`, value: `${topic}${sent}` })))
      // Everything is in one process: the others get a turn.
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    return sent
  })()
  return async () => {
    on = false
    return done
  }
}

t.test('a second instance gets tasks while input never stops', async (t) => {
  const world = await embedded(t, { in: 2, out: 2 })
  const slowProduce = heldTransport(world.broker, {
    before: async (request) => {
      // A commit takes so long that the next is always pending.
      if (request.apiKey === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  })
  const base = { applicationId: 'app', broker: world.broker, sessionTimeoutMs: 6_000, heartbeatIntervalMs: 50 }
  const a = await started(t, pass('in'), { ...base, transport: slowProduce })
  const stop = steady(world.send, ['in'])
  await until(() => (a.committedOffset('in', 0) ?? 0) > 20)
  const b = await started(t, pass('in'), base)
  t.ok(await until(() => a.tasks().length === 1 && b.tasks().length === 1, 3_000), 'each has one')
  const c = await started(t, pass('in'), base)
  t.same(c.tasks(), [], 'a third has none')
  await b.close({ leaveGroup: true })
  t.ok(await until(() => c.tasks().length === 1, 3_000), 'and takes over')
  const sent = await stop()
  const rows = await world.until('out', (all) => all.length >= sent)
  t.equal(rows.length, sent)
  t.equal(new Set(rows).size, sent, 'each record once')
})

t.test('two versions that read the same topics otherwise: one owner at a time, then the next', async (t) => {
  const world = await embedded(t, { a: 1, b: 1, out: 1 })
  const warned: string[] = []
  const log = { ...silentLog, warn: (_fields: object, message: string) => warned.push(message) }
  const base = { applicationId: 'app', broker: world.broker, heartbeatIntervalMs: 50, sessionTimeoutMs: 6_000 }
  const old = await started(t, pass('a', 'b'), base)
  const young = await started(t, merged(), { ...base, log })
  t.same(young.tasks(), [])
  t.match(young.held(), [/sub-topology 0 \(reads a of 1 partitions with b of 1 partitions\) waits/])
  t.equal(warned.filter((message) => message.includes('waits')).length, 1)
  const stop = steady(world.send, ['a', 'b'])
  await until(() => (old.committedOffset('a', 0) ?? 0) > 10)
  await old.close({ leaveGroup: true })
  t.ok(await until(() => young.tasks().length === 1), 'it runs once the other has gone')
  t.same(young.held(), [])
  const sent = await stop()
  const rows = await world.until('out', (all) => all.length >= 2 * sent)
  t.equal(rows.length, 2 * sent)
  t.equal(new Set(rows).size, 2 * sent, 'each record once')
})

t.test('one application id, two topologies with nothing in common: each runs its own', async (t) => {
  const world = await embedded(t, { a: 3, b: 3, out: 1 })
  const base = { applicationId: 'app', broker: world.broker, heartbeatIntervalMs: 50, sessionTimeoutMs: 6_000 }
  const first = await started(t, pass('a'), base)
  const second = await started(t, pass('b'), base)
  await until(() => first.tasks().length === 3 && second.tasks().length === 3)
  await world.send(['a', 'b'].flatMap((topic) => ['1', '2', '3'].map((key) => ({ topic, key, value: topic }))))
  t.equal((await world.until('out', (rows) => rows.length >= 6)).length, 6)
})

/** A member that speaks the protocol and says or assigns something else. */
function foreigner(broker: Parameters<typeof heldTransport>[0], userData: Buffer) {
  const cluster = connect({ broker })
  const member = new GroupMember({
    cluster,
    clock: systemClock,
    groupId: 'app',
    groupInstanceId: null,
    sessionTimeoutMs: 3_000,
    rebalanceTimeoutMs: 3_000,
    heartbeatIntervalMs: 50,
    protocolName: 'millrace',
    subscription: () => ({ topics: ['in'], userData }),
    assign: (members) =>
      new Map(members.map(({ memberId }) => [memberId, { partitions: [{ topic: 'in', partition: 0 }], userData }])),
  })
  member.onRebalanceNeeded = () => void member.join().catch(() => undefined)
  return {
    join: () => member.join(),
    async close() {
      await member.leave()
      await cluster.close()
    },
  }
}

for (const [name, bytes] of [
  ['a newer version', Buffer.from([2, 0, 0])],
  ['nothing', Buffer.alloc(0)],
  ['garbage', Buffer.from('0100ffffffffffffffffffffffffff', 'hex')],
] as const) {
  t.test(`a member that says ${name} gets no task, and the others go on`, async (t) => {
    const world = await embedded(t, { in: 3, out: 1 })
    const base = { applicationId: 'app', broker: world.broker, heartbeatIntervalMs: 50, sessionTimeoutMs: 6_000 }
    const ours = [await started(t, pass('in'), base), await started(t, pass('in'), base)]
    const foreign = foreigner(world.broker, bytes)
    t.same((await foreign.join()).partitions, [])
    await until(() => ours.flatMap((each) => each.tasks()).length === 3)
    await world.send(['1', '2', '3', '4', '5', '6'].map((key) => ({ topic: 'in', key, value: 'v' })))
    t.equal((await world.until('out', (rows) => rows.length >= 6)).length, 6)
    t.same(
      ours.map(({ state }) => state),
      ['running', 'running'],
    )
    await foreign.close()
  })

  t.test(`a leader that says ${name} is obeyed where it makes sense, and outlived`, async (t) => {
    const world = await embedded(t, { in: 3, out: 1 })
    const foreign = foreigner(world.broker, bytes)
    await foreign.join()
    const streams = new Streams(pass('in'), {
      applicationId: 'app',
      broker: world.broker,
      heartbeatIntervalMs: 50,
      sessionTimeoutMs: 6_000,
    })
    streams.finished.catch((error) => t.fail(error.message))
    await streams.start()
    await foreign.close()
    t.ok(await until(() => streams.tasks().length === 3), 'it has all tasks when the foreign leader has gone')
    await streams.close({ leaveGroup: true })
  })
}
