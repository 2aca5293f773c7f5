/**
 * Seeded histories of a few users whose events meet on the edges of the decisions: exactly on a deadline, a millisecond beside
 * it, at midnight and at the four-hour boundaries, many at one time with ids in another order than they were made.
 */
import {
  type ActivityFields,
  type ActivityType,
  activityOf,
  type UserActivity,
} from '../../../lib/personalization/records/activity.js'
import { type Random, seededRandom } from '../../../lib/record/random.js'
import type { ReferenceCampaign } from './flash-sale.js'
import { DAY_MS, HOUR_MS, inTime, MINUTE_MS, SECOND_MS } from './plain.js'

/** A midnight. */
export const HISTORY_START_MS = Date.UTC(2026, 2, 2)

/** The campaign whose edges the histories know. */
export const RANDOM_CAMPAIGN: ReferenceCampaign = {
  id: 'spring',
  categories: ['phones'],
  items: ['charger'],
  startMs: HISTORY_START_MS + DAY_MS + 10 * HOUR_MS,
  endMs: HISTORY_START_MS + DAY_MS + 12 * HOUR_MS,
}

export interface HistoryOptions {
  /** Default: from 20 to 200, as the seed says. */
  readonly events?: number
  /** Days in which a user may begin anew. A burst may end a little after them. */
  readonly days?: number
}

type Who = Pick<UserActivity, 'userId' | 'anonymousId'> & { readonly sessions: readonly (string | null)[] }
type Topic = 'shop' | 'video' | 'error' | 'other'
/** An event with what the next one of its user may take over. */
type Drafted = ActivityFields & { readonly topic: Topic }

const USERS: readonly Who[] = [
  { userId: 'ann', anonymousId: null, sessions: ['ann-1', 'ann-2'] },
  { userId: 'bob', anonymousId: null, sessions: ['bob-1', null] },
  // Two users on one device, so one session id.
  { userId: 'cid', anonymousId: null, sessions: ['bob-1', 'cid-1'] },
  { userId: null, anonymousId: 'visitor', sessions: ['visitor-1', 'visitor-2'] },
  { userId: null, anonymousId: null, sessions: ['nameless'] },
]
const ITEMS: readonly (readonly [itemId: string, category: string | null])[] = [
  ['phone-1', 'phones'],
  ['phone-2', 'phones'],
  ['phone-3', 'phones'],
  ['phone-4', 'phones'],
  ['charger', 'power'],
  ['cable', 'power'],
  ['plug', 'power'],
  ['gift', null],
]
const TOPICS = ['shop', 'shop', 'shop', 'video', 'video', 'error', 'error', 'other'] as const
/** From an event to the next one of the same user and topic. */
const EDGES_MS: Readonly<Record<Topic, readonly number[]>> = {
  shop: [5 * MINUTE_MS, DAY_MS, 7 * DAY_MS],
  video: [3 * SECOND_MS, MINUTE_MS],
  error: [10 * MINUTE_MS, 30 * MINUTE_MS],
  other: [5 * MINUTE_MS],
}
/** Micro-units that make sums of exactly 200 and 500, and a cent less. */
const PRICES = [0, 10_000, 100_000_000, 166_670_000, 199_990_000, 200_000_000, 299_990_000, 300_000_000, 500_000_000]
/** On the edges of the ten-second stretches. */
const POSITIONS_MS = [0, 4_000, 9_999, 10_000, 15_000, 19_999, 20_000, 25_000]

const SHOP_TYPES = weighted({ view: 9, cart: 3, purchase: 5, cancellation: 3, remove: 1, search: 1, adjustment: 1 })
const VIDEO_TYPES = weighted({
  video_pause: 5,
  video_seek: 8,
  video_resume: 3,
  video_play: 1,
  video_progress: 1,
  video_complete: 1,
})
const OTHER_TYPES = weighted({ impression: 2, click: 2, consent: 1, custom: 1 })

/** Valid events, each with an id of its own, in order of time and id. One seed, one history. */
export function randomEvents(seed: string, { events, days = 3 }: HistoryOptions = {}): UserActivity[] {
  const random = seededRandom(seed)
  const ids = shuffled(random, events ?? 20 + random.int(181))
  const ofUser = new Map<Who, Drafted[]>()
  const drafts = ids.map((eventId) => {
    const who = pick(random, USERS)
    const own = ofUser.get(who) ?? []
    ofUser.set(who, own)
    const draft = drafted(random, who, own, String(eventId), days)
    own.push(draft)
    return draft
  })
  return drafts.map(({ topic: _, ...fields }) => activityOf(fields)).sort(inTime)
}

/**
 * The same events as they may arrive: each at most `graceMs` behind the highest time that came before it, some of them two
 * or three times.
 */
export function arrivals(seed: string, events: readonly UserActivity[], graceMs: number): UserActivity[] {
  const random = seededRandom(seed)
  return events
    .flatMap((event) => Array.from({ length: random.int(4) === 0 ? 2 + random.int(2) : 1 }, () => event))
    .map((event) => ({ event, comesAt: event.at + random.int(graceMs + 1) }))
    .sort((a, b) => a.comesAt - b.comesAt)
    .map(({ event }) => event)
}

function drafted(random: Random, who: Who, own: readonly Drafted[], eventId: string, days: number): Drafted {
  const anchor =
    own.length === 0 || random.int(5) === 0 ? null : own[own.length - 1 - random.int(Math.min(4, own.length))]!
  const at = anchor === null ? fixedTime(random, days) : timeBeside(random, anchor)
  const common = { eventId, at, source: 'replay', userId: who.userId, anonymousId: who.anonymousId } as const
  const follows = anchor !== null && random.int(4) > 0
  const topic = follows ? anchor.topic : pick(random, TOPICS)
  const sessionId = follows ? (anchor.sessionId ?? null) : pick(random, who.sessions)
  const timed = { ...common, sessionId, topic }
  if (topic === 'shop') return { ...timed, ...shopping(random, follows ? anchor : null) }
  if (topic === 'video') return { ...timed, ...playing(random, follows ? anchor : null) }
  if (topic === 'error') return { ...timed, type: 'error', name: 'player-failed' }
  const type = pick(random, OTHER_TYPES)
  return { ...timed, type, itemId: 'phone-1', ...(type === 'consent' ? { consent: { marketing: true } } : {}) }
}

function shopping(random: Random, anchor: Drafted | null): Pick<ActivityFields, 'type'> & Partial<UserActivity> {
  const type = pick(random, SHOP_TYPES)
  const [itemId, category] = pick(
    random,
    ITEMS.filter((item) => anchor === null || item[1] === anchor.category),
  )
  if (type === 'search') return { type, query: 'phone', category }
  const quantity = type === 'adjustment' ? -1 : 1 + (random.int(3) === 0 ? random.int(3) : 0)
  return { type, itemId, category, quantity, unitPriceMicros: pick(random, PRICES), currency: 'EUR' }
}

function playing(random: Random, anchor: Drafted | null): Pick<ActivityFields, 'type'> & Partial<UserActivity> {
  const type = pick(random, VIDEO_TYPES)
  const videoId = anchor?.videoId ?? pick(random, ['film', 'trailer'])
  const positionMs = pick(random, POSITIONS_MS)
  if (type !== 'video_seek') return { type, videoId, positionMs }
  const goesBackAgain = typeof anchor?.seekToMs === 'number' && random.int(2) === 0
  const seekToMs = goesBackAgain ? anchor.seekToMs! : pick(random, POSITIONS_MS)
  return { type, videoId, positionMs: 30_000 - positionMs, seekToMs }
}

/** A midnight, a boundary or an edge of the campaign, a millisecond before or after it, or any time. */
function fixedTime(random: Random, days: number): number {
  const { startMs, endMs } = RANDOM_CAMPAIGN
  const edges = [
    HISTORY_START_MS + (1 + random.int(days)) * DAY_MS,
    HISTORY_START_MS + (1 + random.int(days * 6)) * 4 * HOUR_MS,
    pick(random, [startMs - DAY_MS, startMs - DAY_MS, startMs, endMs, endMs]),
  ]
  if (random.int(5) === 0) return HISTORY_START_MS + SECOND_MS + random.int(days * 24 * 3_600) * SECOND_MS
  return pick(random, edges) + random.int(3) - 1
}

/** The same time, an edge away, a millisecond beside the edge, or soon after. */
function timeBeside(random: Random, { at, topic }: Drafted): number {
  const kind = random.int(10)
  if (kind < 2) return at
  if (kind < 5) return at + 1 + random.int(20_000)
  return at + pick(random, EDGES_MS[topic]) + pick(random, [0, 0, -1, 1])
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.int(from.length)]!
}

/** 1 to `count` in any order. */
function shuffled(random: Random, count: number): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i + 1)
  for (let i = count - 1; i > 0; i--) {
    const other = random.int(i + 1)
    ;[numbers[i], numbers[other]] = [numbers[other]!, numbers[i]!]
  }
  return numbers
}

/** Each type as often as its weight says. */
function weighted(weights: Partial<Record<ActivityType, number>>): ActivityType[] {
  return (Object.entries(weights) as [ActivityType, number][]).flatMap(([type, weight]) =>
    Array.from({ length: weight }, () => type),
  )
}

/** Some events of the known users become those of visitors, and visitors turn out to be users: at, before and after other events. */
export function withIdentities(seed: string, events: readonly UserActivity[]): UserActivity[] {
  const random = seededRandom(`${seed} identities`)
  const visitors = ['v1', 'v2', 'visitor']
  const masked = events.map((event) => {
    const visitor = event.userId === 'ann' ? 'v1' : event.userId === 'bob' ? 'v2' : null
    return visitor !== null && random.int(2) === 0 ? { ...event, userId: null, anonymousId: visitor } : event
  })
  const said = visitors.flatMap((anonymousId, v) =>
    Array.from({ length: random.int(4) }, (_, i) => {
      const beside = pick(random, events)
      const type = pick(random, ['identify', 'alias'] as const)
      const at = beside.at + pick(random, [0, 0, -1, 1, -3 * SECOND_MS, 5 * MINUTE_MS])
      const userId = pick(random, ['ann', 'ann', 'bob', 'cid'])
      return activityOf({ eventId: String(900 + 10 * v + i), type, at, source: 'replay', userId, anonymousId })
    }),
  )
  return [...masked, ...said].sort(inTime)
}
