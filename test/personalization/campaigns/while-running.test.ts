/** Campaigns that become known while the service runs and users have a state. */
import t from 'tap'
import type { Campaign } from '../../../lib/personalization/records/campaign.js'
import { event, START_MS, serviceDriver } from '../service-driver.js'

const MINUTE_MS = 60_000
/** More than are told in one look. */
const USERS = 1_100

const sale = (fields: Partial<Campaign> = {}): Campaign => {
  const times = { startMs: START_MS + 10 * MINUTE_MS, endMs: START_MS + 60 * MINUTE_MS }
  return { id: 'sale', title: 'Sale', categories: ['coffee'], items: [], perSecond: 10_000, ...times, ...fields }
}

/** `USERS` viewers of coffee in the first minute, and one of tea; then time passes to `atMs` without them. */
function shopAt(atMs: number, within: string) {
  const shop = serviceDriver({ settings: { 'flash-sale': { within } } })
  for (let i = 0; i < USERS; i++) {
    const userId = `user-${String(i).padStart(4, '0')}`
    shop.send(event({ eventId: `v-${i}`, atMs: i * 5, userId, sessionId: userId, category: 'coffee' }))
  }
  shop.send(event({ eventId: 'tea', atMs: 30_000, userId: 'zoe', sessionId: 'zoe', category: 'tea' }))
  shop.send(event({ eventId: 'other', atMs, userId: 'other', sessionId: 'other', category: 'toys' }))
  return {
    ...shop,
    /** What is told in the next five seconds, by user and minute of the decision. */
    told() {
      for (let look = 0; look < 5; look++) shop.advanceWallClockTime(1_000)
      return shop
        .decisions()
        .filter(({ rule }) => rule === 'flash-sale')
        .map(({ userId, at }) => [userId, (at - START_MS) / MINUTE_MS] as const)
    },
  }
}

for (const within of ['200ms', '1m']) {
  t.test(
    `${within}: it has begun: everybody who is interested is told once, and the next ones as they come`,
    async (t) => {
      const shop = shopAt(20 * MINUTE_MS, within)
      t.same(shop.told(), [])
      shop.campaigns.add(sale())
      const told = shop.told()
      t.equal(told.length, USERS)
      t.equal(new Set(told.map(([userId]) => userId)).size, USERS)
      shop.send(event({ eventId: 'tea-2', atMs: 21 * MINUTE_MS, userId: 'zoe', category: 'coffee' }))
      shop.send(event({ eventId: 'v-0-again', atMs: 21 * MINUTE_MS, userId: 'user-0000', category: 'coffee' }))
      shop.send(event({ eventId: 'later', atMs: 30 * MINUTE_MS, userId: 'other', category: 'toys' }))
      t.same(shop.told(), [['zoe', 21]])
    },
  )

  t.test(`${within}: it begins later: told at its start`, async (t) => {
    const shop = shopAt(5 * MINUTE_MS, within)
    shop.campaigns.add(sale())
    t.same(shop.told(), [])
    shop.send(event({ eventId: 'later', atMs: 30 * MINUTE_MS, userId: 'other', category: 'toys' }))
    const told = shop.told()
    t.equal(told.length, USERS)
    t.same(
      told.filter(([, minute]) => minute !== 10),
      [],
    )
  })

  t.test(`${within}: taken back before its start, over, or of another category: nobody is told`, async (t) => {
    const shop = shopAt(5 * MINUTE_MS, within)
    shop.campaigns.add(sale())
    shop.campaigns.add(sale({ id: 'over', startMs: START_MS, endMs: START_MS + MINUTE_MS }))
    shop.campaigns.add(sale({ id: 'boats', categories: ['boats'] }))
    t.same(shop.told(), [])
    shop.campaigns.remove('sale')
    shop.send(event({ eventId: 'later', atMs: 30 * MINUTE_MS, userId: 'other', category: 'toys' }))
    t.same(shop.told(), [])
  })

  t.test(`${within}: replaced by one of another category: its viewers are told, nobody twice`, async (t) => {
    const shop = shopAt(20 * MINUTE_MS, within)
    shop.campaigns.add(sale({ categories: ['tea'] }))
    t.equal(shop.told().length, 1)
    shop.campaigns.add(sale({ categories: ['tea', 'coffee'] }))
    t.equal(shop.told().length, USERS)
  })
}
