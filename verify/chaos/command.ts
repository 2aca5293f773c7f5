/** `npm run chaos` on the test application: starts a Kafka or uses the given one, and runs rounds of faults. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMillraceError, MillraceError } from '../../lib/errors.js'
import { connect, partitionForKey, systemRandom } from '../../lib/index.js'
import { KafkaCluster } from '../kafka/cluster.js'
import type { Fault } from './faults/fault.js'
import { FAULTS, faultNamed } from './faults/index.js'
import { GROUPS, KEYS } from './names.js'
import { Rounds, type RoundsCounts } from './rounds.js'

export interface ChaosSettings {
  /** `all`, or names. */
  readonly faults: string
  readonly rounds: number
  readonly from: number
  readonly nodes: number
  readonly perSecond: number
  readonly partitions: number
  /** Of Kafka. */
  readonly version: string
  readonly print: (line: string) => void
}

export async function runChaos(settings: ChaosSettings): Promise<number> {
  const { print, rounds } = settings
  const faults = faultsOf(settings.faults)
  checkPartitions(settings.partitions)
  const folder = await mkdtemp(join(tmpdir(), 'millrace-chaos-'))
  const given = process.env.KAFKA_BROKERS
  let kafka: KafkaCluster | null = null
  let counts: RoundsCounts
  // What this process started ends with it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  try {
    if (!given) kafka = await KafkaCluster.start(settings.nodes, join(folder, 'kafka'), settings.version)
    const brokers = given ? given.split(',') : kafka!.bootstrap
    const where = given ? 'KAFKA_BROKERS' : `Kafka ${settings.version}, ${settings.nodes} nodes`
    print(
      `on ${where} (${brokers.join(', ')}); ${rounds} rounds, seed ${settings.from}, ${settings.perSecond} events/s`,
    )
    counts = await onBrokers(settings, faults, folder, brokers, kafka)
  } catch (error) {
    if (!isMillraceError(error, 'KAFKA_UNAVAILABLE') || process.env.REQUIRE_KAFKA === '1') throw error
    print(`skipped: ${error.message}`)
    counts = { passed: 0, failed: 0, skipped: rounds }
  } finally {
    await kafka?.stop()
    await rm(join(folder, 'kafka'), { recursive: true, force: true })
  }
  if (counts.failed === 0) await rm(folder, { recursive: true, force: true })
  print(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  return counts.failed === 0 ? 0 : 1
}

async function onBrokers(
  settings: ChaosSettings,
  faults: readonly Fault[],
  folder: string,
  brokers: readonly string[],
  kafka: KafkaCluster | null,
): Promise<RoundsCounts> {
  const { rounds, from, nodes, perSecond, partitions, version, print } = settings
  const cluster = connect({ brokers })
  const again = `${nodes === 1 ? '' : ` --nodes ${nodes}`} --rate ${perSecond} --partitions ${partitions} --version ${version}`
  try {
    return await new Rounds({
      ...{ cluster, brokers, kafka, folder, faults, rounds, from, perSecond, partitions, again, print },
      name: `chaos-${systemRandom.uuid().slice(0, 8)}`,
      isRoot: process.getuid?.() === 0,
    }).run()
  } finally {
    await cluster.close()
  }
}

/** @throws MillraceError CONFIG_INVALID */
function faultsOf(list: string): readonly Fault[] {
  if (list === 'all') return FAULTS.filter(({ onlyNamed }) => onlyNamed !== true)
  return list.split(',').map((item) => {
    const fault = faultNamed(item.trim())
    if (fault !== undefined) return fault
    const known = FAULTS.map(({ name }) => name).join(', ')
    throw new MillraceError('CONFIG_INVALID', `--faults ${item}: use names of ${known}, or all`)
  })
}

/** Every partition must have keys of its own, or it would have nothing to say. @throws MillraceError CONFIG_INVALID */
function checkPartitions(partitions: number): void {
  const empty = (prefix: string, keys: number) => {
    const covered = Array.from({ length: keys }, (_, i) => partitionForKey(Buffer.from(`${prefix}${i}`), partitions))
    return new Set(covered).size < partitions
  }
  if (!empty('k', KEYS) && !empty('g', GROUPS)) return
  throw new MillraceError('CONFIG_INVALID', `--partitions ${partitions}: some of them would get no keys; use fewer`)
}
