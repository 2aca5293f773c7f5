/** Goal: an operator erases a user over HTTP, and browsers and webhooks get nothing more of it. Method: doors on an embedded broker. */
import t from 'tap'
import { partitionForKey, readAll } from '../../../lib/index.js'
import { PersonalizationServer } from '../../../lib/personalization/doors/server.js'
import { servicePort } from '../../../lib/personalization/doors/service-view.js'
import { userTicket } from '../../../lib/personalization/doors/user-ticket.js'
import type { ErasureProof } from '../../../lib/personalization/erasure/prove.js'
import { post } from '../doors/provocation.js'
import { ADA, ADAS_VALUES, adaShops, openWorld, until, view } from './world.js'

const admin = { authorization: 'Bearer operator-token-of-32-characters!' }
const SECRET = 'ticket-secret-of-32-characters-or-more'

t.setTimeout(120_000)

for (const masterKey of ['with', 'without'] as const) {
  t.test(`${masterKey} a master key`, async (t) => {
    const world = await openWorld(t)
    const service = await world.open(masterKey === 'with' ? {} : { masterKey: null })
    const ended = new AbortController()
    const server = new PersonalizationServer({
      service: await servicePort(service, 'test', ended.signal, undefined, [world.folder]),
      ...{ port: 0, ticketSecret: SECRET, adminToken: 'operator-token-of-32-characters!' },
    })
    const address = await server.listen()
    await service.start()
    await adaShops(service)
    await service.intake.submit(view('bob', 'i9'))
    const { recommendations } = service.topics
    await until(async () => (await readAll({ cluster: service.cluster, topic: recommendations })).length >= 3)

    // A browser that comes back asks for all there is: of memory, and of the topic.
    const decisions = async (userId: string, query: string) => {
      const ticket = userTicket(userId, { secret: SECRET, validFor: '1m' })
      const stop = new AbortController()
      const response = await fetch(`${address}/events?ticket=${ticket}${query}`, { signal: stop.signal })
      let text = ''
      for await (const chunk of response.body!) {
        text += Buffer.from(chunk).toString()
        if (text.includes('"type":"live"')) break
      }
      stop.abort()
      return text.split('"type":"decision"').length - 1
    }
    t.ok((await decisions(ADA, '')) > 0)
    t.ok((await decisions('bob', '')) > 0)

    const answer = await post(`${address}/erasures`, { user: ADA }, admin)
    t.equal(answer.status, 200)
    const erased = (await answer.json()) as { keys: number; readableUntilRetention: string[] }
    t.equal(erased.keys, masterKey === 'with' ? 1 : 0)
    t.equal(erased.readableUntilRetention.length > 0, masterKey === 'without')
    await until(async () => (await decisions(ADA, '')) === 0)
    t.ok((await decisions('bob', '')) > 0, 'nobody else is forgotten')

    const proven = await post(`${address}/erasures/proof`, { user: ADA, values: ADAS_VALUES }, admin)
    const proof = (await proven.json()) as ErasureProof
    t.equal(proof.isErased, masterKey === 'with', JSON.stringify(proof.remainders))
    t.equal(JSON.stringify(proof).includes(ADA), false, 'the answer does not repeat the id')
    ended.abort()
    await server.close()
  })
}

t.test('a browser that comes back gets what it missed from the topic, though keys are pseudonyms', async (t) => {
  const world = await openWorld(t)
  const first = await world.open()
  await first.start()
  await adaShops(first)
  const { recommendations } = first.topics
  await until(async () => (await readAll({ cluster: first.cluster, topic: recommendations })).length >= 2)
  await first.close()
  const service = await world.open()
  const ended = new AbortController()
  const port = await servicePort(service, 'test', ended.signal)
  const server = new PersonalizationServer({ service: port, port: 0, ticketSecret: SECRET })
  const address = await server.listen()
  await service.start()
  const partition = partitionForKey(Buffer.from(ADA), 3)
  const ticket = userTicket(ADA, { secret: SECRET, validFor: '1m' })
  const stop = new AbortController()
  const response = await fetch(`${address}/events?ticket=${ticket}&position=${partition}:0`, { signal: stop.signal })
  let text = ''
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString()
    if (text.includes('"type":"live"')) break
  }
  stop.abort()
  t.ok(text.includes('"type":"decision"'), text.slice(0, 400))
  ended.abort()
  await server.close()
})
