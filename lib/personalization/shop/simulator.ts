/** The seeded shop: exactly 50,000 events over three simulated days, the same for every run of one seed. */
import { type Random, seededRandom } from '../../index.js'
import { activityOf, type UserActivity } from '../records/activity.js'
import type { CustomerProfile } from '../records/profile.js'
import { drawIndex, runningSums, VIEWS_BY_HOUR } from './calibration.js'
import { type Catalogue, shopCatalogue } from './catalogue.js'
import { type Customers, shopCustomers } from './customers.js'
import { shopVisit } from './session.js'

/** Events of one simulation. */
export const SHOP_EVENTS = 50_000
/** Simulated days of one simulation. */
export const SHOP_DAYS = 3
/** When the simulated days begin: Monday 2 March 2026, 00:00 UTC, in epoch milliseconds. */
export const SHOP_START_MS = 1_772_409_600_000
/** Customers among whom the visits are drawn. */
const SHOP_CUSTOMERS = 6_000

const HOUR_MS = 3_600_000
const SHOP_END_MS = SHOP_START_MS + SHOP_DAYS * 24 * HOUR_MS

export interface Shop {
  readonly catalogue: Catalogue
  /** Of the customers who have one. */
  readonly profiles: readonly CustomerProfile[]
  /** In time order, `SHOP_EVENTS` of them, event ids 1 and up, `source` simulated. */
  readonly events: readonly UserActivity[]
}

/** Simulates the shop. Takes a fraction of a second and about 20 MB; nothing is drawn later. */
export function simulateShop(seed: number | string): Shop {
  const catalogue = shopCatalogue()
  const customers = shopCustomers(SHOP_CUSTOMERS, SHOP_START_MS, seededRandom(`${seed}/shop customers`))
  const events = drawVisits(catalogue, customers, seededRandom(`${seed}/shop visits`))
  // The sort is stable, so events of one millisecond keep the order in which their visits were drawn.
  events.sort((a, b) => a.at - b.at)
  return {
    catalogue,
    profiles: customers.list.flatMap(({ profile }) => (profile === null ? [] : [profile])),
    events: events.map((event, i) => activityOf({ ...event, eventId: String(i + 1) })),
  }
}

/** Visits are drawn until they make the number; what falls after the last day is omitted. */
function drawVisits(catalogue: Catalogue, customers: Customers, random: Random): UserActivity[] {
  const hourSums = runningSums(VIEWS_BY_HOUR)
  const events: UserActivity[] = []
  for (let visits = 1; events.length < SHOP_EVENTS; visits++) {
    const customer = customers.list[drawIndex(customers.activity, random.next())]!
    const hour = random.int(SHOP_DAYS) * 24 + drawIndex(hourSums, random.next())
    const startMs = SHOP_START_MS + hour * HOUR_MS + random.int(HOUR_MS)
    for (const event of shopVisit(customer, `s-${visits}`, startMs, catalogue, random)) {
      if (event.at < SHOP_END_MS && events.length < SHOP_EVENTS) events.push(event)
    }
  }
  return events
}
