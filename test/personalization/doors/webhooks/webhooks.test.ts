import { Webhook as Verifier } from 'standardwebhooks'
import t from 'tap'
import { partitionForKey } from '../../../../lib/record/partitioner.js'
import { accept, type Receiver, receiver, status } from './receiver.js'
import { ALL, crm, type Instance, SECRET, TOPIC, world } from './world.js'

const idsOf = ({ received }: Receiver) => received.map(({ headers }) => headers['webhook-id'])
const stateOf = ({ webhooks }: Instance, name = 'crm') => webhooks.statuses().find((each) => each.name === name)!

t.test('signed decisions of its channels, also while another webhook hangs', async (t) => {
  const { instance, decide, until } = await world(t)
  const [works, hangs] = [await receiver(t), await receiver(t, () => undefined)]
  await decide({ subject: 'before the webhook was there' })
  const it = await instance('one', ALL, [
    crm(works),
    crm(hangs, { name: 'slow', channels: ['push', 'page'], concurrency: 1, timeout: '5m' }),
  ])
  const ids: string[] = []
  for (let i = 0; i < 20; i++) ids.push(await decide({ userId: `user ${i % 5}` }))
  await decide({ rule: 'carousel' })
  await until(() => works.received.length === 20)
  t.same([...idsOf(works)].sort(), [...ids].sort())
  const { headers, body } = works.received[0]!
  const message = new Verifier(SECRET).verify(body, headers as Record<string, string>) as { data: object }
  t.match(message, { type: 'decision.cart_abandonment', data: { channel: 'push', rule: 'cart-abandonment' } })
  await until(() => hangs.received.length === 1)
  await until(() => stateOf(it).delivered === 20)
  t.match(stateOf(it), { attempts: 20, queued: 0, deadLetters: 0, state: 'enabled' })
  await until(() => stateOf(it, 'slow').queued === 20)
  t.match(stateOf(it, 'slow'), { delivered: 0, attempts: 1, underWay: 1 })
  t.equal(await it.webhooks.isDrained(), false)
})

for (const busy of [429, 503]) {
  t.test(
    `${busy}: a pause that was asked for holds across a restart, and nothing that worked is sent again`,
    async (t) => {
      const { instance, decide, until, clock } = await world(t)
      const it = await receiver(t)
      const first = await instance('one', ALL, [crm(it)])
      const sent = await decide({ userId: 'bob' })
      await until(() => stateOf(first).delivered === 1)
      it.answer = status(busy, { 'retry-after': '3600' })
      const late = await decide({ subject: 'later' })
      await until(() => stateOf(first).retrying === 1)
      await first.close()
      it.answer = accept
      const second = await instance('one', ALL, [crm(it)])
      const newest = await decide({ userId: 'eve' })
      await until(() => stateOf(second).queued === 1)
      t.equal(await second.webhooks.isDrained(), true, 'nothing more is to be expected soon')
      t.same(idsOf(it), [sent, late], 'not asked again yet')
      clock.advance(4_000_000)
      await until(() => it.received.length === 4)
      t.same(idsOf(it).slice(0, 2), [sent, late])
      t.same(idsOf(it).slice(2).sort(), [late, newest].sort())
      await until(() => stateOf(second).retrying === 0)
      await second.close()
      const third = await instance('one', ALL, [crm(it)])
      await until(() => third.webhooks.isDrained())
      t.match(stateOf(third), { attempts: 0, retrying: 0 })
    },
  )
}

t.test('killed: whatever was not known to be delivered is sent again', async (t) => {
  const { instance, decide, until } = await world(t)
  const it = await receiver(t, () => undefined)
  const first = await instance('one', ALL, [crm(it)])
  const ids: string[] = []
  for (let i = 0; i < 30; i++) ids.push(await decide({ userId: `user ${i}` }))
  await until(() => it.received.length === 8)
  await first.kill()
  it.answer = accept
  it.received.length = 0
  const second = await instance('one', ALL, [crm(it)])
  await until(() => stateOf(second).delivered === 30)
  t.same([...idsOf(it)].sort(), [...ids].sort())
})

t.test('410 disables it, also after a restart; enabled, it gets what was made meanwhile', async (t) => {
  const { instance, decide, until } = await world(t)
  const it = await receiver(t, status(410))
  const first = await instance('one', ALL, [crm(it)])
  const ids = [await decide({})]
  await until(() => stateOf(first).state === 'disabled')
  t.match(first.errors, [/crm answered 410 Gone and is disabled: to enable it again, POST \/webhooks\/crm\/enable/])
  await first.close()
  it.answer = accept
  const second = await instance('one', ALL, [crm(it)])
  ids.push(await decide({}))
  await until(() => second.webhooks.isDrained())
  t.match([stateOf(second).state, it.received.length], ['disabled', 1])
  await second.webhooks.enable('crm')
  await until(() => it.received.length === 3)
  t.same(idsOf(it).slice(1), ids)
  t.equal(stateOf(second).state, 'enabled')
  it.answer = status(410)
  await decide({})
  await until(() => stateOf(second).state === 'disabled')
  await second.close()
  const moved = await receiver(t)
  await instance('one', ALL, [crm(moved)])
  await until(() => moved.received.length === 1)
})

t.test('dead letters survive a restart, and are sent again when an operator says so', async (t) => {
  const { instance, decide, until, clock } = await world(t)
  const it = await receiver(t, status(400))
  const first = await instance('one', ALL, [crm(it, { channels: ['push', 'page'] })])
  const lasting = [await decide({ userId: 'ada' }), await decide({ userId: 'bob' })]
  const brief = await decide({ rule: 'carousel', userId: 'eve' })
  await until(() => stateOf(first).deadLetters === 3)
  await first.close()
  const second = await instance('one', ALL, [crm(it, { channels: ['push', 'page'] })])
  const letters = second.webhooks.deadLetters('crm', 10)
  t.same(letters.map(({ decisionId }) => decisionId).sort(), [...lasting, brief].sort())
  t.match(letters[0]!, { attempts: 1, why: 'status 400', lastAttemptAt: /^20/ })
  t.equal(second.webhooks.deadLetters('crm', 2).length, 2)
  t.same(await second.webhooks.replay('crm', new Set(['not there'])), { replayed: 0, expired: 0, deleted: 0 })
  it.answer = accept
  t.same(await second.webhooks.replay('crm', new Set([lasting[0]!])), { replayed: 1, expired: 0, deleted: 0 })
  await until(() => stateOf(second).delivered === 1)
  t.equal(idsOf(it).at(-1), lasting[0])
  clock.advance(3_600_000)
  t.same(await second.webhooks.replay('crm', null), { replayed: 1, expired: 1, deleted: 0 })
  await until(() => stateOf(second).delivered === 2)
  t.equal(idsOf(it).at(-1), lasting[1])
  t.match(stateOf(second), { deadLetters: 0, retrying: 0, dropped: { expired: 1 } })
})

t.test('instances share the partitions; what one has left another goes on with', async (t) => {
  const { instance, decide, until } = await world(t)
  const it = await receiver(t)
  const [left, right] = [await instance('left', [0, 1], [crm(it)]), await instance('right', [2, 3], [crm(it)])]
  const users = Array.from({ length: 40 }, (_, i) => `user ${i}`)
  for (const userId of users) await decide({ userId })
  await until(() => stateOf(left).delivered + stateOf(right).delivered === 40)
  const ofLeft = users.filter((user) => partitionForKey(Buffer.from(user), ALL.length) < 2).length
  t.equal(stateOf(left).delivered, ofLeft)
  t.equal(new Set(idsOf(it)).size, 40)
  it.answer = status(503, { 'retry-after': '30' })
  const userId = users.find((user) => partitionForKey(Buffer.from(user), ALL.length) === 0)!
  const waiting = await decide({ userId })
  await until(() => stateOf(right).retrying === 1)
  left.own.clear()
  for (const partition of ALL) right.own.add(partition)
  it.answer = accept
  await until(() => stateOf(right).delivered === 40 - ofLeft + 1)
  t.equal(idsOf(it).at(-1), waiting)
  await until(() => stateOf(left).retrying === 0)
})

t.test('an operator may ask any instance', async (t) => {
  const { instance, decide, until } = await world(t)
  const it = await receiver(t, status(400))
  const [owner, other] = [await instance('owner', ALL, [crm(it)]), await instance('other', [], [crm(it)])]
  const id = await decide({})
  await until(() => stateOf(other).deadLetters === 1)
  it.answer = accept
  t.match(await other.webhooks.replay('crm', null), { replayed: 1 })
  await until(() => stateOf(owner).delivered === 1)
  t.same(idsOf(it), [id, id])
  it.answer = status(410)
  await decide({})
  await until(() => stateOf(other).state === 'disabled')
  it.answer = accept
  await other.webhooks.enable('crm')
  await until(() => stateOf(owner).delivered === 2)
})

t.test('records that were deleted before they were read are counted', async (t) => {
  const { admin, instance, decide, until } = await world(t)
  const it = await receiver(t)
  await (await instance('one', ALL, [crm(it)])).close()
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.push(await decide({ userId: 'ada' }))
  const partition = partitionForKey(Buffer.from('ada'), ALL.length)
  await admin.deleteRecords([{ topic: TOPIC, partition, offset: 3 }])
  const second = await instance('one', ALL, [crm(it)])
  await until(() => stateOf(second).delivered === 2)
  t.same(idsOf(it), ids.slice(3))
  t.equal(stateOf(second).dropped.retention, 3)
  t.match(second.errors, [/deleted before they were read/])
})

t.test('a retry whose record was deleted is dropped and counted', async (t) => {
  const { admin, instance, decide, until } = await world(t)
  const it = await receiver(t, status(500))
  const first = await instance('one', ALL, [crm(it)])
  await decide({ userId: 'ada' })
  await until(() => stateOf(first).retrying === 1)
  await first.close()
  const partition = partitionForKey(Buffer.from('ada'), ALL.length)
  await admin.deleteRecords([{ topic: TOPIC, partition, offset: 1 }])
  const second = await instance('one', ALL, [crm(it)])
  await until(() => stateOf(second).retrying === 0)
  t.match(stateOf(second), { attempts: 0, dropped: { retention: 1 } })
})

t.test('a decision of which the receiver was told keeps its trace', async (t) => {
  const { instance, decide, until } = await world(t)
  const it = await receiver(t)
  await instance('one', ALL, [crm(it)])
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  await decide({}, [{ key: 'traceparent', value: Buffer.from(traceparent) }])
  await decide({}, [{ key: 'traceparent', value: Buffer.from('no\r\nx: trace') }])
  await until(() => it.received.length === 2)
  t.same(
    it.received.map(({ headers }) => headers.traceparent),
    [traceparent, undefined],
  )
})

t.test(
  'of a user who is erased nothing more is sent: neither what waits nor what is tried again, nor a dead letter',
  async (t) => {
    const { instance, decide, until } = await world(t)
    const [rejects, hangs, fails] = [
      await receiver(t, status(422)),
      await receiver(t, () => undefined),
      await receiver(t, status(500)),
    ]
    const it = await instance('one', ALL, [
      crm(rejects),
      crm(hangs, { name: 'slow', concurrency: 1, timeout: '5m' }),
      crm(fails, { name: 'failing' }),
    ])
    for (const userId of ['ada', 'bob', 'ada']) await decide({ userId })
    await until(() => stateOf(it).deadLetters === 3)
    await until(() => stateOf(it, 'slow').underWay === 1 && stateOf(it, 'slow').queued === 2)
    await until(() => stateOf(it, 'failing').retrying >= 2)
    it.webhooks.forget((userId) => userId === 'ada')
    await until(() => stateOf(it).deadLetters === 1)
    t.match(stateOf(it), { dropped: { erased: 2 } })
    t.match(stateOf(it, 'slow'), { dropped: { erased: 2 } })
    t.equal(stateOf(it, 'slow').queued + stateOf(it, 'slow').underWay, 1)
    await until(() => stateOf(it, 'failing').dropped.erased === 2)
    t.equal(stateOf(it, 'failing').retrying, 1)
    t.same(await it.webhooks.replay('crm', null), { replayed: 1, expired: 0, deleted: 0 }, "bob's")
  },
)
