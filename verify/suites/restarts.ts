/** Instances of an application on Millrace that are killed and started again on their state during a test. */

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Running } from './processes.js'
import type { SuiteRun } from './suite.js'

/** How long an instance lives before it is killed: long enough to take over its tasks and work, and not always the same. */
const LIFE_MS = { least: 5_000, most: 15_000 }
const STOP_LIMIT_MS = 60_000

export interface AppOptions {
  /** A file of `apps/`, without its ending. */
  readonly app: string
  readonly args?: readonly string[]
  readonly instances: number
}

export class RestartedApp {
  readonly #run: SuiteRun
  readonly #options: AppOptions
  readonly #instances: Running[] = []
  /** What instances said that ended by themselves. */
  readonly #problems: string[] = []
  #kills = 0
  #isStopping = false

  constructor(run: SuiteRun, options: AppOptions) {
    this.#run = run
    this.#options = options
  }

  get kills(): number {
    return this.#kills
  }

  start(): void {
    for (let i = 0; i < this.#options.instances; i++) this.#instances.push(this.#startOne(i))
  }

  /** Kills one instance after the other with SIGKILL and starts it again at once, until `until` is settled. */
  async killUntil(until: Promise<unknown>): Promise<void> {
    const { random, print } = this.#run
    let over = false
    const settled = until.then(
      () => (over = true),
      () => (over = true),
    )
    for (;;) {
      const lifeMs = LIFE_MS.least + random.int(LIFE_MS.most - LIFE_MS.least)
      await Promise.race([sleep(lifeMs), settled])
      if (over) return
      const i = random.int(this.#instances.length)
      print(`  kill -9 of instance ${i}`)
      this.#instances[i]!.signal('SIGKILL')
      await this.#instances[i]!.ended
      this.#kills += 1
      this.#instances[i] = this.#startOne(i)
    }
  }

  /** Asks all instances to close, and says what went wrong in any of their lives, or undefined. */
  async stop(): Promise<string | undefined> {
    this.#isStopping = true
    for (const instance of this.#instances) instance.signal('SIGTERM')
    const ends = this.#instances.map(async (instance, i) => {
      const late = sleep(STOP_LIMIT_MS, 'late', { ref: false })
      const end = await Promise.race([instance.ended, late])
      if (end === 'late') {
        instance.signal('SIGKILL')
        this.#problems.push(`instance ${i} did not close within ${STOP_LIMIT_MS / 1_000} s: ${instance.logFile}`)
      }
    })
    await Promise.all(ends)
    return this.#problems[0]
  }

  #startOne(i: number): Running {
    const { processes, bootstrap, folder } = this.#run
    const { app, args = [] } = this.#options
    const program = fileURLToPath(new URL(`./apps/${app}.ts`, import.meta.url))
    const own = ['--brokers', bootstrap, '--state', join(folder, `state-${i}`)]
    const instance = processes.start(`${app}-${i}`, process.execPath, ['--import=tsx', program, ...own, ...args])
    void instance.ended.then(({ code, signal, output }) => {
      // One that is asked while Node still loads it ends by the signal itself.
      if (signal === 'SIGKILL' || code === 0 || (signal === 'SIGTERM' && this.#isStopping)) return
      const last = output.trimEnd().split('\n').slice(-3).join(' | ')
      this.#problems.push(
        `instance ${i} ended by itself with ${code ?? signal} (${instance.logFile}): ${last.slice(-500)}`,
      )
    })
    return instance
  }
}
