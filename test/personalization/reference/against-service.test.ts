/** The service against the reference, on random histories that arrive shuffled inside grace and with copies. */
import t from 'tap'
import { serviceDriver } from '../service-driver.js'
import { referenceCarousel } from './carousel.js'
import { referenceCartAbandonment } from './cart-abandonment.js'
import { decisionLines, HOUR_MS, latestAt, MINUTE_MS, type ReferenceDecision } from './plain.js'
import { arrivals, HISTORY_START_MS, randomEvents } from './random-events.js'
import { referenceSpendingAlert } from './spending-alert.js'

const REFERENCES = [referenceCarousel, referenceCartAbandonment, referenceSpendingAlert]

t.test('the decisions of the service are those of the reference, in whatever order events arrive', async (t) => {
  for (let i = 0; i < 40; i++) {
    const seed = `service ${i}`
    const graceMs = [0, MINUTE_MS, 10 * MINUTE_MS, 4 * HOUR_MS][i % 4]!
    const events = randomEvents(seed)
    const service = serviceDriver({ graceMs }, HISTORY_START_MS)
    service.send(...arrivals(seed, events, graceMs))
    service.end(latestAt(events) - HISTORY_START_MS)
    t.same(service.deadLetters(), [])
    const expected = REFERENCES.flatMap((reference) => reference(events))
    t.same(comparable(service.decisions()), comparable(expected), seed)
  }
})

/** The times of a spending alert and its withdrawal depend on when events arrive and on grace; which there are does not. */
function comparable(decisions: readonly ReferenceDecision[]): string[] {
  const isTimed = ({ rule }: ReferenceDecision) => !rule.startsWith('spending-alert')
  return decisionLines(decisions.map((decision) => (isTimed(decision) ? decision : { ...decision, at: 0 })))
}
