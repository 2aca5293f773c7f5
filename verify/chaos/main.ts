/**
 * `npm run chaos -- --faults LIST --rounds N [--from S]`: injects faults into real processes on a real Kafka and
 * compares outputs and stores with a recomputation from the input. See docs/chaos.md.
 */
import { parseArgs } from 'node:util'
import { runCommand } from '../../lib/cli/command.js'
import { MillraceError } from '../../lib/errors.js'
import { runChaos } from './command.js'
import { FAULTS } from './faults/index.js'
import { runShop } from './shop/command.js'
import { FAULTS as SHOP_FAULTS } from './shop/faults.js'
import type { WorkerSettings } from './worker.js'
import { runWorker } from './worker.js'

/** The oldest broker on which every fault has been made, and what a round starts when no broker is named. */
const CHAOS_KAFKA_VERSION = '4.4.0'
const NODES = [1, 3]
/** Names of faults in a line of the help text. */
const PER_LINE = 10

const HELP = `npm run chaos -- [--faults LIST] [--rounds N] [options]
Injects faults into real processes on a real Kafka. See docs/chaos.md.

  --faults LIST     names separated by commas; default all, which leaves out the measurements
  --rounds N        the number of rounds; default 1
  --from S          the seed of the first round; default 1
  --nodes 1|3       the number of brokers; default 1
  --rate R          events per second; default 500
  --partitions P    partitions of every topic; default 4, with --shop 12
  --version V       Kafka's version; default KAFKA_VERSION, or ${CHAOS_KAFKA_VERSION}

  --shop            run the personalization service; its faults are ${SHOP_FAULTS.join(', ')}
  --input FILE --format F   with --shop: the input, as for npm start; default: the simulated shop
  --speed N         with --shop: seconds of events per second; default 4000, with --input 150
  --transport T     with --shop: platformatic (default) or kafkajs
  --within S        with --shop: the maximum seconds from a restart to the first commit; default 5

Faults:
${namesOf(false)}
Measurements: ${namesOf(true).trim()}

KAFKA_BROKERS=HOST:PORT uses that broker. Otherwise the command starts Kafka, and removes it at the end.
`

function namesOf(onlyNamed: boolean): string {
  const names = FAULTS.filter((fault) => (fault.onlyNamed ?? false) === onlyNamed).map(({ name }) => name)
  const rows = Array.from({ length: Math.ceil(names.length / PER_LINE) }, (_, i) =>
    names.slice(i * PER_LINE, (i + 1) * PER_LINE),
  )
  return rows.map((row) => `  ${row.join(', ')}`).join('\n')
}

const print = (line: string) => process.stdout.write(`${line}\n`)

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      faults: { type: 'string', default: 'all' },
      rounds: { type: 'string', default: '1' },
      from: { type: 'string', default: '1' },
      nodes: { type: 'string', default: '1' },
      rate: { type: 'string', default: '500' },
      version: { type: 'string', default: process.env.KAFKA_VERSION ?? CHAOS_KAFKA_VERSION },
      partitions: { type: 'string' },
      shop: { type: 'boolean', default: false },
      input: { type: 'string' },
      format: { type: 'string' },
      speed: { type: 'string' },
      transport: { type: 'string', default: 'platformatic' },
      within: { type: 'string', default: '5' },
      instance: { type: 'string' },
    },
  })
  if (values.instance !== undefined) return runWorker(JSON.parse(values.instance) as WorkerSettings)
  const { faults, input, format, speed, transport } = values
  const rounds = whole('--rounds', values.rounds)
  const from = whole('--from', values.from)
  if (values.shop || input !== undefined) {
    const partitions = values.partitions ?? '12'
    const maxRestartMs = whole('--within', values.within) * 1_000
    return runShop({ faults, rounds, from, input, format, speed, transport, partitions, maxRestartMs, print })
  }
  const nodes = whole('--nodes', values.nodes)
  if (!NODES.includes(nodes)) throw new MillraceError('CONFIG_INVALID', `--nodes ${nodes}: give ${NODES.join(' or ')}`)
  return runChaos({
    ...{ faults, rounds, from, nodes, print, version: values.version },
    perSecond: whole('--rate', values.rate),
    partitions: whole('--partitions', values.partitions ?? '4'),
  })
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new MillraceError('CONFIG_INVALID', `${name} ${text} must be a whole number >= 1`)
}

await runCommand(main, HELP)
