import { createHash } from 'node:crypto'
import t from 'tap'
import { activityProblem, type UserActivity } from '../../lib/personalization/records/activity.js'
import * as calibration from '../../lib/personalization/shop/calibration.js'
import { SHOP_DAYS, SHOP_EVENTS, SHOP_START_MS, simulateShop } from '../../lib/personalization/shop/simulator.js'

const { drawIndex, quantile, runningSums } = calibration
const shop = simulateShop(1)
const sessions = new Map<string, UserActivity[]>()
for (const event of shop.events) {
  const session = sessions.get(event.sessionId!)
  if (session === undefined) sessions.set(event.sessionId!, [event])
  else session.push(event)
}

function at(share: number, values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(share * (values.length - 1))]!
}

function share<T>(all: Iterable<T>, is: (one: T) => boolean): number {
  const list = Array.from(all)
  return list.filter(is).length / list.length
}

function digest(seed: number): string {
  return createHash('sha256')
    .update(JSON.stringify(simulateShop(seed)))
    .digest('hex')
}

t.test('one seed is one shop', async (t) => {
  t.equal(digest(1), digest(1))
  t.not(digest(1), digest(2))
  t.same(simulateShop(2).catalogue.products, shop.catalogue.products, 'the goods are the same for every seed')
})

t.test('exactly 50,000 valid events in time order over three days, labelled', async (t) => {
  t.equal(shop.events.length, SHOP_EVENTS)
  const wrong = shop.events.filter(
    (event, i) =>
      activityProblem(event) !== null ||
      event.source !== 'simulated' ||
      event.eventId !== String(i + 1) ||
      event.at < (shop.events[i - 1]?.at ?? SHOP_START_MS) ||
      (event.itemId !== null && !shop.catalogue.byId.has(event.itemId)),
  )
  t.same(wrong, [])
  t.equal(new Set(shop.events.map((event) => Math.floor((event.at - SHOP_START_MS) / 86_400_000))).size, SHOP_DAYS)
  t.ok(shop.profiles.every((profile) => profile.source === 'simulated' && profile.updatedAt < SHOP_START_MS))
  t.ok(shop.profiles.length > 3_000)
})

t.test('the catalogue is fit to be shown', async (t) => {
  const { products, byId } = shop.catalogue
  t.ok(products.length >= 120)
  t.equal(new Set(products.map(({ itemId }) => itemId)).size, products.length)
  t.equal(new Set(products.map(({ name }) => name)).size, products.length)
  for (const { itemId, companions, category, unitPriceMicros } of products) {
    t.ok(unitPriceMicros >= 3_000_000)
    t.ok(companions.every((other) => other !== itemId && byId.get(other)?.category === category))
  }
})

t.test('what comes out is what was measured', async (t) => {
  const gaps: number[] = []
  const carts: number[] = []
  let next = 0
  let sameItem = 0
  let repeated = 0
  let sameCategory = 0
  for (const events of sessions.values()) {
    for (let i = 1; i < events.length; i++) {
      if (events[i]!.type !== 'cancellation') gaps.push((events[i]!.at - events[i - 1]!.at) / 1000)
    }
    const opened = events.find(({ type }) => type === 'cart')
    const bought = events.find(({ type, itemId }) => type === 'purchase' && itemId === opened?.itemId)
    if (opened && bought && bought.at > opened.at) carts.push((bought.at - opened.at) / 1000)
    const views = events.filter(({ type }) => type === 'view')
    for (let i = 1; i < views.length; i++) {
      next++
      if (views[i]!.itemId === views[i - 1]!.itemId) sameItem++
      if (views[i]!.category === views[i - 1]!.category) sameCategory++
      if (views.slice(0, i).some(({ itemId }) => itemId === views[i]!.itemId)) repeated++
    }
  }
  const lengths = Array.from(sessions.values(), (events) => events.length)
  const viewed = new Map<string, number>()
  for (const { type, itemId } of shop.events) if (type === 'view') viewed.set(itemId!, (viewed.get(itemId!) ?? 0) + 1)
  const counts = [...viewed.values()].sort((a, b) => b - a)
  const sum = (list: readonly number[]) => list.reduce((all, one) => all + one, 0)
  const topFifth = sum(counts.slice(0, Math.floor(counts.length / 5))) / sum(counts)
  const withA = (type: string) => share(sessions.values(), (events) => events.some((event) => event.type === type))
  const rows: [what: string, measured: number, wanted: number, tolerance: number][] = [
    ['gap p50', at(0.5, gaps), 33, 0.1],
    ['gap p90', at(0.9, gaps), 115, 0.1],
    ['session length p50', at(0.5, lengths), 2, 0],
    ['session length p75', at(0.75, lengths), 4, 0.25],
    ['session length p90', at(0.9, lengths), 8, 0.15],
    ['session length p99', at(0.99, lengths), 21, 0.15],
    ['cart to purchase p10', at(0.1, carts), 18, 0.4],
    ['cart to purchase p50', at(0.5, carts), 81, 0.25],
    ['cart to purchase p90', at(0.9, carts), 370, 0.35],
    ['sessions with a cart', withA('cart'), 0.0233, 0.2],
    ['sessions with a purchase', withA('purchase'), 0.0395, 0.2],
    ['same item again', sameItem / next, 0.318, 0.1],
    ['repeats', repeated / next, 0.397, 0.1],
    ['same category', sameCategory / next, 0.921, 0.03],
    ['top fifth of the items', topFifth, 0.59, 0.1],
  ]
  for (const [what, measured, wanted, tolerance] of rows) {
    t.ok(Math.abs(measured - wanted) <= wanted * tolerance, `${what}: ${measured.toFixed(3)}, wanted ${wanted}`)
    t.comment(`${what}: ${measured.toFixed(4)} (${wanted})`)
  }
})

t.test('quantiles and weighted draws', async (t) => {
  t.equal(quantile(calibration.GAP_SECONDS, 0.5), 33)
  t.equal(quantile(calibration.GAP_SECONDS, 0), 2)
  t.equal(quantile(calibration.GAP_SECONDS, 1), 1200)
  t.equal(
    Math.round(
      quantile(
        [
          [0, 1],
          [1, 100],
        ],
        0.5,
      ),
    ),
    10,
  )
  const sums = runningSums([1, 0, 3])
  t.same(sums, [1, 1, 4])
  t.same(
    [0, 0.2499, 0.25, 0.9999].map((draw) => drawIndex(sums, draw)),
    [0, 0, 2, 2],
  )
})
