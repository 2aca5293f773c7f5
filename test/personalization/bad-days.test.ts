/** Bad days that a configuration can have: a campaign in the past, a time zone that does not exist, a configuration that changes. */
import { join } from 'node:path'
import t from 'tap'
import { embeddedBroker, readTopic, silentLog } from '../../lib/index.js'
import { checkedConfig } from '../../lib/personalization/config/check-config.js'
import { type DecisionSettings, defaultConfig, withSettings } from '../../lib/personalization/config/service-config.js'
import { activitiesOfCall } from '../../lib/personalization/doors/segment/segment-call.js'
import { defineDecision } from '../../lib/personalization/frame/define-decision.js'
import { headerText } from '../../lib/personalization/records/decided-record.js'
import { DECISION_ID_HEADER } from '../../lib/personalization/records/decision-id.js'
import type { RuleAnswers } from '../../lib/personalization/records/decision-trace.js'
import { PersonalizationService } from '../../lib/personalization/service.js'
import { event, only, START_MS, serviceDriver } from './service-driver.js'
import { serviceOptions } from './service-run.js'

t.setTimeout(180_000)

const HOUR_MS = 3_600_000
const campaign = (startMs: number, endMs: number) => ({
  ...{ id: 'sale', title: null, categories: ['phones'], items: [], perSecond: 100 },
  ...{ startMs: START_MS + startMs, endMs: START_MS + endMs },
})
const view = (eventId: string, atMs: number, userId = 'ann') => event({ eventId, atMs, userId, category: 'phones' })

t.test('a campaign in the past is allowed and tells no one', async (t) => {
  const config = {
    campaigns: [{ id: 'past', items: ['a'], start: '2001-01-01T00:00:00Z', end: '2001-01-02T00:00:00Z' }],
  }
  t.equal((await checkedConfig(config, '.')).campaigns.length, 1)
  const service = serviceDriver({ campaigns: [campaign(-48 * HOUR_MS, -47 * HOUR_MS)] })
  service.send(view('a', 0), view('b', HOUR_MS))
  service.end(2 * HOUR_MS)
  t.same(only(service.decisions(), 'flash-sale'), [], 'it ended before the first event')
})

t.test(
  'a campaign that ends before it becomes known tells no one; one that has begun tells who is interested',
  async (t) => {
    for (const [endMs, expected] of [
      [2 * HOUR_MS, 0],
      [20 * HOUR_MS, 1],
    ] as const) {
      const service = serviceDriver()
      service.send(
        view('a', 3 * HOUR_MS),
        view('b', 4 * HOUR_MS, 'bob'),
        event({ eventId: 'c', atMs: 5 * HOUR_MS, type: 'custom' }),
      )
      service.campaigns.add(campaign(HOUR_MS, endMs))
      service.advanceWallClockTime(1_000)
      service.send(event({ eventId: 'd', atMs: 6 * HOUR_MS, type: 'custom' }))
      service.end(7 * HOUR_MS)
      const told = only([...service.decisions(), ...service.suppressed()], 'flash-sale')
      t.equal(told.length, expected * 2, `until ${endMs}`)
      t.equal(new Set(told.map(({ decisionId }) => decisionId)).size, told.length)
    }
  },
)

t.test('a time zone that does not exist: an error of the file, no zone of an event', async (t) => {
  const quietHours = { channels: ['push'], from: '22:00', to: '07:00' }
  for (const zone of ['Europe/Atlantis', '+02:00', '', 'europe', 5]) {
    const wrong = checkedConfig({ quietHours: { ...quietHours, zone } }, '.')
    await t.rejects(wrong, { code: 'CONFIG_FILE_INVALID', message: /^quietHours\.zone is / }, String(zone))
  }
  const call = {
    type: 'track',
    event: 'Product Viewed',
    userId: 'ann',
    messageId: 'm',
    properties: { product_id: 'a' },
  }
  const receipt = { source: 'api', receivedMs: START_MS, fallbackId: 'f' } as const
  const read = activitiesOfCall(
    { ...call, timestamp: new Date(START_MS).toISOString(), context: { timezone: 'Europe/Atlantis' } },
    receipt,
  )
  t.match(read, { activities: [{ timeZone: null }] }, 'a client that names one is heard without it')
})

const pusher = defineDecision({
  ...{ name: 'pusher', title: 'Pusher', within: '200ms', channel: 'push', validFor: '12h', reads: ['view'] },
  ...{ order: 'arrival', subject: 'event' },
  onEvent(_state, { eventId, itemId }, turn) {
    turn.decide({ subject: eventId, items: [itemId!] })
    return undefined
  },
})

t.test(
  'a zone that does not exist, from a producer on the topic: the configured zone applies, and the trace says so',
  async (t) => {
    const around = { quietHours: { channels: ['push'], fromMinute: 0, toMinute: 420, zone: 'UTC' } } as const
    const service = serviceDriver({ decisions: [pusher], around })
    service.send(event({ eventId: 'a', atMs: 8 * HOUR_MS, timeZone: 'Europe/Atlantis' }))
    const [decision] = service.decisions()
    const answers = JSON.parse(decision!.trace!.rules!) as RuleAnswers
    t.match(answers['quiet-hours'], { answer: 'passed', zone: 'UTC', known: false, clock: '08:00' })
  },
)

t.test(
  'a configuration that changes between two lives: nothing of the other decisions is lost or repeated',
  async (t) => {
    const broker = await embeddedBroker({ folder: null })
    t.teardown(() => broker.close())
    const options = await serviceOptions({ connection: { broker }, name: 'changed', folder: t.testdir(), rows: 1_500 })
    const warned: unknown[] = []
    const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) }
    const life = async (settings: Record<string, DecisionSettings>, more: object = {}, isWhole = true) => {
      const config = { ...withSettings(defaultConfig, settings), ...more }
      const service = await PersonalizationService.open({
        ...options,
        stateDir: join(t.testdirName, 'state'),
        config,
        log,
      })
      try {
        await service.start()
        if (isWhole) await service.inputDone()
        await service.stop({ leaveGroup: true })
        const ids: string[] = []
        for await (const { records } of readTopic({
          cluster: service.cluster,
          topic: service.topics.recommendations,
        })) {
          for (const { headers } of records) ids.push(headerText(headers, DECISION_ID_HEADER)!)
        }
        return { summary: await service.summary(), ids }
      } finally {
        await service.close()
      }
    }
    const first = await life({})
    t.equal(first.summary.duplicateRecommendations, 0)
    const disabled = await life({ upsell: { enabled: false } })
    t.same(disabled.ids, first.ids, 'a decision that is disabled takes nothing back')
    t.ok(
      disabled.summary.decisions.some(({ rule, decided }) => rule === 'upsell' && decided > 0),
      'and is still counted',
    )
    const own = await life({}, { decisions: [pusher] })
    t.equal(own.summary.duplicateRecommendations, 0, 'a new decision begins with the events that come from now on')
    t.same(own.ids, first.ids)
    const back = await life({ carousel: { channel: 'email' } })
    t.same(back.ids, first.ids, 'enabled again, and with another channel: no message is repeated')
    t.equal(back.summary.duplicateRecommendations, 0)
    t.same(warned, [], 'the tiers are the same')
    await life({ upsell: { within: '7m' } })
    t.same(warned, [{ tier: '7m' }], 'the log says that a tier is new')
  },
)
