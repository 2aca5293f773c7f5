/**
 * `npm run chaos -- --faults LIST --rounds N [--from S]`: injects faults into real processes on a real Kafka and
 * compares outputs and stores with a recomputation from the input. See docs/chaos.md.
 */
import { parseArgs } from 'node:util'
import { runCommand } from '../../lib/cli/command.js'
import { MillraceError } from '../../lib/errors.js'
import { runChaos } from './command.js'
import { runShop } from './shop/command.js'
import type { WorkerSettings } from './worker.js'
import { runWorker } from './worker.js'

/** The oldest broker on which every fault has been made, and what a round starts when no broker is named. */
const CHAOS_KAFKA_VERSION = '4.4.0'
const NODES = [1, 3]

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

await runCommand(main)
