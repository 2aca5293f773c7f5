/** An embedded broker on a free port, for the tests with other clients. */
import type { Test } from 'tap'
import { type Broker, type BrokerOptions, createBroker, MemoryStorage } from '../../lib/broker/index.js'
import { systemClock } from '../../lib/record/clock.js'
import { systemRandom } from '../../lib/record/random.js'

export interface StartedBroker {
  readonly broker: Broker
  /** HOST:PORT. */
  readonly bootstrap: string
  /** What the broker reported, line by line. */
  readonly reports: string[]
}

export async function startedBroker(t: Test, options: Partial<BrokerOptions> = {}): Promise<StartedBroker> {
  const reports: string[] = []
  const broker = await createBroker({
    clock: systemClock,
    random: systemRandom,
    storage: new MemoryStorage(),
    report: (line) => reports.push(line),
    ...options,
  })
  t.teardown(() => broker.close())
  const { port } = await broker.listen({ host: '127.0.0.1', port: 0 })
  return { broker, bootstrap: `127.0.0.1:${port}`, reports }
}
