import t from 'tap'
import { EventClock } from '../../../lib/personalization/gate/event-clock.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'

const NOW = Date.UTC(2026, 0, 5)
const PAST = Date.UTC(2019, 9, 1)

t.test('a live event stands in a replay as long before its present as before that of the clock', async (t) => {
  const clock = new ManualClock(NOW)
  const events = new EventClock(clock)
  t.equal(events.inStream(NOW - 5_000), NOW - 5_000, 'nothing observed')
  events.observe(PAST, true)
  t.equal(events.inStream(NOW), PAST + 1)
  clock.advance(10_000)
  t.equal(events.inStream(NOW + 10_000), PAST + 10_000)
  t.equal(events.inStream(NOW + 7_000), PAST + 7_000)
})

t.test('without a replay it stays where it is, whatever the stream has reached', async (t) => {
  const clock = new ManualClock(NOW)
  const events = new EventClock(clock)
  events.observe(NOW - 3_600_000)
  t.equal(events.inStream(NOW - 1), NOW - 1)
  events.observe(PAST, true)
  t.not(events.inStream(NOW), NOW)
  events.observe(PAST + 1)
  t.equal(events.inStream(NOW), NOW, 'the input has ended')
})
