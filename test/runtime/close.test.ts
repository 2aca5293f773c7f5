/** An instance ends when it is told to, whatever brokers, handlers and disks do; and it begins once. */
import t from 'tap'
import { Streams, StreamsBuilder } from '../../lib/index.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { embedded } from './embedded.js'
import { counting, Gate, gatedEngines, heldTransport, started, text, until } from './group-rig.js'

t.test('a second start is an error, in every state', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const streams = new Streams(counting(), { applicationId: 'app', broker: world.broker })
  const starting = streams.start()
  await t.rejects(streams.start(), { code: 'STREAMS_STATE', message: /starting/ })
  await starting
  await t.rejects(streams.start(), { code: 'STREAMS_STATE', message: /running/ })
  await streams.close({ leaveGroup: true })
  await t.rejects(streams.start(), { code: 'STREAMS_STATE', message: /closed/ })
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  t.same(await world.committed('out'), [], 'nothing runs after the end')
})

t.test('`finished` tells the end, whenever it was asked for', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const closed = new Streams(counting(), { applicationId: 'app', broker: world.broker })
  let ended = false
  const early = closed.finished.then(() => {
    ended = true
  })
  await closed.start()
  t.equal(ended, false, 'not at once')
  await closed.close({ leaveGroup: true })
  await early
  await closed.finished

  const failing = new Streams(
    counting(() => {
      throw new Error('no')
    }),
    { applicationId: 'app', broker: world.broker },
  )
  const heard = t.rejects(failing.finished, { code: 'PROCESS_FAILED' })
  await failing.start()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await heard
  await t.rejects(failing.finished, { code: 'PROCESS_FAILED' })

  const never = new Streams(counting(), { applicationId: 'app', broker: world.broker })
  await never.close()
  await never.finished
})

t.test('a failure nobody waits for is logged and sets the exit code; asking afterwards takes that back', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const errors: string[] = []
  const log = { ...silentLog, error: (_fields: object, message: string) => errors.push(message) }
  const streams = new Streams(
    counting(() => {
      throw new Error('no')
    }),
    { applicationId: 'app', broker: world.broker, log },
  )
  await streams.start()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await until(() => streams.state === 'failed')
  await until(() => process.exitCode === 1)
  t.equal(process.exitCode, 1)
  t.ok(errors.some((message) => message.includes('exit code')))
  await t.rejects(streams.finished, { code: 'PROCESS_FAILED' })
  t.equal(process.exitCode, undefined)
})

t.test('brokers that never answer again: close ends in time and says what it left', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const gate = new Gate()
  const transport = heldTransport(world.broker, { before: () => gate.pass() })
  const warned: object[] = []
  const log = { ...silentLog, warn: (fields: object) => warned.push(fields) }
  const streams = new Streams(counting(), { applicationId: 'app', broker: world.broker, transport, log })
  await streams.start()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await until(() => streams.committedOffset('in', 0) !== 0)
  // What is fetched already is processed; its commit is never answered.
  const committedOffset = streams.committedOffset('in', 0)!
  gate.shut()
  const beganMs = performance.now()
  const { uncommitted } = await streams.close({ timeoutMs: 500 })
  t.ok(performance.now() - beganMs < 2_000, 'in time')
  t.equal(streams.state, 'closed')
  for (const left of uncommitted) t.match(left, { taskId: '0_0', topic: 'in', partition: 0, committedOffset })
  gate.release()
})

t.test('work whose commit hangs is named, and processed by the next instance', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const gate = new Gate()
  const produce = 0
  const transport = heldTransport(world.broker, {
    before: async ({ apiKey }) => {
      if (apiKey === produce) await gate.pass()
    },
  })
  const times = { sessionTimeoutMs: 1_000, heartbeatIntervalMs: 50, transactionTimeoutMs: 1_000 }
  const base = { applicationId: 'app', broker: world.broker, ...times }
  const streams = new Streams(counting(), { ...base, transport })
  await streams.start()
  gate.shut()
  await world.send(['a', 'b', 'c'].map((key) => ({ topic: 'in', key, value: 'v' })))
  await until(() => gate.waiting === 1)
  const { uncommitted } = await streams.close({ timeoutMs: 300, leaveGroup: true })
  // Three records and the marker of their transaction.
  t.match(uncommitted, [{ taskId: '0_0', topic: 'in', partition: 0, committedOffset: 0, position: 4 }])
  gate.release()
  await started(t, counting(), base)
  t.equal((await world.until('out', (rows) => rows.length >= 3)).length, 3, 'once, by the next')
})

t.test('an orderly close leaves nothing, also with nothing to do, and twice', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const streams = new Streams(counting(), { applicationId: 'app', broker: world.broker })
  await streams.start()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  t.same(await streams.close(), { uncommitted: [] })
  t.same(await streams.close(), { uncommitted: [] })
  for (const timeoutMs of [-1, Number.NaN, '5' as never]) {
    await t.rejects(streams.close({ timeoutMs }), { code: 'CONFIG_INVALID' })
  }
})

t.test('a close during a long take-over does not wait for it', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const gated = gatedEngines()
  gated.opening.shut()
  const streams = new Streams(counting(), { applicationId: 'app', broker: world.broker, engines: gated.engines })
  const starting = streams.start().catch(() => undefined)
  await until(() => gated.opening.waiting === 1)
  const closing = streams.close({ timeoutMs: 400 })
  await closing
  gated.opening.release()
  await starting
  await until(() => streams.state === 'closed')
  t.equal(streams.state, 'closed')
})

t.test('a close waits for asynchronous handlers, within its time', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const gate = new Gate()
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .mapValuesAsync(async (value) => {
      await gate.pass()
      return value
    })
    .to('out')
  const streams = new Streams(builder.build(), { applicationId: 'app', broker: world.broker })
  await streams.start()
  gate.shut()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await until(() => gate.waiting === 1)
  const closing = streams.close()
  gate.release()
  t.same(await closing, { uncommitted: [] })
  t.same(await world.committed('out'), ['k=v'], 'what the handler answered is committed')
})
