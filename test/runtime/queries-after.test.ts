/** Queries that outlive what they were asked of: an instance that closed, failed, or was replaced. */
import t from 'tap'
import { Streams, silentLog } from '../../lib/index.js'
import { embedded } from './embedded.js'
import { counting, until } from './group-rig.js'

const settings = { applicationId: 'app', log: silentLog }

t.test('after the end no key is missing: the instance is not read any more', async (t) => {
  for (const fails of [false, true]) {
    const world = await embedded(t, { in: 1, out: 1 })
    const streams = new Streams(
      counting((value) => {
        if (value === 'bad') throw new Error('of the application')
        return value
      }),
      { ...settings, broker: world.broker },
    )
    const { finished } = streams
    finished.catch(() => undefined)
    await streams.start()
    const before = streams.queries
    const store = before.keyValue<string, number>('counts')
    await world.send([{ topic: 'in', key: 'k', value: 'v' }])
    t.ok(await until(async () => (await store.get('k'))?.value === 1))
    if (fails) {
      await world.send([{ topic: 'in', key: 'k', value: 'bad' }])
      await finished.catch(() => undefined)
    } else await streams.close({ leaveGroup: true })
    const expected = { code: 'STREAMS_STATE', message: new RegExp(`is ${fails ? 'failed' : 'closed'}`) }
    await t.rejects(store.get('k'), expected)
    await t.rejects(store.all()[Symbol.asyncIterator]().next(), expected)
    t.throws(() => before.metadata('counts'), expected)
    t.throws(() => streams.queries, expected)
  }
})

t.test('an instance that was replaced answers who asked the one before', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  let failures = 0
  const streams = new Streams(
    counting((value) => {
      if (value === 'bad' && failures++ === 0) throw new Error('of the application')
      return value
    }),
    { ...settings, broker: world.broker, onUncaughtError: 'replace' },
  )
  await streams.start()
  const store = streams.queries.keyValue<string, number>('counts')
  await world.send([{ topic: 'in', key: 'k', value: 'bad' }])
  t.ok(await until(async () => (await store.get('k').catch(() => null))?.value === 1))
  t.equal(failures, 2)
  await streams.close({ leaveGroup: true })
})
