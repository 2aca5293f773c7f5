/** Injects all faults into one or more applications, and compares each with a run without faults. */
import { join } from 'node:path'
import type { Cluster } from '../../../lib/index.js'
import { topicNames } from '../../../lib/personalization/records/topic-names.js'
import { delay, systemClock } from '../../../lib/record/clock.js'
import type { Random } from '../../../lib/record/random.js'
import { ApplicationWatch } from '../application-watch.js'
import { decisionDifferences, readDecisionIds } from './decisions.js'
import { type Fault, type FaultFigures, makeFault, seconds } from './faults.js'
import { startLife } from './instance.js'
import { ChaosFailure, InputOver, Stage } from './stage.js'

export interface ChaosOptions {
  readonly cluster: Cluster
  /** Of `npm start`: broker, input. */
  readonly args: readonly string[]
  /** Of the disturbed runs; the undisturbed one goes as fast as it can. Halved after a run that was over before its fault. */
  readonly speed: string
  readonly folder: string
  /** Application ids and topic prefixes begin with it. */
  readonly name: string
  readonly random: Random
  /** A restarted instance must have committed again after less. */
  readonly maxRestartMs: number
  readonly print: (line: string) => void
}

export interface ChaosCounts {
  passed: number
  failed: number
}

/** When faults stop, every transaction must close: the transaction timeout, and the broker's look for it. */
const SETTLE_MS = 40_000
/** So often is the speed halved, for a machine on which instances start slowly. */
const MAX_HALVINGS = 3

export class ChaosRuns {
  readonly #options: ChaosOptions
  readonly #figures: FaultFigures = { kills: 0, open: 0, restartMs: [] }
  readonly #counts: ChaosCounts = { passed: 0, failed: 0 }
  readonly #restartMs: number[] = []
  #made = 0
  #inputRecords = 0

  constructor(options: ChaosOptions) {
    this.#options = options
  }

  /** A fault that passed counts, and each application's end. */
  async run(faults: readonly Fault[]): Promise<ChaosCounts> {
    const expected = await this.#undisturbed()
    const left = [...faults]
    let halvings = 0
    for (let run = 1; left.length > 0; run++) {
      const before = left.length
      if (!(await this.#disturbed(run, left, expected, this.#speed(halvings)))) break
      if (left.length < before) continue
      halvings += 1
      if (halvings <= MAX_HALVINGS && this.#options.speed !== 'max') continue
      this.#fail(`the input ended before the first fault: use a longer input, or a lower --speed`)
      break
    }
    const { kills, open } = this.#figures
    const times = [...this.#restartMs].sort((a, b) => a - b)
    const median = times[times.length >> 1]
    this.#options.print(
      `${kills} kills, ${open} with a transaction open; restart to first commit: ${
        median === undefined ? 'none' : `median ${seconds(median)}, longest ${seconds(times.at(-1)!)}`
      }`,
    )
    return this.#counts
  }

  #speed(halvings: number): string {
    const { speed } = this.#options
    return speed === 'max' ? speed : String(Number(speed) / 2 ** halvings)
  }

  async #undisturbed(): Promise<Map<string, number>> {
    const { cluster, args, folder, print } = this.#options
    const { applicationId, prefix, topics, watch } = this.#application('calm')
    const startedMs = systemClock.monotonicMs()
    const { ended } = startLife([
      ...[...args, '--once', '--json', '--speed', 'max', '--application-id', applicationId],
      ...['--topic-prefix', prefix, '--state-dir', join(folder, 'calm')],
    ])
    const { code, err } = await ended
    // What `npm start` rejects, such as a missing file, is the caller's to correct.
    if (code !== 0) throw new Error(`the undisturbed run ended with exit code ${code}: ${err.trim()}`)
    const ids = await readDecisionIds(cluster, topics.recommendations)
    this.#inputRecords = await watch.committedInput()
    print(`undisturbed: ${ids.size} decisions in ${seconds(systemClock.monotonicMs() - startedMs)}`)
    const twice = decisionDifferences(ids, ids)
    if (twice.length > 0) this.#fail(`the undisturbed run: ${twice.join('; ')}`)
    await watch.clear(prefix)
    return ids
  }

  /** Takes from `left` what it has made. False where the application did not come through. */
  async #disturbed(run: number, left: Fault[], expected: ReadonlyMap<string, number>, speed: string): Promise<boolean> {
    const { cluster, args, folder, random, print } = this.#options
    const { applicationId, prefix, topics, watch } = this.#application(`run-${run}`)
    const stage = new Stage({
      watch,
      args: [
        ...args,
        '--once',
        '--json',
        '--speed',
        speed,
        '--application-id',
        applicationId,
        '--topic-prefix',
        prefix,
      ],
      folder: join(folder, `run-${run}`),
      random,
      print,
      inputRecords: this.#inputRecords,
    })
    try {
      await this.#makeFaults(run, stage, left)
      await stage.finish()
      const wrong = [...watch.wentBack]
      wrong.push(...decisionDifferences(expected, await readDecisionIds(cluster, topics.recommendations)))
      wrong.push(...(await settled(watch, prefix)))
      if (wrong.length > 0) throw new ChaosFailure(wrong.join('; '))
      this.#counts.passed++
      print(`run ${run}: ${expected.size} decisions, the same ids as undisturbed, each once; all transactions closed`)
      await watch.clear(prefix)
      return true
    } catch (error) {
      if (!(error instanceof ChaosFailure)) throw error
      this.#fail(`run ${run} (topics ${prefix}* are kept): ${error.message}`)
      return false
    } finally {
      await stage.close()
    }
  }

  async #makeFaults(run: number, stage: Stage, left: Fault[]): Promise<void> {
    try {
      stage.print(`run ${run}: first commit after ${seconds(await stage.start(stage.instances[0]!))}`)
      while (left.length > 0) {
        const fault = left[0]!
        stage.faultsLeft = left.length
        const seen = await makeFault[fault](stage, this.#figures)
        left.shift()
        this.#made++
        stage.print(`${this.#made} ${fault}: ${seen}`)
        const slow = this.#figures.restartMs
          .splice(0)
          .filter((ms) => this.#restartMs.push(ms) && ms >= this.#options.maxRestartMs)
        if (slow.length === 0) this.#counts.passed++
        else
          this.#fail(
            `${slow.map(seconds).join(', ')} from restart to first commit, ${seconds(this.#options.maxRestartMs)} allowed`,
          )
      }
    } catch (error) {
      if (!(error instanceof InputOver)) throw error
      stage.print(`the input ended with ${left.length} faults left: another run makes them`)
    }
  }

  #application(name: string) {
    const applicationId = `${this.#options.name}-${name}`
    // Not a beginning of the application id followed by a dash: the loader's transactional id begins with the prefix.
    const prefix = `${applicationId}.`
    const topics = topicNames(prefix)
    return {
      applicationId,
      prefix,
      topics,
      watch: new ApplicationWatch(this.#options.cluster, applicationId, topics.activity),
    }
  }

  #fail(why: string): void {
    this.#counts.failed++
    this.#options.print(`failed: ${why}`)
  }
}

/** What is still open when it should have closed. */
async function settled(watch: ApplicationWatch, prefix: string): Promise<string[]> {
  const deadlineMs = systemClock.monotonicMs() + SETTLE_MS
  for (;;) {
    const open = await watch.unsettled(prefix)
    if (open.length === 0 || systemClock.monotonicMs() > deadlineMs) return open
    await delay(systemClock, 200)
  }
}
