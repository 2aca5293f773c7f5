import t, { type Test } from 'tap'
import {
  Admin,
  type Cluster,
  connect,
  embeddedBroker,
  readAll,
  SchemaPending,
  silentLog,
  systemClock,
} from '../../../lib/index.js'
import { MasterKey } from '../../../lib/personalization/erasure/master-key.js'
import { UserKeys } from '../../../lib/personalization/erasure/user-keys.js'
import { KEY_SEGMENT_MS } from '../../../lib/personalization/records/topic-names.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'
import { MASTER_KEY } from './world.js'

const TOPIC = 'user-keys'
const master = MasterKey.of(MASTER_KEY)
const HELLO = Buffer.from('hello')

async function open(cluster: Cluster, key = master): Promise<UserKeys> {
  return UserKeys.open({ cluster, topic: TOPIC, master: key, clock: systemClock, log: silentLog }, async () => true)
}

async function instances(t: Test, count: number): Promise<UserKeys[]> {
  const broker = await embeddedBroker({ folder: null })
  const clusters = Array.from({ length: count }, () => connect(broker))
  await new Admin(clusters[0]!).createTopics([{ name: TOPIC, partitions: 1, config: { 'cleanup.policy': 'compact' } }])
  const all: UserKeys[] = []
  for (const cluster of clusters) all.push(await open(cluster))
  t.teardown(async () => {
    for (const keys of all) await keys.close()
    for (const cluster of clusters) await cluster.close()
    await broker.close()
  })
  return all
}

/** As whoever reads a topic does: waits while it is not certain. */
async function opened(keys: UserKeys, bytes: Buffer, kind = 'activity'): Promise<string> {
  for (;;) {
    try {
      return keys.open(bytes, kind).toString()
    } catch (error) {
      if (!(error instanceof SchemaPending)) throw error
      await error.ready
    }
  }
}

t.test('two instances make a key for one user at once: what either seals, both open', async (t) => {
  const [a, b] = await instances(t, 2)
  for (let i = 0; i < 20; i++) {
    const user = `user-${i}`
    t.not(a!.ready(user), null)
    await Promise.all([a!.ready(user), b!.ready(user), a!.ready(user)])
    t.equal(a!.ready(user), null)
    const sealed = [a!.seal(HELLO, 'activity', user), b!.seal(HELLO, 'activity', user)]
    for (const bytes of sealed) for (const keys of [a!, b!]) t.equal(await opened(keys, bytes), 'hello')
    // The first key on the topic is the one that both use from now on.
    t.same(a!.seal(HELLO, 'activity', user).subarray(0, 22), b!.seal(HELLO, 'activity', user).subarray(0, 22))
  }
  t.equal(a!.users, 20)
})

t.test('an erasure takes all keys of a user, in every instance; a new one opens nothing old', async (t) => {
  const [a, b] = await instances(t, 2)
  await Promise.all([a!.ready('ada'), b!.ready('ada')])
  const sealed = [a!.seal(HELLO, 'activity', 'ada'), b!.seal(HELLO, 'activity', 'ada')]
  const heard: string[] = []
  b!.onErased((key) => heard.push(key.toString('latin1')))
  const { keys, records } = await a!.erase('ada')
  t.ok(keys === 1 || keys === 2)
  t.equal(records[0]!.toString('latin1'), a!.keyText('ada'))
  await b!.ready('ada')
  t.ok(heard.includes(a!.keyText('ada')))
  for (const bytes of sealed) {
    for (const one of [a!, b!]) await t.rejects(opened(one, bytes), { code: 'VALUE_ERASED' })
  }
  t.equal(await opened(a!, b!.seal(HELLO, 'activity', 'ada')), 'hello')
})

t.test(
  'an erasure while another instance makes the key: the key is gone, or is that of a user who returns',
  async (t) => {
    const [a, b] = await instances(t, 2)
    for (let i = 0; i < 20; i++) {
      const user = `racing-${i}`
      const [, erased] = await Promise.all([b!.ready(user), a!.erase(user)])
      const bytes = b!.seal(HELLO, 'activity', user)
      const read = await opened(a!, bytes).catch((error: { code: string }) => error.code)
      t.equal(read, erased.keys === 0 ? 'hello' : 'VALUE_ERASED')
    }
  },
)

t.test('for a user without a key a value is sealed that nobody opens', async (t) => {
  const [a, b] = await instances(t, 2)
  const bytes = a!.seal(HELLO, 'activity', 'nobody')
  for (const keys of [a!, b!]) await t.rejects(opened(keys, bytes), { code: 'VALUE_ERASED' })
})

t.test('an instance that has not heard of a key yet waits for it', async (t) => {
  const [a, b] = await instances(t, 2)
  for (let i = 0; i < 20; i++) {
    await a!.ready(`new-${i}`)
    t.equal(await opened(b!, a!.seal(HELLO, 'activity', `new-${i}`)), 'hello')
  }
  b!.taskStarted()
  t.not(b!.settling, null)
  await b!.settling
  t.equal(b!.settling, null)
})

t.test('bytes of another kind, of another user or changed do not open', async (t) => {
  const [a] = await instances(t, 1)
  await Promise.all([a!.ready('ada'), a!.ready('bob')])
  const ada = a!.seal(HELLO, 'activity', 'ada')
  const bob = a!.seal(HELLO, 'activity', 'bob')
  const common = a!.seal(HELLO, 'dead-letter', null)
  t.equal(await opened(a!, common, 'dead-letter'), 'hello')
  const wrong: [string, Buffer, string][] = [
    ['another kind', ada, 'decision'],
    ["another kind of what is nobody's", common, 'activity'],
    ['the head of another user', Buffer.concat([bob.subarray(0, 22), ada.subarray(22)]), 'activity'],
    ['a changed nonce', changed(ada, 23), 'activity'],
    ['a changed text', changed(ada, 35), 'activity'],
    ['a changed tag', changed(ada, ada.length - 1), 'activity'],
  ]
  for (const [what, bytes, kind] of wrong) await t.rejects(opened(a!, bytes, kind), { code: 'VALUE_SEAL_BROKEN' }, what)
})

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at]! ^= 1
  return copy
}

t.test('what is not sealed is read as it is', async (t) => {
  const [a] = await instances(t, 1)
  for (const bytes of [
    Buffer.from('c301', 'hex'),
    Buffer.from('{}'),
    Buffer.alloc(0),
    Buffer.from([0xe5, 1]),
    Buffer.alloc(200, 0xe5),
  ]) {
    t.equal(a!.open(bytes, 'activity'), bytes)
  }
})

t.test('ids and keys go both ways; that of an erased user keeps its place', async (t) => {
  const [a] = await instances(t, 1)
  await a!.ready('ada')
  const pseudonym = a!.keyText('ada').slice(1)
  t.equal(a!.userOf(pseudonym), 'ada')
  await a!.erase('ada')
  const placeholder = a!.userOf(pseudonym)
  t.not(placeholder, 'ada')
  t.equal(a!.keyText(placeholder), a!.keyText('ada'))
  t.equal(a!.ready(placeholder), null, 'gets no key')
})

t.test('two master keys at once: one of them is refused, and it is the same after a restart', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect(broker)
  await new Admin(cluster).createTopics([{ name: TOPIC, partitions: 1, config: { 'cleanup.policy': 'compact' } }])
  const other = MasterKey.of(Buffer.alloc(32, 'other-key').toString('hex'))
  const results = await Promise.allSettled([open(connect(broker)), open(connect(broker), other)])
  const won = results.findIndex(({ status }) => status === 'fulfilled')
  t.match(results[1 - won], { reason: { code: 'MASTER_KEY_WRONG' } })
  broker.compact(TOPIC)
  const again = await Promise.allSettled([open(connect(broker)), open(connect(broker), other)])
  t.same(
    again.map(({ status }) => status),
    results.map(({ status }) => status),
  )
  for (const result of [...results, ...again]) if (result.status === 'fulfilled') await result.value.close()
  await cluster.close()
  await broker.close()
})

t.test('after an erasure a later record lets the broker compact', async (t) => {
  const clock = new ManualClock(systemClock.now())
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect(broker)
  await new Admin(cluster).createTopics([{ name: TOPIC, partitions: 1, config: { 'cleanup.policy': 'compact' } }])
  const keys = await UserKeys.open(
    { cluster: connect(broker), topic: TOPIC, master, clock, log: silentLog },
    async () => true,
  )
  await keys.ready('ada')
  await keys.erase('ada')
  const count = async () => (await readAll({ cluster, topic: TOPIC })).length
  t.equal(await count(), 3)
  await clock.advance(KEY_SEGMENT_MS + 1_000)
  while ((await count()) < 4) await systemClock.nextTurn()
  t.same((await readAll({ cluster, topic: TOPIC }))[3]!.key, (await readAll({ cluster, topic: TOPIC }))[0]!.key)
  await keys.close()
  await cluster.close()
  await broker.close()
})
