/**
 * The service on the published files: plain, and shuffled inside the grace period with copies and each `within` changed. The ids are
 * those of the reference each time. The counts of the whole files are the published ones; retail is too long for that here, so its
 * beginning is compared with the reference.
 */
import t from 'tap'
import { SHIPPED_DECISIONS } from '../../lib/personalization/decisions/index.js'
import { isInvalidRow } from '../../lib/personalization/input/formats/rows.js'
import { formatNamed, replayOf } from '../../lib/personalization/input/index.js'
import { activityProblem, type UserActivity } from '../../lib/personalization/records/activity.js'
import type { Campaign } from '../../lib/personalization/records/campaign.js'
import { decisionId } from '../../lib/personalization/records/decision-id.js'
import { needs, PLAYBACK, REES46, RETAIL, realFile } from './real-data.js'
import { referenceAudienceSync } from './reference/audience-sync.js'
import { referenceCartAbandonment } from './reference/cart-abandonment.js'
import { referenceDailySegments } from './reference/daily-segments.js'
import { referenceFlashSale } from './reference/flash-sale.js'
import { latestAt, MINUTE_MS, type ReferenceDecision } from './reference/plain.js'
import { referencePlayback } from './reference/playback.js'
import { arrivals } from './reference/random-events.js'
import { referenceServiceRouting } from './reference/service-routing.js'
import { referenceSpendingAlert } from './reference/spending-alert.js'
import { referenceUpsell } from './reference/upsell.js'
import { type DriverOptions, START_MS, serviceDriver } from './service-driver.js'

const CAMPAIGN: Campaign = {
  id: 'smartphones',
  title: null,
  categories: ['electronics.smartphone'],
  items: [],
  startMs: Date.UTC(2019, 9, 1, 1),
  endMs: Date.UTC(2019, 9, 1, 1, 30),
  perSecond: 100,
}

type Reference = (events: readonly UserActivity[]) => readonly ReferenceDecision[]

/** Those that a file is about. The others are switched off, which changes none of these. */
const FILES: readonly {
  readonly path: string
  readonly format: string
  readonly references: Readonly<Record<string, Reference>>
  /** The published ones of the whole file. */
  readonly counts?: Readonly<Record<string, number>>
  /** The first events of the file only: the whole file takes minutes. */
  readonly first?: number
}[] = [
  {
    path: REES46,
    format: 'rees46',
    references: {
      'cart-abandonment': referenceCartAbandonment,
      upsell: referenceUpsell,
      'flash-sale': (events) => referenceFlashSale(events, CAMPAIGN),
    },
    counts: { 'cart-abandonment': 61, upsell: 1_255, 'flash-sale': 138 },
  },
  {
    path: PLAYBACK,
    format: 'segment',
    references: { playback: referencePlayback, 'service-routing': referenceServiceRouting },
    counts: { playback: 3_001, 'service-routing-priority': 86, 'service-routing-normal': 86 },
  },
  {
    path: RETAIL,
    format: 'retail',
    references: {
      'spending-alert': referenceSpendingAlert,
      'daily-segments': referenceDailySegments,
      'audience-sync': referenceAudienceSync,
    },
    first: 15_000,
  },
]

t.setTimeout(1_800_000)

for (const { path, format, references, counts: published, first } of FILES) {
  t.test(path, { ...needs(path), timeout: 600_000 }, async (t) => {
    const events = (await eventsOf(format, path)).slice(0, first)
    const expected = Object.values(references).flatMap((reference) => reference(events))
    const ids = new Map(expected.map(({ rule, subject }) => [decisionId(rule, subject), rule]))
    const counts = published ?? countsOf(ids.values())
    t.ok(Object.keys(counts).length >= Object.keys(references).length)
    const names = Object.keys(references)
    const check = (what: string, arriving: readonly UserActivity[], within?: string) => {
      const decided = decidedOf(arriving, latestAt(events), names, within)
      t.same(countsOf(decided.values()), counts, `${what}: counts`)
      t.same(missing(ids, decided), { missing: [], unexpected: [] }, `${what}: ids`)
    }
    check('plain', events)
    const shuffled = arrivals(path, events, MINUTE_MS)
    for (const within of ['200ms', '4h']) check(`shuffled, with copies, within ${within}`, shuffled, within)
  })
}

async function eventsOf(format: string, path: string): Promise<UserActivity[]> {
  const events: UserActivity[] = []
  for await (const row of replayOf(formatNamed(format), realFile(path))) {
    if (!isInvalidRow(row) && activityProblem(row) === null) events.push(row)
  }
  return events
}

/** The ids that the service decides, each with its rule. `within` is set for every decision. */
function decidedOf(
  arriving: readonly UserActivity[],
  endMs: number,
  names: readonly string[],
  within: string | undefined,
): Map<string, string> {
  const settings: DriverOptions['settings'] = Object.fromEntries(
    SHIPPED_DECISIONS.map(({ name }) => [
      name,
      { enabled: names.includes(name), ...(within === undefined ? {} : { within }) },
    ]),
  )
  const service = serviceDriver({ graceMs: MINUTE_MS, campaigns: [CAMPAIGN], settings }, arriving[0]!.at)
  const found = new Map<string, string>()
  const take = () => {
    for (const { decisionId: id, rule } of service.decisions()) {
      if (found.has(id)) throw new Error(`${rule} ${id} is decided twice`)
      found.set(id, rule)
    }
  }
  for (const [i, event] of arriving.entries()) {
    service.send(event)
    if (i % 10_000 === 0) take()
  }
  service.end(endMs - START_MS)
  take()
  return found
}

function countsOf(rules: Iterable<string>): Record<string, number> {
  const found: Record<string, number> = {}
  for (const rule of rules) found[rule] = (found[rule] ?? 0) + 1
  return found
}

function missing(expected: ReadonlyMap<string, string>, decided: ReadonlyMap<string, string>) {
  return {
    missing: [...expected].filter(([id]) => !decided.has(id)).slice(0, 5),
    unexpected: [...decided].filter(([id]) => !expected.has(id)).slice(0, 5),
  }
}
