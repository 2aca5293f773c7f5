/** Goal: an operator sees and repairs webhooks over HTTP. Method: the doors before webhooks on an embedded broker. */
import t from 'tap'
import { openDoors, post } from '../provocation.js'
import { accept, receiver, status } from './receiver.js'
import { crm, world } from './world.js'

const admin = { authorization: 'Bearer operator' }

t.test('from a rejected decision to its delivery, and from disabled to enabled', async (t) => {
  const { instance, decide, until } = await world(t)
  const it = await receiver(t, status(422))
  const { webhooks } = await instance('one', [0, 1, 2, 3], [crm(it, { decisions: ['cart-abandonment'] })])
  const { address } = await openDoors(t, { adminToken: 'operator', webhooks })
  const get = async (path: string) => (await fetch(address + path, { headers: admin })).json()
  const state = () => webhooks.statuses()[0]!
  const id = await decide({ userId: 'ada' })
  const other = await decide({ userId: 'bob' })
  await until(() => state().deadLetters === 2)
  t.match(await get('/webhooks'), {
    webhooks: [
      {
        ...{ name: 'crm', origin: new URL(it.url).origin, channels: ['push'], decisions: ['cart-abandonment'] },
        ...{ state: 'enabled', pausedUntil: null, queued: 0, underWay: 0, retrying: 0, deadLetters: 2 },
        ...{ delivered: 0, attempts: 2, failedAttempts: 2, lastDeliveredAt: null, dropped: { expired: 0 } },
        lastFailure: { at: /^20\d\d-/, why: 'status 422' },
      },
    ],
  })
  const letters = (await get('/webhooks/crm/dead-letters')) as { total: number; deadLetters: { decisionId: string }[] }
  t.match(letters, { total: 2, deadLetters: [{ rule: 'cart-abandonment', attempts: 1, why: 'status 422' }] })
  t.same(letters.deadLetters.map(({ decisionId }) => decisionId).sort(), [id, other].sort())
  t.match(await get('/webhooks/crm/dead-letters?limit=1'), { total: 2, deadLetters: { length: 1 } })
  t.notMatch(
    JSON.stringify([await get('/webhooks'), letters]),
    /\/hook|whsec_|"ada"/,
    'no path of the URL, no secret, no user',
  )
  it.answer = accept
  const replayed = await post(`${address}/webhooks/crm/dead-letters/replay`, { decisionIds: [id] }, admin)
  t.equal(replayed.status, 202)
  t.same(await replayed.json(), { replayed: 1, expired: 0, deleted: 0 })
  await until(() => state().delivered === 1)
  t.equal(it.received.at(-1)!.headers['webhook-id'], id)
  const rest = await fetch(`${address}/webhooks/crm/dead-letters/replay`, { method: 'POST', headers: admin })
  t.same(await rest.json(), { replayed: 1, expired: 0, deleted: 0 }, 'without a body: all of them')
  await until(() => state().delivered === 2)
  it.answer = status(410)
  await decide({})
  await until(() => state().state === 'disabled')
  it.answer = accept
  const enabled = await fetch(`${address}/webhooks/crm/enable`, { method: 'POST', headers: admin })
  t.match(await enabled.json(), { name: 'crm', state: 'enabled' })
  await until(() => state().delivered === 3)
})

t.test('without webhooks the list is empty', async (t) => {
  const { address } = await openDoors(t, { adminToken: 'operator' })
  const answer = await fetch(`${address}/webhooks`, { headers: admin })
  t.same(await answer.json(), { webhooks: [] })
  t.equal(answer.headers.get('cache-control'), 'no-store')
})
