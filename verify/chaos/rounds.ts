/** Runs the rounds: each injects one fault into its own application and reports the results and stalls. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cluster, seededRandom } from '../../lib/index.js'
import type { KafkaCluster } from '../kafka/cluster.js'
import { ChaosFailure, ChaosSkipped, seconds } from './failure.js'
import { nodeDies } from './faults/brokers.js'
import type { Fault } from './faults/fault.js'
import type { Stall } from './output-watch.js'
import { Round } from './round.js'
import { type Verdict, verdict } from './verdict.js'

export interface RoundsOptions {
  readonly cluster: Cluster
  readonly brokers: readonly string[]
  readonly kafka: KafkaCluster | null
  /** Rounds that failed leave a folder below it. */
  readonly folder: string
  readonly name: string
  readonly faults: readonly Fault[]
  readonly rounds: number
  readonly from: number
  readonly perSecond: number
  readonly partitions: number
  /** Repeats one round: everything of the command line but faults, rounds and seed. */
  readonly again: string
  readonly isRoot: boolean
  readonly print: (line: string) => void
}

export interface RoundsCounts {
  passed: number
  failed: number
  skipped: number
}

interface Figures {
  rounds: number
  failed: number
  readonly stallsMs: number[]
}

const INSTANCES = 2
const SETTLED_MS = 1_000

export class Rounds {
  readonly #options: RoundsOptions
  readonly #figures = new Map<string, Figures>()
  readonly #counts: RoundsCounts = { passed: 0, failed: 0, skipped: 0 }
  #lost = 0
  #doubled = 0

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  async run(): Promise<RoundsCounts> {
    const { faults, rounds, from, kafka, isRoot, print } = this.#options
    for (let seed = from; seed < from + rounds; seed++) {
      const fault = faults[(seed - 1) % faults.length]!
      const missing = fault.missing?.({ kafka, isRoot }) ?? null
      if (missing === null) await this.#round(seed, fault)
      else this.#skip(seed, fault, missing)
    }
    for (const line of this.#table()) print(line)
    print(`${this.#lost} lost, ${this.#doubled} doubled`)
    return this.#counts
  }

  async #round(seed: number, fault: Fault): Promise<void> {
    const { cluster, brokers, kafka, name, partitions, perSecond, print } = this.#options
    const folder = join(this.#options.folder, `round-${seed}`)
    const round = await Round.begin({
      ...{ cluster, brokers, kafka, folder, partitions },
      applicationId: `${name}-${seed}`,
      random: seededRandom(`${seed}/chaos`),
      instances: fault.instances ?? INSTANCES,
      perSecond: fault.perSecond ?? perSecond,
      proxied: fault.proxied ?? false,
    })
    try {
      const seen = await made(round, fault, seed)
      const found = await verdict(round)
      const wrong = [...round.troubles, ...found.wrong]
      const { evictions } = round.members
      if (fault.quiet === true && evictions > 0) wrong.push(`${evictions} running members were removed from the group`)
      this.#note(fault, found, round.outputs.stalls(), wrong.length > 0)
      const stalls = stallText(round.outputs.stalls(), round.options.applicationId)
      const line = `${seed} ${fault.name}: all at work after ${seconds(round.startMs)}; ${seen}; ${found.events} events, ${found.lost} lost, ${found.doubled} doubled; ${stalls}; evictions ${evictions}`
      print(line)
      if (wrong.length === 0) {
        await round.close()
        await round.watches[0]!.clear(`${round.options.applicationId}.`)
        await rm(folder, { recursive: true, force: true })
      } else await this.#failed(seed, fault, folder, [line, ...wrong])
    } catch (error) {
      if (!(error instanceof ChaosSkipped)) throw error
      this.#skip(seed, fault, error.message)
    } finally {
      await round.close()
    }
  }

  async #failed(seed: number, fault: Fault, folder: string, lines: readonly string[]): Promise<void> {
    const { print, again } = this.#options
    for (const line of lines.slice(1)) print(`  failed: ${line}`)
    const repeat = `npm run chaos -- --faults ${fault.name} --rounds 1 --from ${seed}${again}`
    print(`  kept ${folder}; again: ${repeat}`)
    await writeFile(join(folder, 'round.txt'), `${[...lines, repeat].join('\n')}\n`)
  }

  #skip(seed: number, fault: Fault, why: string): void {
    this.#counts.skipped++
    this.#options.print(`${seed} ${fault.name}: skipped: ${why}`)
  }

  #note(fault: Fault, found: Verdict, stalls: readonly Stall[], failed: boolean): void {
    const figures = this.#figures.get(fault.name) ?? { rounds: 0, failed: 0, stallsMs: [] }
    this.#figures.set(fault.name, figures)
    figures.rounds++
    if (failed) figures.failed++
    figures.stallsMs.push(Math.max(0, ...stalls.map(({ ms }) => ms)))
    if (failed) this.#counts.failed++
    else this.#counts.passed++
    this.#lost += found.lost
    this.#doubled += found.doubled
  }

  #table(): string[] {
    const row = (...cells: readonly string[]) =>
      cells
        .map((cell, i) => cell.padEnd(i === 0 ? 14 : 10))
        .join('')
        .trimEnd()
    return [
      row('fault', 'rounds', 'failed', 'longest stall: median, max'),
      ...[...this.#figures].map(([name, { rounds, failed, stallsMs }]) => {
        const sorted = [...stallsMs].sort((a, b) => a - b)
        return row(
          name,
          String(rounds),
          String(failed),
          `${seconds(sorted[sorted.length >> 1]!)}, ${seconds(sorted.at(-1)!)}`,
        )
      }),
    ]
  }
}

/** Makes the fault under load; what it broke is healed, and the load stopped. */
async function made(round: Round, fault: Fault, seed: number): Promise<string> {
  const { kafka } = round.options
  let seen = ''
  try {
    await fault.prepare?.(round)
    await round.start()
    const dies = kafka !== null && kafka.nodes > 1 && fault.hurtsBrokers !== true
    const both = [fault.make(round), ...(dies ? [nodeDies(round, kafka, seed % kafka.nodes)] : [])]
    for (const ended of await Promise.allSettled(both)) if (ended.status === 'rejected') throw ended.reason
    seen = (await Promise.all(both)).join('; ')
    await round.flowing('after the fault')
  } catch (error) {
    if (!(error instanceof ChaosFailure)) throw error
    round.troubles.push(error.message)
    seen = 'did not come through'
  }
  await round.heal()
  await round.wait(SETTLED_MS)
  round.outputs.end()
  await round.load.stop()
  return seen
}

function stallText(stalls: readonly Stall[], applicationId: string): string {
  const [longest] = [...stalls].sort((a, b) => b.ms - a.ms)
  if (longest === undefined) return 'no stall measured'
  const byTopic = new Map<string, Stall[]>()
  for (const stall of stalls) byTopic.set(stall.topic, [...(byTopic.get(stall.topic) ?? []), stall])
  const each = [...byTopic].map(([topic, rows]) => {
    const times = [...rows].sort((a, b) => a.partition - b.partition).map(({ ms }) => (ms / 1000).toFixed(2))
    return `${topic.slice(applicationId.length + 1)} ${times.join(' ')}`
  })
  return `longest stall ${seconds(longest.ms)} (by partition: ${each.join(', ')} s)`
}
