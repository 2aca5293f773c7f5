/**
 * Visitors who become users, as plainly as it can be said: all events in one list in order of time and id, and for each event who did it.
 * What a person knows at an event is all that this person did before, and from an `identify` on all that the visitor did until then.
 */
import { activityKey, sessionOf, type UserActivity } from '../../../lib/personalization/records/activity.js'
import { referenceAudienceSync } from './audience-sync.js'
import { referenceCarousel } from './carousel.js'
import { referenceDailySegments } from './daily-segments.js'
import type { ReferenceCampaign } from './flash-sale.js'
import { DAY_MS, inTime, MINUTE_MS, type ReferenceDecision, SECOND_MS } from './plain.js'
import { referenceSpendingAlert } from './spending-alert.js'

/** An event with who did it, and its place in the list. */
interface Done {
  readonly event: UserActivity
  readonly place: number
  readonly owner: string
}

/** A visitor became a user at an event. */
interface Merge {
  readonly visitor: string
  readonly user: string
  readonly place: number
}

interface Life {
  readonly all: readonly Done[]
  readonly merges: readonly Merge[]
}

const isIdentity = ({ type }: UserActivity) => type === 'identify' || type === 'alias'

/** All nine decisions. */
export function referenceWithIdentity(
  events: readonly UserActivity[],
  campaign: ReferenceCampaign,
): ReferenceDecision[] {
  const life = lifeOf(events)
  const owned = life.all.map(({ event, owner }) => ownedBy(event, owner))
  return [
    ...referenceCarousel(events),
    ...referenceSpendingAlert(owned),
    ...referenceAudienceSync(owned),
    ...referenceDailySegments(owned),
    ...carts(life),
    ...upsells(life),
    ...playbacks(life),
    ...sales(life, campaign),
    ...routings(life),
  ]
}

function lifeOf(events: readonly UserActivity[]): Life {
  const isWho = new Map<string, string>()
  const merges: Merge[] = []
  const all = [...events].sort(inTime).map((event, place) => {
    const key = activityKey(event)
    if (isIdentity(event)) {
      // What the visitor had is with the first user; later the visitor has nothing more to give.
      if (!isWho.has(key)) merges.push({ visitor: key, user: event.userId!, place })
      isWho.set(key, event.userId!)
    }
    return { event, place, owner: isWho.get(key) ?? key }
  })
  return { all, merges }
}

function ownedBy(event: UserActivity, owner: string): UserActivity {
  if (owner === activityKey(event) || isIdentity(event)) return event
  return { ...event, userId: owner }
}

/** Whether `later` is done by somebody who knows of `earlier`. */
function knows({ merges }: Life, later: Done, earlier: Done): boolean {
  if (earlier.place >= later.place) return false
  if (earlier.owner === later.owner) return true
  return merges.some(
    ({ visitor, user, place }) => visitor === earlier.owner && user === later.owner && place <= later.place,
  )
}

/** Who `owner` is after all events up to `atMs`, itself included. */
function ownerAt({ merges, all }: Life, owner: string, atMs: number): string {
  const merge = merges.find(({ visitor, place }) => visitor === owner && all[place]!.event.at <= atMs)
  return merge?.user ?? owner
}

/** A decision, and where in the list it is made: a time is after all events of that time. */
interface Made extends ReferenceDecision {
  readonly about: string
  readonly place: number
}

function placeOfTime({ all }: Life, atMs: number): number {
  return all.filter(({ event }) => event.at <= atMs).length - 0.5
}

/** Each once for a person: what a visitor was told, the user is not told again. */
function onceEach({ merges }: Life, made: readonly Made[]): ReferenceDecision[] {
  const told: Made[] = []
  for (const one of [...made].sort((a, b) => a.place - b.place)) {
    const isTold = told.some(
      (before) =>
        before.about === one.about &&
        (before.userId === one.userId ||
          merges.some(
            ({ visitor, user, place }) => visitor === before.userId && user === one.userId && place <= one.place,
          )),
    )
    if (!isTold) told.push(one)
  }
  return told.map(({ rule, userId, subject, at }) => ({ rule, userId, subject, at }))
}

function made(rule: string, userId: string, about: string, at: number, place: number): Made {
  return { rule, userId, about, subject: `${about}/${userId}`, at, place }
}

function upsells(life: Life): ReferenceDecision[] {
  const found: Made[] = []
  for (const done of life.all) {
    const { type, category, itemId, at } = done.event
    if (type !== 'view' || category === null) continue
    const session = sessionOf(done.event)
    const before = life.all.filter(
      (other) => knows(life, done, other) && other.event.category === category && sessionOf(other.event) === session,
    )
    if (before.some(({ event }) => event.type === 'purchase')) continue
    const viewed = new Set(before.filter(({ event }) => event.type === 'view').map(({ event }) => event.itemId))
    if (viewed.add(itemId).size >= 3) found.push(made('upsell', done.owner, `${session}/${category}`, at, done.place))
  }
  return onceEach(life, found)
}

function playbacks(life: Life): ReferenceDecision[] {
  const found: Made[] = []
  const stretchOf = (ms: number) => Math.floor(ms / (10 * SECOND_MS))
  const isRewind = ({ type, positionMs, seekToMs }: UserActivity) => type === 'video_seek' && seekToMs! < positionMs!
  const playing = life.all.filter(({ event }) => event.type.startsWith('video_'))
  for (const done of playing) {
    const { event, owner, place } = done
    const ofVideo = playing.filter((other) => other.event.videoId === event.videoId)
    if (isRewind(event)) {
      const stretch = stretchOf(event.seekToMs!)
      const isSecond = ofVideo.some(
        (other) =>
          knows(life, done, other) &&
          isRewind(other.event) &&
          stretchOf(other.event.seekToMs!) === stretch &&
          event.at - other.event.at <= MINUTE_MS,
      )
      if (isSecond) found.push(made('playback', owner, `${event.videoId}/${stretch}`, event.at, place))
    }
    if (event.type === 'video_pause') {
      const at = event.at + 3 * SECOND_MS
      const next = ofVideo.find((other) => knows(life, other, done))
      if (next !== undefined && next.event.at < at) continue
      const about = `${event.videoId}/${stretchOf(event.positionMs!)}`
      const whenMade = next?.event.at === at ? next.place : placeOfTime(life, at)
      found.push(made('playback', ownerAt(life, owner, at), about, at, whenMade))
    }
  }
  return onceEach(life, found)
}

function sales(
  life: Life,
  { id, categories = [], items = [], startMs, endMs }: ReferenceCampaign,
): ReferenceDecision[] {
  const found: Made[] = []
  const matching = life.all.filter(
    ({ event }) =>
      ['view', 'cart', 'purchase'].includes(event.type) &&
      (categories.includes(event.category ?? '') || items.includes(event.itemId ?? '')),
  )
  const startPlace = placeOfTime(life, startMs)
  for (const owner of new Set(life.all.map((done) => done.owner))) {
    if (ownerAt(life, owner, startMs) !== owner) continue
    const asked: Done = { event: life.all[0]!.event, owner, place: startPlace }
    const known = matching.filter((done) => knows(life, asked, done)).sort((a, b) => visitorFirst(owner, a, b))
    const latest = known.at(-1)
    if (latest === undefined || latest.event.type === 'purchase' || latest.event.at <= startMs - DAY_MS) continue
    found.push(made('flash-sale', owner, id, startMs, startPlace))
  }
  for (const { event, owner, place } of matching) {
    if (event.type === 'purchase' || event.at <= startMs || event.at >= endMs) continue
    found.push(made('flash-sale', owner, id, event.at, place))
  }
  return onceEach(life, found)
}

/** Of events at one time, those of a visitor come before those of the user who the visitor is. */
function visitorFirst(owner: string, a: Done, b: Done): number {
  if (a.event.at !== b.event.at) return a.event.at - b.event.at
  return Number(a.owner === owner) - Number(b.owner === owner) || a.place - b.place
}

/** Goes through the events with something kept of each person; `settle` is what time has done to it before an event. */
function eachInTurn<S>(
  { all, merges }: Life,
  initial: S,
  settle: (state: S, owner: string, beforeMs: number) => S,
  step: (state: S, event: UserActivity, owner: string) => S,
  join: (user: S, visitor: S) => S,
): void {
  const states = new Map<string, S>()
  const settled = (owner: string, beforeMs: number) => settle(states.get(owner) ?? initial, owner, beforeMs)
  for (const { event, owner, place } of all) {
    const merge = merges.find((one) => one.place === place)
    if (merge !== undefined) {
      states.set(owner, join(settled(owner, event.at), settled(merge.visitor, event.at)))
      states.delete(merge.visitor)
    }
    states.set(owner, step(settled(owner, event.at), event, owner))
  }
  for (const owner of states.keys()) settled(owner, Number.POSITIVE_INFINITY)
}

function carts(life: Life): ReferenceDecision[] {
  const found: ReferenceDecision[] = []
  type Cart = { readonly openedBy: string; readonly untilMs: number } | null
  eachInTurn<Cart>(
    life,
    null,
    (cart, userId, beforeMs) => {
      if (cart === null || cart.untilMs >= beforeMs) return cart
      found.push({ rule: 'cart-abandonment', userId, subject: cart.openedBy, at: cart.untilMs })
      return null
    },
    (cart, { type, eventId, at }) => {
      if (type === 'purchase' || type === 'remove') return null
      if (cart === null && type !== 'cart') return null
      return { openedBy: cart?.openedBy ?? eventId, untilMs: at + 5 * MINUTE_MS }
    },
    (user, visitor) => user ?? visitor,
  )
  return found
}

function routings(life: Life): ReferenceDecision[] {
  const found: ReferenceDecision[] = []
  interface Routing {
    readonly errors: readonly number[]
    readonly since: string | null
    readonly untilMs: number
  }
  const none: Routing = { errors: [], since: null, untilMs: 0 }
  const decide = (kind: string, userId: string, subject: string, at: number) =>
    found.push({ rule: `service-routing-${kind}`, userId, subject, at })
  eachInTurn<Routing>(
    life,
    none,
    (routing, userId, beforeMs) => {
      if (routing.since === null || routing.untilMs >= beforeMs) return routing
      decide('normal', userId, routing.since, routing.untilMs)
      return none
    },
    (routing, { type, at, eventId }, userId) => {
      if (type !== 'error') return routing
      if (routing.since !== null) return { ...routing, untilMs: at + 30 * MINUTE_MS }
      const errors = [...routing.errors, at].filter((one) => at - one <= 10 * MINUTE_MS)
      if (errors.length < 3) return { ...none, errors }
      decide('priority', userId, eventId, at)
      return { errors: [], since: eventId, untilMs: at + 30 * MINUTE_MS }
    },
    (user, visitor) => {
      const since = user.since ?? visitor.since
      if (since === null) return { ...none, errors: [...user.errors, ...visitor.errors] }
      return { errors: [], since, untilMs: Math.max(user.untilMs, visitor.untilMs) }
    },
  )
  return found
}
