/** Runs the transport suite on real Kafka as subtests; `CASE=text` in the environment picks cases by name. */
import t from 'tap'
import { systemClock } from '../../lib/record/clock.js'
import { systemRandom } from '../../lib/record/random.js'
import { runTransportCase, transportCases } from '../../lib/testing/suites/transport/transport-suite.js'
import type { Transport } from '../../lib/transport/transport.js'
import { realKafka, uniqueName } from './broker.js'

export function runTransportSuite(name: string, newTransport: (bootstrap: string) => Transport): void {
  t.setTimeout(300_000)
  t.test(`transport ${name} on real Kafka`, { timeout: 300_000 }, async (t) => {
    const kafka = await realKafka(t)
    if (kafka === null) return
    const [host = '', port = ''] = kafka.bootstrap.split(':')
    const environment = {
      bootstrap: [{ host, port: Number(port) }],
      newTransport: () => newTransport(kafka.bootstrap),
      clock: systemClock,
      random: systemRandom,
      uniqueName,
    }
    for (const testCase of transportCases) {
      if (!testCase.name.includes(process.env.CASE ?? '')) continue
      await t.test(testCase.name, () => runTransportCase(testCase, environment))
    }
  })
}
