/** Listeners that throw: the instance ends with an error that names the listener; an end, or a log that throws, stops nothing. */
import t from 'tap'
import { type Log, Streams } from '../../lib/index.js'
import { type InstanceState, Lifecycle } from '../../lib/runtime/lifecycle.js'
import { limitedLog } from '../../lib/telemetry/limited-log.js'
import { ManualClock } from '../../lib/testing/index.js'
import { embedded } from './embedded.js'
import { counting, until } from './group-rig.js'

const THROWN = [new Error('of the application'), undefined, null, 'text']

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const settings = { applicationId: 'app', log: silent }

t.test('every listener hears a state, also where another throws; ends are only reported', async (t) => {
  for (const thrown of THROWN) {
    for (const [path, ends] of [
      [['starting'], false],
      [['starting', 'rebalancing'], false],
      [['starting', 'rebalancing', 'running'], false],
      [['starting', 'closing'], true],
      [['starting', 'closing', 'closed'], true],
      [['starting', 'failed'], true],
    ] as readonly (readonly [InstanceState[], boolean])[]) {
      const reported: unknown[] = []
      const lifecycle = new Lifecycle((error) => reported.push(error))
      const heard: string[] = []
      const last = path.at(-1)!
      lifecycle.onChange((state) => {
        if (state === last) throw thrown
      })
      lifecycle.onChange((state) => heard.push(state))
      const walk = () => {
        for (const state of path) lifecycle.transitionTo(state)
      }
      const expected = { code: 'HANDLER_FAILED', message: /onStateChange/, cause: thrown }
      if (ends) walk()
      else t.throws(walk, expected)
      t.match(reported, ends ? [expected] : [])
      t.equal(lifecycle.state, last)
      t.same(heard, path)
    }
  }
})

t.test('a state listener that throws ends the instance, also at its first state', async (t) => {
  for (const at of ['starting', 'rebalancing', 'running'] as const) {
    const { broker } = await embedded(t, { in: 1, out: 1 })
    const streams = new Streams(counting(), { ...settings, broker })
    streams.onStateChange((state) => {
      if (state === at) throw undefined
    })
    const failure = { code: 'HANDLER_FAILED', message: /onStateChange/ }
    const { finished } = streams
    if (at === 'running') await streams.start().catch(() => undefined)
    else await t.rejects(streams.start(), failure)
    await t.rejects(finished, failure)
    t.equal(streams.state, 'failed')
  }
})

t.test('one that throws while the instance closes stops nothing', async (t) => {
  const { broker } = await embedded(t, { in: 1, out: 1 })
  const lines: string[] = []
  const log = { ...silent, error: (_fields: object, message: string) => void lines.push(message) }
  const streams = new Streams(counting(), { ...settings, broker, log })
  streams.onStateChange((state) => {
    if (state === 'closing' || state === 'closed') throw new Error('of the application')
  })
  await streams.start()
  t.same(await streams.close({ leaveGroup: true }), { uncommitted: [] })
  await streams.finished
  t.equal(streams.state, 'closed')
  t.match(lines, [/onStateChange threw while the instance ended/])
})

t.test('other listeners', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  for (const [name, listen] of [
    ['onCommitted', (streams: Streams, call: () => never) => streams.onCommitted('out', call)],
    ['onStart', (streams: Streams, call: () => never) => streams.onRestore({ onStart: call })],
    ['onEnd', (streams: Streams, call: () => never) => streams.onRestore({ onEnd: call })],
  ] as const) {
    const streams = new Streams(counting(), { ...settings, broker: world.broker })
    listen(streams, () => {
      throw undefined
    })
    const { finished } = streams
    await streams.start().catch(() => undefined)
    await t.rejects(finished, { code: 'HANDLER_FAILED', message: /onCommitted for topic out|onRestore/ }, name)
  }
  t.equal((await world.committed('out')).length, 1, 'what was told of is committed')
})

t.test('a log that throws loses its own lines and nothing else', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const written: string[] = []
  const write = t.capture(process.stderr, 'write', (line: string) => {
    written.push(line)
    return true
  })
  const fail = () => {
    throw undefined
  }
  const log = { debug: fail, info: fail, warn: fail, error: fail }
  const streams = new Streams(counting(), { ...settings, broker: world.broker, log })
  await streams.start()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  t.ok(await until(async () => (await world.committed('out')).length === 1))
  await streams.close({ leaveGroup: true })
  write.restore()
  t.match(written[0], /ERROR millrace: the log threw .*line=/)
  const calls: unknown[] = []
  const once = limitedLog({ ...silent, warn: (...given) => void calls.push(given) }, new ManualClock())
  once.warn({ a: 1 }, 'x')
  t.same(calls, [[{ a: 1 }, 'x']])
})

t.test('a listener whose promise is rejected ends the instance, as one that throws', async (t) => {
  const rejected = () => Promise.reject(new Error('of the application')) as never
  for (const [name, listen] of [
    ['onStateChange', (streams: Streams) => streams.onStateChange(rejected)],
    ['onCommitted for topic out', (streams: Streams) => streams.onCommitted('out', rejected)],
    ['onRestore', (streams: Streams) => streams.onRestore({ onEnd: rejected })],
  ] as const) {
    const world = await embedded(t, { in: 1, out: 1 })
    await world.send([{ topic: 'in', key: 'k', value: 'v' }])
    const streams = new Streams(counting(), { ...settings, broker: world.broker })
    listen(streams)
    const { finished } = streams
    await streams.start().catch(() => undefined)
    const message = new RegExp(`the listener given to ${name} returned a promise that was rejected`)
    await t.rejects(finished, { code: 'HANDLER_FAILED', message, cause: { message: 'of the application' } }, name)
  }
})

t.test('no listeners', async (t) => {
  const { broker } = await embedded(t, { in: 1, out: 1 })
  const streams = new Streams(counting(), { ...settings, broker })
  for (const nothing of [undefined, null, 5, 'log', [() => {}]]) {
    const refused = { code: 'CONFIG_INVALID' }
    t.throws(() => streams.onStateChange(nothing as never), { ...refused, message: /onStateChange takes a function/ })
    t.throws(() => streams.onCommitted('out', nothing as never), {
      ...refused,
      message: /onCommitted takes a function/,
    })
    t.throws(() => streams.onRestore(nothing as never), { ...refused, message: /onRestore takes .*onStart, onBatch/ })
  }
  t.throws(() => streams.onRestore({ onStart: 5 as never }), { message: /onStart of onRestore takes a function/ })
  t.throws(() => streams.onRestore({ onBegin() {} } as never), { message: /without any of them/ })
})
