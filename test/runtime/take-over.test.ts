import t from 'tap'
import { embeddedBroker, systemClock } from '../../lib/index.js'
import { loopbackTransport } from '../../lib/transport/loopback.js'
import { takeOverTwice } from './take-over-scenario.js'

t.setTimeout(300_000)

t.test('two hand-overs inside the timeout of an open transaction, embedded', { timeout: 60_000 }, async (t) => {
  const broker = await embeddedBroker({ folder: null })
  const result = await takeOverTwice(
    { broker },
    () => loopbackTransport({ clock: systemClock, clientId: 'first-owner', connect: () => broker.connection() }),
    'take-over',
  )
  await broker.close()
  t.same(result.counts, result.expected, 'nothing lost, nothing doubled')
  t.ok(result.ordered, 'every count follows the one before')
  t.same(result.store, result.changelog, 'the store is what the changelog says')
})
