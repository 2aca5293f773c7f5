import { Kafka, logLevel } from 'kafkajs'
import t from 'tap'
import { systemClock } from '../../lib/record/clock.js'
import { systemRandom } from '../../lib/record/random.js'
import { runTransportCase, transportCases } from '../../lib/testing/transport-suite.js'
import { kafkajsTransport } from '../../lib/transport/kafkajs.js'
import { platformaticTransport } from '../../lib/transport/platformatic.js'
import type { Transport } from '../../lib/transport/transport.js'
import { realKafka, uniqueName } from './broker.js'

const clock = systemClock

for (const name of ['platformatic', 'kafkajs']) {
  t.test(`transport ${name} on real Kafka`, { timeout: 300_000 }, async (t) => {
    const kafka = await realKafka(t)
    if (kafka === null) return
    const [host = '', port = ''] = kafka.bootstrap.split(':')
    const client = new Kafka({ brokers: [kafka.bootstrap], clientId: 'suite', logLevel: logLevel.NOTHING })
    const newTransport = (): Transport =>
      name === 'kafkajs'
        ? kafkajsTransport({ clock, kafka: client })
        : platformaticTransport({ clock, clientId: 'suite' })
    const bootstrap = [{ host, port: Number(port) }]
    const only = process.env.CASE
    for (const testCase of transportCases) {
      if (only !== undefined && !testCase.name.includes(only)) continue
      await t.test(testCase.name, async () => {
        await runTransportCase(testCase, { bootstrap, newTransport, clock, random: systemRandom, uniqueName })
      })
    }
  })
}
