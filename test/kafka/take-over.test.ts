import t from 'tap'
import { systemClock } from '../../lib/record/clock.js'
import { platformaticTransport } from '../../lib/transport/platformatic.js'
import { takeOverTwice } from '../runtime/take-over-scenario.js'
import { realKafka, uniqueName } from './broker.js'

t.setTimeout(300_000)

t.test('two hand-overs inside the timeout of an open transaction', { timeout: 90_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const result = await takeOverTwice(
    { brokers: [kafka.bootstrap] },
    () => platformaticTransport({ clock: systemClock, clientId: 'first-owner' }),
    uniqueName('take-over'),
  )
  t.same(result.counts, result.expected, 'nothing lost, nothing doubled')
  t.ok(result.ordered, 'every count follows the one before')
  t.same(result.store, result.changelog, 'the store is what the changelog says')
})
