/** One visit to the simulated shop: the views, cart changes and purchases, with their times. */
import type { Random } from '../../index.js'
import { type ActivityFields, type ActivityType, activityOf, type UserActivity } from '../records/activity.js'
import * as calibration from './calibration.js'
import { type Catalogue, CURRENCY, type Product } from './catalogue.js'
import type { Customer } from './customers.js'

const { drawIndex, quantile } = calibration

/** A visit in the making: events without ids, their times not yet cut to the simulated days. */
interface Visit {
  readonly customer: Customer
  readonly sessionId: string
  readonly catalogue: Catalogue
  readonly random: Random
  readonly events: UserActivity[]
  atMs: number
}

/** The visit's events in time order; ids are given when all visits are in one order. */
export function shopVisit(
  customer: Customer,
  sessionId: string,
  startMs: number,
  catalogue: Catalogue,
  random: Random,
): UserActivity[] {
  const visit: Visit = { customer, sessionId, catalogue, random, events: [], atMs: startMs }
  const length = Math.max(1, Math.round(quantile(calibration.SESSION_EVENTS, random.next())))
  const category = drawCategory(visit)
  let product = drawProduct(visit, category)
  if (random.next() < calibration.SEARCH_SESSION_SHARE) {
    add(visit, 'search', { query: searchFor(product), category: product.category })
    pause(visit)
  }
  // Puts in the cart or buys at one view of the visit, or at none.
  const intent = random.next()
  const decidesAt = random.int(length)
  for (let i = 0; i < length; i++) {
    if (i > 0) {
      pause(visit)
      product = nextProduct(visit, product)
    }
    addItem(visit, 'view', product)
    if (i !== decidesAt) continue
    if (intent < calibration.CART_SESSION_SHARE) cart(visit, product)
    else if (intent < calibration.CART_SESSION_SHARE + calibration.DIRECT_PURCHASE_SESSION_SHARE) {
      pause(visit)
      purchase(visit, product, visit.atMs)
    }
  }
  return visit.events.sort((a, b) => a.at - b.at)
}

/** The item goes into the cart; it is bought after a while, taken out, or left, whatever else the visit still looks at. */
function cart(visit: Visit, product: Product): void {
  const { random } = visit
  pause(visit)
  addItem(visit, 'cart', product)
  if (random.next() < calibration.CART_BOUGHT_SHARE) {
    const waitMs = quantile(calibration.CART_TO_PURCHASE_SECONDS, random.next()) * 1000
    purchase(visit, product, visit.atMs + Math.round(waitMs))
  } else if (random.next() < calibration.CART_REMOVED_SHARE) {
    pause(visit)
    addItem(visit, 'remove', product)
  }
}

function purchase(visit: Visit, product: Product, atMs: number): void {
  const { random } = visit
  const quantity = random.next() < 0.9 ? 1 : 2
  addItem(visit, 'purchase', product, atMs, quantity)
  if (random.next() >= calibration.CANCELLATION_SHARE) return
  const [low, high] = calibration.CANCELLATION_HOURS
  const hours = low + random.next() * (high - low)
  addItem(visit, 'cancellation', product, atMs + Math.round(hours * 3_600_000), quantity)
}

/** Lets the gap between two events of a session pass, to the millisecond. */
function pause(visit: Visit): void {
  visit.atMs += Math.round(quantile(calibration.GAP_SECONDS, visit.random.next()) * 1000)
}

function drawCategory(visit: Visit): string | null {
  const { interests } = visit.customer
  if (visit.random.next() >= calibration.INTEREST_SHARE) return null
  // Of two interests the dearer is drawn twice as often, of three four times as often as the last.
  const place = Math.min(Math.floor(-Math.log2(1 - visit.random.next())), interests.length - 1)
  return interests[place]!
}

function drawProduct(visit: Visit, category: string | null): Product {
  const { catalogue, random } = visit
  if (category === null) return catalogue.products[drawIndex(catalogue.popularity, random.next())]!
  return catalogue.byCategory.get(category)![drawIndex(catalogue.popularityIn.get(category)!, random.next())]!
}

function nextProduct(visit: Visit, current: Product): Product {
  const { catalogue, random } = visit
  const turn = random.next()
  if (turn < calibration.SAME_ITEM_SHARE) return current
  const seen = new Set(visit.events.map((event) => event.itemId))
  if (turn < calibration.SAME_ITEM_SHARE + calibration.RETURN_SHARE) {
    const others = Array.from(seen).filter((itemId) => itemId !== null && itemId !== current.itemId)
    return others.length === 0 ? current : catalogue.byId.get(others[random.int(others.length)]!)!
  }
  // The shop is small: without a second look, most long visits would go in circles.
  let next = freshProduct(visit, current)
  for (let looks = 1; looks < LOOKS && seen.has(next.itemId); looks++) next = freshProduct(visit, current)
  return next
}

/** Draws for an item that the visit has not seen yet before it takes what comes. */
const LOOKS = 8

function freshProduct(visit: Visit, current: Product): Product {
  const { catalogue, random } = visit
  if (random.next() >= calibration.SAME_CATEGORY_SHARE) return drawProduct(visit, null)
  if (random.next() >= calibration.COMPANION_SHARE) return drawProduct(visit, current.category)
  return catalogue.byId.get(current.companions[random.int(current.companions.length)]!)!
}

/** What somebody types who is after the product: its kind, without the maker. */
function searchFor(product: Product): string {
  return product.name.slice(product.brand.length + 1).toLowerCase()
}

function addItem(visit: Visit, type: ActivityType, product: Product, atMs = visit.atMs, quantity = 1): void {
  const { itemId, unitPriceMicros, category, brand } = product
  add(visit, type, { itemId, unitPriceMicros, category, brand, currency: CURRENCY, quantity, at: atMs })
}

function add(visit: Visit, type: ActivityType, details: Partial<ActivityFields>): void {
  const { customer, sessionId } = visit
  const { userId, country } = customer
  visit.events.push(
    activityOf({ at: visit.atMs, ...details, eventId: '', type, userId, sessionId, country, source: 'simulated' }),
  )
}
