/** CloudEvents on the topic, as the Kafka binding of the `cloudevents` package makes them. */
import { CloudEvent, Kafka } from 'cloudevents'
import t from 'tap'
import { activityOfRecord } from '../../../lib/personalization/records/arrival.js'
import { headerText } from '../../../lib/personalization/records/decided-record.js'
import { kafkaCloudEvent } from '../../../lib/personalization/records/kafka-cloud-event.js'
import { type Headers, NO_HEADERS } from '../../../lib/record/record.js'
import { event, only, START_MS, serdes, serviceDriver, topics } from '../service-driver.js'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

interface Message {
  readonly key: Buffer
  readonly value: Buffer
  readonly headers: Headers
}

function cloudEvent(fields: object = {}, data: object = { userId: 'ann', itemId: 'i1', sessionId: 's1' }) {
  const time = new Date(START_MS).toISOString()
  return new CloudEvent({
    id: '7',
    source: '/shop',
    type: 'com.millrace.view',
    time,
    partitionkey: 'ann',
    data,
    ...fields,
  })
}

/** What a Kafka client sends of the package's message: texts as bytes, data as JSON. */
function message(mode: 'binary' | 'structured', from: CloudEvent<object>): Message {
  const { key, value, headers } = Kafka[mode](from) as unknown as {
    key: string
    value: unknown
    headers: Record<string, string | undefined>
  }
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    key: Buffer.from(key),
    value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    headers: given.map(([name, text]) => ({ key: name, value: Buffer.from(text) })),
  }
}

function pipe(service: ReturnType<typeof serviceDriver>, { key, value, headers }: Message): void {
  service.raw.pipe(key, value, START_MS, headers)
}

t.test('both modes become activities and decisions, which keep the trace context', async (t) => {
  for (const mode of ['binary', 'structured'] as const) {
    const service = serviceDriver()
    pipe(service, message(mode, cloudEvent({ traceparent: TRACEPARENT })))
    pipe(service, message(mode, cloudEvent({ id: '8' })))
    pipe(service, message(mode, cloudEvent({ id: '8' })))
    t.same(service.deadLetters(), [], mode)
    const records = service.records()
    t.equal(records.length, 2, 'one id of one source counts once')
    t.match(records[0]!.value, { rule: 'carousel', userId: 'ann', at: START_MS, becauseOf: 'i1' })
    t.same(
      records.map(({ headers }) => headerText(headers, 'traceparent')),
      [TRACEPARENT, null],
    )
  }
})

t.test('the trace context of an Avro record reaches its decisions, and not those that time has led to', async (t) => {
  const service = serviceDriver({ graceMs: 0 })
  const headers = [{ key: 'traceparent', value: Buffer.from(TRACEPARENT) }]
  const send = (one: ReturnType<typeof event>) =>
    service.raw.pipe(Buffer.from('ann'), serdes.activity.serialize(one, topics.activity), one.at, headers)
  const buy = { type: 'purchase', unitPriceMicros: 600_000_000 } as const
  send(event({ eventId: '1', atMs: 0, source: 'api', ...buy }))
  send(event({ eventId: '2', atMs: 1_000, source: 'api' }))
  const traces = service.records().map(({ value, headers }) => [value!.rule, headerText(headers, 'traceparent')])
  t.same(traces, [
    ['spending-alert', TRACEPARENT],
    ['carousel', TRACEPARENT],
  ])
})

t.test('what is no event of ours goes to the dead letters with the reason and its bytes', async (t) => {
  const good = message('binary', cloudEvent())
  const without = (name: string) => good.headers.filter(({ key }) => key !== name)
  const unknown = message('binary', cloudEvent({ type: 'com.millrace.jump' }))
  const rows: [Message, string][] = [
    [unknown, 'the type is not com.millrace. and a type of activity'],
    [
      message('structured', cloudEvent({ type: 'com.example.view' })),
      'the type is not com.millrace. and a type of activity',
    ],
    [{ ...good, headers: without('ce_id') }, 'the attribute id is missing'],
    [{ ...good, headers: without('ce_specversion') }, 'specversion is not 1.0'],
    [{ ...good, value: Buffer.from('{') }, 'the data is not JSON'],
    [{ ...good, value: Buffer.from('[]') }, 'data is not an object'],
    [
      { ...good, headers: [...without('content-type'), { key: 'content-type', value: Buffer.from('text/plain') }] },
      'the data is not JSON',
    ],
    [message('binary', cloudEvent({}, { userId: 'ann' })), 'view without itemId'],
    [{ ...good, key: Buffer.from('bob') }, 'the record key is not the user'],
    [message('binary', cloudEvent({ time: new Date(START_MS + 86_400_000).toISOString() })), 'time ahead of the clock'],
    [{ ...good, headers: NO_HEADERS }, 'unreadable value'],
  ]
  for (const [one, reason] of rows) {
    const service = serviceDriver()
    pipe(service, one)
    service.send(event({ eventId: 'after', atMs: 0 }))
    t.match(service.deadLetters(), [{ reason, topic: topics.activity, row: -1 }], reason)
    t.equal(only(service.decisions(), 'carousel').length, 1)
  }
  const service = serviceDriver()
  pipe(service, unknown)
  t.same(service.deadLetters()[0]!.value, unknown.value)
})

t.test('an event without data has no value on the topic', async (t) => {
  const service = serviceDriver()
  const { headers } = message('binary', cloudEvent({ type: 'com.millrace.custom' }, {}))
  service.raw.pipe(Buffer.from('anonymous:7'), null, START_MS, headers)
  t.match(service.deadLetters(), [{ reason: 'the record key is not the user' }], 'it is read')
  service.raw.pipe(Buffer.from('ann'), null, START_MS, NO_HEADERS)
  t.match(service.deadLetters(), [{ reason: 'no value' }])
})

t.test('readers of the topic see the same activity', async (t) => {
  const { key, value, headers } = message('binary', cloudEvent())
  const record = { topic: topics.activity, partition: 0, offset: 0, timestamp: START_MS, key, value, headers }
  t.match(activityOfRecord(record, serdes.activity), { type: 'view', userId: 'ann', at: START_MS })
  const avro = serdes.activity.serialize(event({ eventId: '1', atMs: 0 }), topics.activity)
  t.match(activityOfRecord({ ...record, value: avro }, serdes.activity), { eventId: '1' })
  t.equal(activityOfRecord({ ...record, value: null, headers: NO_HEADERS }, serdes.activity), null)
  t.equal(activityOfRecord({ ...record, value: Buffer.from('{') }, serdes.activity), null)
  t.throws(() => activityOfRecord({ ...record, headers: NO_HEADERS }, serdes.activity))
})

t.test('headers that make no CloudEvent', async (t) => {
  const bytes = Buffer.from('{}')
  for (const headers of [
    [],
    [{ key: 'traceparent', value: Buffer.from(TRACEPARENT) }],
    [{ key: 'id', value: bytes }],
  ]) {
    t.equal(kafkaCloudEvent(headers, bytes), null)
  }
})
