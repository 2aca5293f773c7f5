/** Goal: a producer of CloudEvents needs no code of ours. Method: the `cloudevents` package and kafkajs as they are, and the service on a real broker. */
import { CloudEvent, Kafka as KafkaBinding } from 'cloudevents'
import { Kafka, logLevel } from 'kafkajs'
import t from 'tap'
import { readTopic } from '../../lib/index.js'
import { headerText } from '../../lib/personalization/records/decided-record.js'
import type { Recommendation } from '../../lib/personalization/records/recommendation.js'
import { PersonalizationService } from '../../lib/personalization/service.js'
import { serviceOptions } from '../personalization/service-run.js'
import { realKafka, uniqueName } from './broker.js'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function view(id: string, userId: string, itemId: string, extensions: object = {}): CloudEvent<object> {
  const data = { userId, itemId, sessionId: `session of ${userId}` }
  return new CloudEvent({ id, source: '/shop', type: 'com.millrace.view', partitionkey: userId, data, ...extensions })
}

/** What a producer does with the message of the package: its value is JSON if it is no text yet. */
function message(mode: 'binary' | 'structured', event: CloudEvent<object>) {
  const { key, value, headers } = KafkaBinding[mode](event) as unknown as {
    key: string
    value: unknown
    headers: Record<string, string | undefined>
  }
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { key, value: typeof value === 'string' ? value : JSON.stringify(value), headers: Object.fromEntries(given) }
}

t.test('CloudEvents on real Kafka', { timeout: 120_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const connection = { brokers: [kafka.bootstrap] }
  const options = await serviceOptions({ connection, name: uniqueName('cloud'), folder: t.testdir() })
  const service = await PersonalizationService.open({ ...options, input: null })
  t.teardown(() => service.close())
  await service.start()
  const { cluster, topics, serdes } = service

  const producer = new Kafka({ brokers: [kafka.bootstrap], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  t.teardown(() => producer.disconnect())
  const broken = { key: 'ann', value: '{', headers: message('binary', view('7', 'ann', 'i7')).headers }
  await producer.send({
    topic: topics.activity,
    messages: [
      message('binary', view('1', 'ann', 'i1', { traceparent: TRACEPARENT })),
      message('structured', view('2', 'bob', 'i2', { traceparent: TRACEPARENT })),
      message('binary', view('1', 'ann', 'i1')),
      broken,
      message('structured', view('3', 'ann', 'i3')),
    ],
  })

  const decisions: [user: string, because: string | null, trace: string | null][] = []
  for await (const { records } of readTopic({ cluster, topic: topics.recommendations, until: 'never' })) {
    for (const { value, headers } of records) {
      const { rule, userId, becauseOf }: Recommendation = serdes.recommendation.deserialize(
        value!,
        topics.recommendations,
      )
      if (rule === 'carousel') decisions.push([userId, becauseOf, headerText(headers, 'traceparent')])
    }
    if (decisions.length >= 3) break
  }
  t.same(decisions.sort(), [
    ['ann', 'i1', TRACEPARENT],
    ['ann', 'i3', null],
    ['bob', 'i2', TRACEPARENT],
  ])
  const reasons: string[] = []
  for await (const { records } of readTopic({ cluster, topic: topics.deadLetters, until: 'now' })) {
    for (const { value } of records) reasons.push(serdes.deadLetter.deserialize(value!, topics.deadLetters).reason)
  }
  t.same(reasons, ['the data is not JSON'])
})
