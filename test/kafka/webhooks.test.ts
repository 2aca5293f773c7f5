/** Goal: webhooks keep their promises on a real broker. Method: instances that are closed, killed and replaced, and what the broker then has. */
import t from 'tap'
import { accept, receiver, status } from '../personalization/doors/webhooks/receiver.js'
import { ALL, crm, type Instance, TOPIC, worldOn } from '../personalization/doors/webhooks/world.js'
import { realKafka, uniqueName } from './broker.js'

const stateOf = ({ webhooks }: Instance) => webhooks.statuses()[0]!

t.test('webhooks on real Kafka', { timeout: 120_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const prefix = `${uniqueName('webhooks')}-`
  const { instance, decide, until, admin, clock } = await worldOn(t, { brokers: [kafka.bootstrap] }, prefix)
  const it = await receiver(t)
  const first = await instance('one', ALL, [crm(it)])
  const ids: string[] = []
  for (let i = 0; i < 20; i++) ids.push(await decide({ userId: `user ${i % 7}` }))
  await until(() => stateOf(first).delivered === 20)
  it.answer = status(503, { 'retry-after': '600' })
  ids.push(await decide({ userId: 'late' }))
  await until(() => stateOf(first).retrying === 1)
  await first.close()

  const places = ALL.map((partition) => ({ topic: `${prefix}${TOPIC}`, partition }))
  const committed = await admin.groupOffsets(`${prefix}test-webhook-crm`, places)
  const ends = await admin.listOffsets(places, 'latest', 'readCommitted')
  t.same(
    committed.map(({ offset }) => offset),
    ends.map(({ offset }) => offset),
    'the group is at the end: what waits is in the log',
  )

  it.answer = () => undefined
  it.received.length = 0
  const second = await instance('one', ALL, [crm(it)])
  clock.advance(700_000)
  await until(() => it.received.length === 1)
  for (let i = 0; i < 5; i++) ids.push(await decide({ userId: `user ${i}` }))
  await until(() => it.received.length === 6)
  await second.kill()
  it.answer = accept
  it.received.length = 0
  const third = await instance('two', ALL, [crm(it)])
  await until(() => stateOf(third).delivered === 6)
  t.same(new Set(it.received.map(({ headers }) => headers['webhook-id'])), new Set(ids.slice(20)))
  await until(() => stateOf(third).retrying === 0)
})
