import t from 'tap'
import { Admin, connect, embeddedBroker, readAll } from '../../../lib/index.js'
import { EventClock } from '../../../lib/personalization/gate/event-clock.js'
import { Intake } from '../../../lib/personalization/input/intake.js'
import { activityOf } from '../../../lib/personalization/records/activity.js'
import { plainSerdes } from '../../../lib/personalization/records/serdes.js'
import { serviceTopics, topicNames } from '../../../lib/personalization/records/topic-names.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'

const NOW = Date.UTC(2026, 0, 5)
const PAST = Date.UTC(2019, 9, 1)
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const topics = topicNames('')
const serdes = plainSerdes()

t.test('events of both live sources, with their keys, times and trace context', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect({ broker })
  const eventClock = new EventClock(new ManualClock(NOW))
  const intake = new Intake({ cluster, topics, serdes, eventClock })
  t.teardown(async () => {
    await intake.close()
    await cluster.close()
    await broker.close()
  })
  await new Admin(cluster).createTopics(serviceTopics(topics, 1))
  const view = activityOf({ eventId: 'e', type: 'view', at: NOW - 2_000, source: 'api', itemId: 'i', userId: 'u' })
  await intake.submit(view, TRACEPARENT)
  await intake.submit({ ...view, type: 'identify', anonymousId: 'a' })
  await intake.submit({ ...view, source: 'page' })
  eventClock.observe(PAST, true)
  await intake.submit(view)
  await intake.submit({ ...view, source: 'replay' })
  const records = await readAll({ cluster, topic: topics.activity })
  t.same(
    records.map(({ key, value, headers }) => {
      const { at, source } = serdes.activity.deserialize(value!, topics.activity)
      return [key!.toString(), at, source, headers.map((header) => [header.key, header.value?.toString()])]
    }),
    [
      ['u', NOW - 2_000, 'api', [['traceparent', TRACEPARENT]]],
      ['anonymous:a', NOW - 2_000, 'api', []],
      ['u', NOW, 'page', []],
      ['u', PAST + 1 - 2_000, 'api', []],
      ['u', PAST + 1, 'page', []],
    ],
  )
  for (const wrong of [
    { ...view, type: 'end_of_input' as const },
    { ...view, type: 'input_progress' as const },
    { ...view, itemId: null },
  ]) {
    await t.rejects(intake.submit(wrong), { code: 'ACTIVITY_INVALID' })
  }
})
