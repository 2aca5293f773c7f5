/** The fixed figures of the published files. */
import t from 'tap'
import { needs, PLAYBACK, REES46, RETAIL } from '../real-data.js'
import { referenceAudienceSync } from './audience-sync.js'
import { deliveredUnderCap } from './cap.js'
import { referenceCarousel } from './carousel.js'
import { referenceCartAbandonment } from './cart-abandonment.js'
import { referenceDailySegments } from './daily-segments.js'
import { referenceFlashSale } from './flash-sale.js'
import { DAY_MS, type ReferenceDecision } from './plain.js'
import { referencePlayback } from './playback.js'
import { playbackEvents, rees46Events, retailEvents } from './real-events.js'
import { referenceServiceRouting } from './service-routing.js'
import { referenceSpendingAlert } from './spending-alert.js'
import { referenceUpsell } from './upsell.js'

const SMARTPHONES = {
  id: 'smartphones',
  categories: ['electronics.smartphone'],
  startMs: Date.UTC(2019, 9, 1, 1),
  endMs: Date.UTC(2019, 9, 1, 1, 30),
}

t.test('rees46', needs(REES46), async (t) => {
  const events = await rees46Events()
  t.equal(events.length, 17_434)
  t.same(counts(referenceCarousel(events)), { carousel: 17_055 })
  const carts = referenceCartAbandonment(events)
  t.same(counts(carts), { 'cart-abandonment': 61 })
  t.equal(deliveredUnderCap(carts, { most: 1, perMs: DAY_MS }).length, 58)
  t.same(counts(referenceUpsell(events)), { upsell: 1_255 })
  const told = referenceFlashSale(events, SMARTPHONES)
  t.same(counts(told), { 'flash-sale': 138 })
  t.equal(told.filter(({ at }) => at === SMARTPHONES.startMs).length, 120)
})

t.test('retail', needs(RETAIL), async (t) => {
  const events = await retailEvents()
  t.equal(events.length, 320_705)
  t.same(counts(referenceSpendingAlert(events)), { 'spending-alert': 2_473, 'spending-alert-withdrawn': 33 })
  t.same(counts(referenceDailySegments(events)), { 'daily-segments-added': 2_067, 'daily-segments-removed': 1_914 })
  t.same(counts(referenceAudienceSync(events)), { 'audience-sync-added': 6_698, 'audience-sync-removed': 6_562 })
})

t.test('made-playback', needs(PLAYBACK), async (t) => {
  const events = await playbackEvents()
  t.equal(events.length, 16_612)
  t.same(counts(referencePlayback(events)), { playback: 3_001 })
  t.same(counts(referenceServiceRouting(events)), { 'service-routing-priority': 86, 'service-routing-normal': 86 })
})

/** How many of each rule, of distinct subjects. */
function counts(decisions: readonly ReferenceDecision[]): Record<string, number> {
  const found: Record<string, number> = {}
  for (const subject of new Set(decisions.map(({ rule, subject }) => `${rule}\n${subject}`))) {
    const rule = subject.split('\n')[0]!
    found[rule] = (found[rule] ?? 0) + 1
  }
  return found
}
