/** CloudEvents over HTTP, sent by the emitters of the `cloudevents` package. */
import { CloudEvent, emitterFor, HTTP, httpTransport, Mode } from 'cloudevents'
import t from 'tap'
import { userTicket } from '../../../lib/personalization/doors/user-ticket.js'
import { openDoors, post, TICKET_SECRET } from './provocation.js'

const KEY = 'demo-key'
const OPTIONS = { writeKeys: [KEY], demoLogin: false }
const HEADERS = { authorization: `Basic ${Buffer.from(`${KEY}:`).toString('base64')}` }
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function view(fields: object = {}, data: object = { userId: 'ada', itemId: 'i' }) {
  return new CloudEvent({ id: '7', source: '/shop', type: 'com.millrace.view', data, ...fields })
}

t.test('binary and structured mode', async (t) => {
  for (const mode of [Mode.BINARY, Mode.STRUCTURED]) {
    const { topic, address } = await openDoors(t, OPTIONS)
    const emit = emitterFor(httpTransport(`${address}/cloudevents`), { mode })
    const time = new Date(Date.now() - 5_000).toISOString()
    const data = { userId: 'ada', itemId: 'i', unitPriceMicros: 2_500_000, timeZone: 'Europe/Berlin', shelf: 3 }
    const answer = await emit(view({ time, traceparent: TRACEPARENT }, data), { headers: HEADERS })
    t.same(JSON.parse((answer as { body: string }).body), { accepted: 1 })
    t.match(topic.produced, [
      {
        eventId: /^7~[0-9a-f]{8}$/,
        type: 'view',
        at: Date.parse(time),
        source: 'api',
        ...{ userId: 'ada', itemId: 'i', unitPriceMicros: 2_500_000, timeZone: 'Europe/Berlin' },
        properties: '{"shelf":3}',
      },
    ])
    t.same(topic.traceparents, [TRACEPARENT])
  }
})

t.test('batched mode: the valid events are taken, the others reported and counted', async (t) => {
  const { topic, address, server } = await openDoors(t, OPTIONS)
  const events = [
    view(),
    view({ id: '8', source: '/other', type: 'com.millrace.jump' }),
    view({ id: '9' }, { userId: 'ada' }),
    view({ id: '7', source: '/other' }),
    view({ id: '10', data: undefined, data_base64: Buffer.from('{"userId":"bob","itemId":"j"}').toString('base64') }),
    view({ id: '11' }, { text: 'x'.repeat(66_000) }),
  ]
  const headers = { ...HEADERS, 'content-type': 'application/cloudevents-batch+json; charset=UTF-8' }
  const answer = await post(`${address}/cloudevents`, JSON.stringify(events), headers)
  t.equal(answer.status, 202)
  t.same(await answer.json(), {
    accepted: 3,
    invalid: [
      { index: 1, reason: 'the type is not com.millrace. and a type of activity' },
      { index: 2, reason: 'view without itemId' },
      { index: 5, reason: 'the data is larger than 65536 bytes (--max-cloud-event)' },
    ],
  })
  t.match(topic.produced, [{ userId: 'ada' }, { userId: 'ada' }, { userId: 'bob', itemId: 'j' }])
  t.not(topic.produced[0]!.eventId, topic.produced[1]!.eventId, 'ids count per source')
  const metrics = (await (await server.server()).inject('/metrics.json')).json()
  t.equal(metrics.doorErrors.cloudevents.REQUEST_MALFORMED, 3)
  t.same(await (await post(`${address}/cloudevents`, [], headers)).json(), { accepted: 0 })
})

t.test(
  'the trace context of the request, if the event has none; headers that are percent-encoded; no data',
  async (t) => {
    const { topic, address } = await openDoors(t, OPTIONS)
    const { headers, body } = HTTP.binary(view({}, { userId: 'ada', name: 'x' }))
    const all = { ...(headers as Record<string, string>), ...HEADERS, traceparent: TRACEPARENT }
    const encoded = { ...all, 'ce-id': 'caf%C3%A9', 'ce-type': 'com.millrace.custom' }
    t.equal((await post(`${address}/cloudevents`, body, encoded)).status, 202)
    const bare = {
      ...HEADERS,
      'ce-specversion': '1.0',
      'ce-id': '5',
      'ce-source': 's',
      'ce-type': 'com.millrace.custom',
    }
    const answer = await fetch(`${address}/cloudevents`, { method: 'POST', headers: bare })
    t.equal(answer.status, 202)
    t.match(topic.produced, [
      { eventId: /^café~/, name: 'x' },
      { type: 'custom', userId: null },
    ])
    t.same(topic.traceparents, [TRACEPARENT, null])
  },
)

t.test('a user may write events of their own with a ticket', async (t) => {
  const { topic, address } = await openDoors(t, OPTIONS)
  const ticket = userTicket('ada', { secret: TICKET_SECRET, validFor: '1m', nowMs: Date.now() })
  const headers = { authorization: `Bearer ${ticket}`, 'content-type': 'application/cloudevents+json' }
  t.equal((await post(`${address}/cloudevents`, view(), headers)).status, 202)
  const identity = view({ type: 'com.millrace.identify' }, { userId: 'ada', anonymousId: 'a' })
  t.equal((await post(`${address}/cloudevents`, identity, headers)).status, 202)
  const other = view({}, { userId: 'bob', itemId: 'i' })
  t.equal((await post(`${address}/cloudevents`, other, headers)).status, 403)
  t.equal(topic.produced.length, 2)
})
