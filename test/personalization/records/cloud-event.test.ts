import t from 'tap'
import { ACTIVITY_TYPES, isInputMark, type UserActivity } from '../../../lib/personalization/records/activity.js'
import { cloudEventOf, readCloudEvent } from '../../../lib/personalization/records/cloud-event.js'

const NOW = Date.UTC(2026, 0, 5)
const ATTRIBUTES = { specversion: '1.0', id: '7', source: '/shop', type: 'com.millrace.view' }

function read(attributes: object, data: unknown) {
  return readCloudEvent({ attributes: { ...ATTRIBUTES, ...attributes }, data }, NOW)
}

t.test('each type of activity, except those that no producer may send', async (t) => {
  for (const type of ACTIVITY_TYPES) {
    const result = read({ type: `com.millrace.${type}` }, {})
    if (isInputMark(type) || type === 'unknown') t.ok('problem' in result, type)
    else t.match(result, { activity: { type, at: NOW, source: 'api' } }, type)
  }
})

t.test('every field of an activity', async (t) => {
  const data = {
    userId: 'u',
    anonymousId: 'a',
    sessionId: 5,
    itemId: 'i',
    unitPriceMicros: 2_550_000,
    currency: 'EUR',
    quantity: 2,
    category: 'c',
    brand: 'b',
    query: 'q',
    country: 'DE',
    name: 'n',
    videoId: 'v',
    positionMs: 1,
    seekToMs: 2,
    decisionId: 'd',
    timeZone: 'Europe/Berlin',
    consent: { marketing: false },
  }
  const said = { eventId: 'mine', type: 'cart', source: 'replay' }
  const result = read({}, { ...data, ...said, properties: { page: 1 }, extra: [1] })
  t.match(result, { activity: { ...data, sessionId: '5', type: 'view', source: 'api', eventId: /^7~/ } })
  const { activity } = result as { activity: UserActivity }
  t.equal(activity.properties, '{"extra":[1],"page":1}')
  t.equal((read({}, { properties: '{"page":1}' }) as { activity: UserActivity }).activity.properties, '{"page":1}')
})

t.test('time: of the data, of the event, of receipt', async (t) => {
  const rows: [object, object, number][] = [
    [{}, {}, NOW],
    [{ time: '2026-01-04T00:00:00.5Z' }, {}, NOW - 86_400_000 + 500],
    [{ time: '2026-01-04T01:00:00+01:00' }, {}, NOW - 86_400_000],
    [{ time: '2026-01-04T00:00:00Z' }, { at: NOW - 1 }, NOW - 1],
    [{ time: '2026-01-04T00:00:00Z' }, { at: '2026-01-03T00:00:00Z' }, NOW - 2 * 86_400_000],
  ]
  for (const [attributes, data, at] of rows) t.match(read(attributes, data), { activity: { at } })
})

t.test('one id of two sources are two events, and long ids stay short', async (t) => {
  const idOf = (attributes: object) => (read(attributes, {}) as { activity: UserActivity }).activity.eventId
  t.equal(idOf({}), idOf({}))
  t.not(idOf({}), idOf({ source: '/other' }))
  t.not(idOf({ id: 'x'.repeat(200) }), idOf({ id: `${'x'.repeat(199)}y` }))
  t.ok(Buffer.byteLength(idOf({ id: 'ü'.repeat(200) })) <= 80)
})

t.test('events that are none, with the reason', async (t) => {
  const rows: [object, unknown, string][] = [
    [{ specversion: undefined }, {}, 'specversion is not 1.0'],
    [{ specversion: '0.3' }, {}, 'specversion is not 1.0'],
    [{ id: '' }, {}, 'the attribute id is missing'],
    [{ id: 7 }, {}, 'the attribute id is missing'],
    [{ source: undefined }, {}, 'the attribute source is missing'],
    [{ type: '' }, {}, 'the attribute type is missing'],
    [{ type: 'com.millrace.' }, {}, 'the type is not com.millrace. and a type of activity'],
    [{ type: 'view' }, {}, 'the type is not com.millrace. and a type of activity'],
    [{ type: 'com.millrace.__proto__' }, {}, 'the type is not com.millrace. and a type of activity'],
    [{ time: 'soon' }, {}, 'time is not an RFC 3339 time'],
    [{ time: '2026-02-30T00:00:00Z' }, {}, 'time is not an RFC 3339 time'],
    [{}, [], 'data is not an object'],
    [{}, 'x', 'data is not an object'],
    [{}, { at: 1.5 }, 'at is not an RFC 3339 time'],
    [{}, { userId: {} }, 'userId is not a text'],
    [{}, { positionMs: '1' }, 'positionMs is not a whole number'],
    [{}, { unitPriceMicros: 2.5 }, 'unitPriceMicros is not a whole number'],
    [{}, { quantity: 'two' }, 'quantity is not a whole number'],
    [{}, { consent: { marketing: 'yes' } }, 'consent is not an object of true and false'],
    [{}, { consent: {} }, 'consent is not an object of true and false'],
    [{}, { properties: [1] }, 'properties is not an object'],
    [{}, { properties: '{' }, 'properties is not an object'],
    [{}, { properties: 5 }, 'properties is not an object'],
  ]
  for (const [attributes, data, problem] of rows)
    t.same(read(attributes, data), { problem }, JSON.stringify([attributes, data]))
})

t.test('envelopes', async (t) => {
  t.same(cloudEventOf({ ...ATTRIBUTES, data: { a: 1 } }), { attributes: ATTRIBUTES, data: { a: 1 } })
  const base64 = Buffer.from('{"a":1}').toString('base64')
  t.same(cloudEventOf({ ...ATTRIBUTES, data_base64: base64 }), { attributes: ATTRIBUTES, data: { a: 1 } })
  for (const wrong of ['AAAA', 5, null]) t.equal(cloudEventOf({ ...ATTRIBUTES, data_base64: wrong }).data, undefined)
  for (const wrong of [null, [], 'x', 5]) t.same(cloudEventOf(wrong), { attributes: {}, data: undefined })
})
