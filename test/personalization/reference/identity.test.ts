/** Visitors who become users, in random histories: the service decides what the plain reading decides. */
import t from 'tap'
import { SHIPPED_DECISIONS } from '../../../lib/personalization/decisions/index.js'
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import { type DriverOptions, START_MS, serviceDriver } from '../service-driver.js'
import { referenceWithIdentity } from './identity.js'
import { decisionLines, latestAt, MINUTE_MS, type ReferenceDecision } from './plain.js'
import { arrivals, HISTORY_START_MS, RANDOM_CAMPAIGN, randomEvents, withIdentities } from './random-events.js'

const CAMPAIGN = { ...RANDOM_CAMPAIGN, title: null, perSecond: 1_000 }
const SEEDS = 60

t.setTimeout(180_000)

function decidedBy(arrived: readonly UserActivity[], options: DriverOptions = {}): ReferenceDecision[] {
  const service = serviceDriver({ campaigns: [CAMPAIGN as never], ...options }, HISTORY_START_MS)
  arrived.forEach((event, i) => {
    if (i % 20 === 0) service.progress(latestAt(arrived.slice(0, i + 1)) - START_MS)
    service.send(event)
  })
  service.end(latestAt(arrived) - START_MS)
  return [...service.decisions(), ...service.suppressed()]
}

/**
 * As the ids are: who is in the subject or nowhere. A carousel is decided for the visitor, and a decision about a visitor goes to the user
 * who is known by then. The event that reaches the threshold of a spending alert depends on the order of arrival.
 */
function comparable(decisions: readonly ReferenceDecision[]): string[] {
  return decisionLines(decisions.map((one) => ({ ...one, userId: '', at: one.rule === 'spending-alert' ? 0 : one.at })))
}

t.test('in any order of arrival inside grace, with doubles', async (t) => {
  for (let i = 0; i < SEEDS; i++) {
    const seed = `identity ${i}`
    const events = withIdentities(seed, randomEvents(seed, { days: 2 }))
    const expected = comparable(referenceWithIdentity(events, RANDOM_CAMPAIGN))
    t.same(comparable(decidedBy(arrivals(seed, events, MINUTE_MS))), expected, seed)
  }
})

t.test('whichever tier each decision runs in', async (t) => {
  for (const [i, within] of ['200ms', '1m', '4h', '1d'].entries()) {
    const seed = `identity tier ${i}`
    const events = withIdentities(seed, randomEvents(seed))
    const settings = Object.fromEntries(SHIPPED_DECISIONS.map(({ name }) => [name, { within }]))
    const expected = comparable(referenceWithIdentity(events, RANDOM_CAMPAIGN))
    t.same(comparable(decidedBy(arrivals(seed, events, MINUTE_MS), { settings })), expected, within)
  }
})
