/**
 * Runs a topology as one instance of an application until SIGTERM: `--brokers HOST:PORT --state DIR`. Prints its states.
 * Ends with 0 when it was asked to and closed in order.
 */
import { parseArgs } from 'node:util'
import { Streams, type StreamsOptions, systemClock, type Topology } from '../../../lib/index.js'

const print = (line: string) => process.stdout.write(`${line}\n`)
const log = (level: string) => (details: unknown, message?: string) =>
  print(`${new Date().toISOString()} ${level} ${message ?? ''} ${JSON.stringify(details)}`)

export async function runApp(topology: Topology, options: Omit<StreamsOptions, 'stateDir'>): Promise<void> {
  const { values } = parseArgs({ options: { brokers: { type: 'string' }, state: { type: 'string' } } })
  if (values.brokers === undefined || values.state === undefined) {
    throw new Error('--brokers HOST:PORT and --state DIR are needed')
  }
  const streams = new Streams(topology, {
    ...options,
    stateDir: values.state,
    brokers: [values.brokers],
    clock: systemClock,
    log: { debug: () => {}, info: log('info'), warn: log('warn'), error: log('error') },
  })
  const asked = new Promise<void>((resolve) => process.once('SIGTERM', resolve))
  await streams.start()
  print('STARTED')
  await Promise.race([asked, streams.finished])
  await streams.close()
  print('CLOSED')
}
