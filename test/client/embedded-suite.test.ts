import t from 'tap'
import { createBroker, MemoryStorage } from '../../lib/broker/index.js'
import { systemClock as clock } from '../../lib/record/clock.js'
import { systemRandom as random } from '../../lib/record/random.js'
import { runTransportCase, transportCases } from '../../lib/testing/suites/transport/transport-suite.js'
import { loopbackTransport } from '../../lib/transport/loopback.js'

t.setTimeout(300_000)
t.test('the transport suite on the embedded broker', { timeout: 300_000 }, async (t) => {
  const broker = await createBroker({ clock, random, storage: new MemoryStorage() })
  t.teardown(() => broker.close())
  const known = { host: '127.0.0.1', port: 9_092 }
  let named = 0
  const environment = {
    bootstrap: [known],
    newTransport: () =>
      loopbackTransport({
        clock,
        clientId: 'suite',
        connect: (address) => {
          if (address.port === 1) throw new Error('nobody listens')
          return broker.connection()
        },
      }),
    clock,
    random,
    uniqueName: (prefix: string) => `${prefix}-${named++}`,
  }
  for (const testCase of transportCases) {
    if (!testCase.name.includes(process.env.CASE ?? '')) continue
    await t.test(testCase.name, () => runTransportCase(testCase, environment))
  }
})
