/** The service against the reference, on random histories that arrive shuffled inside grace and with copies. */
import t from 'tap'
import { SHIPPED_DECISIONS } from '../../../lib/personalization/decisions/index.js'
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import type { Campaign } from '../../../lib/personalization/records/campaign.js'
import { serviceDriver } from '../service-driver.js'
import { referenceAudienceSync } from './audience-sync.js'
import { referenceCarousel } from './carousel.js'
import { referenceCartAbandonment } from './cart-abandonment.js'
import { referenceDailySegments } from './daily-segments.js'
import { referenceFlashSale } from './flash-sale.js'
import { decisionLines, HOUR_MS, latestAt, MINUTE_MS, type ReferenceDecision } from './plain.js'
import { referencePlayback } from './playback.js'
import { arrivals, HISTORY_START_MS, RANDOM_CAMPAIGN, randomEvents } from './random-events.js'
import { referenceServiceRouting } from './service-routing.js'
import { referenceSpendingAlert } from './spending-alert.js'
import { referenceUpsell } from './upsell.js'

const REFERENCES = [
  referenceCarousel,
  referenceCartAbandonment,
  referenceSpendingAlert,
  referenceUpsell,
  referencePlayback,
  (events: readonly UserActivity[]) => referenceFlashSale(events, RANDOM_CAMPAIGN),
  (events: readonly UserActivity[]) => referenceAudienceSync(events),
  (events: readonly UserActivity[]) => referenceDailySegments(events),
  (events: readonly UserActivity[]) => referenceServiceRouting(events),
]

t.setTimeout(120_000)

const CAMPAIGN: Campaign = { title: null, perSecond: 3, categories: [], items: [], ...RANDOM_CAMPAIGN }

t.test('the decisions of the service are those of the reference, in whatever order events arrive', async (t) => {
  for (let i = 0; i < 40; i++) {
    const seed = `service ${i}`
    const graceMs = [0, MINUTE_MS, 10 * MINUTE_MS, 4 * HOUR_MS][i % 4]!
    const events = randomEvents(seed, i % 8 === 7 ? { days: 45 } : {})
    const service = serviceDriver({ graceMs, campaigns: [CAMPAIGN] }, HISTORY_START_MS)
    service.send(...arrivals(seed, events, graceMs))
    service.end(latestAt(events) - HISTORY_START_MS)
    t.same(service.deadLetters(), [])
    const expected = REFERENCES.flatMap((reference) => reference(events))
    t.same(comparable(service.decisions()), comparable(expected), seed)
  }
})

t.test('whichever tier each decision runs in', async (t) => {
  for (const [i, within] of ['200ms', '1m', '4h', '1d'].entries()) {
    const seed = `tier ${i}`
    const events = randomEvents(seed)
    const settings = Object.fromEntries(SHIPPED_DECISIONS.map(({ name }) => [name, { within }]))
    const service = serviceDriver({ campaigns: [CAMPAIGN], settings }, HISTORY_START_MS)
    service.send(...arrivals(seed, events, MINUTE_MS))
    service.end(latestAt(events) - HISTORY_START_MS)
    const expected = REFERENCES.flatMap((reference) => reference(events))
    t.same(comparable(service.decisions()), comparable(expected), within)
  }
})

/** The event that reaches the threshold of a spending alert depends on the order of arrival; whether one does it does not. */
function comparable(decisions: readonly ReferenceDecision[]): string[] {
  const isTimed = ({ rule }: ReferenceDecision) => rule !== 'spending-alert'
  return decisionLines(decisions.map((decision) => (isTimed(decision) ? decision : { ...decision, at: 0 })))
}
