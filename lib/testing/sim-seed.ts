/** One seed: a cluster, two or three instances, an input, faults; then peace, and the invariants. */

import { APPLICATION, BY_ITEM, PARTITIONS, SimInstance, simTopology, TOPICS } from './sim-application.js'
import { SimBroker } from './sim-broker.js'
import { checkRun } from './sim-check.js'
import { SimObserver } from './sim-client.js'
import type { FaultKind } from './sim-faults.js'
import { SimFaults } from './sim-faults.js'
import { SimInput } from './sim-input.js'
import { committedRecords, hasOpenTransaction } from './sim-log.js'
import { type FrameRewrite, SimNetwork } from './sim-network.js'
import type { SimProcess } from './sim-process.js'
import { SimStorage } from './sim-storage.js'
import { watchSyncs } from './sim-syncs.js'
import { SimWorld } from './sim-world.js'

export interface Violation {
  /** As the design numbers them, `I1` to `I12`. */
  readonly invariant: string
  readonly what: string
}

export interface SeedResult {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly faults: ReadonlyMap<FaultKind, number>
  readonly traceHash: string
  /** Empty unless asked for. */
  readonly trace: readonly string[]
  readonly records: number
  readonly commits: number
  readonly events: number
  /** Lives of instances that ended by an error of their own, by its code. */
  readonly failures: ReadonlyMap<string, number>
  readonly virtualMs: number
}

export interface SeedOptions {
  readonly trace?: boolean
  readonly rewrite?: FrameRewrite | null
}

/** What every seed has at least; a seed that falls short counts as failed. */
const LEAST = { records: 2_000, commits: 20, faults: 3 } as const
const MAX_VIOLATIONS = 20
/** After the faults everything must be done within this time. */
const PEACE_MS = 120_000

export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  return new Simulation(seed, options).run()
}

class Simulation {
  readonly #seed: number
  readonly #world: SimWorld
  readonly #storage: SimStorage
  readonly #broker: SimBroker
  readonly #network: SimNetwork
  readonly #faults: SimFaults
  readonly #instances: SimInstance[] = []
  readonly #input: SimInput
  readonly #observer: SimObserver
  readonly #violations: Violation[] = []
  readonly #failures = new Map<string, number>()
  readonly #cached: boolean
  readonly #transactionTimeoutMs: number
  readonly #durationMs: number
  #records = 0

  constructor(seed: number, options: SeedOptions) {
    this.#seed = seed
    this.#world = new SimWorld(`seed ${seed}`, { trace: options.trace === true })
    const random = this.#world.random('shape')
    this.#cached = random.next() < 0.5
    this.#durationMs = 15_000 + random.int(15_000)
    this.#transactionTimeoutMs = 2_000 + random.int(8_000)
    this.#storage = new SimStorage(this.#violated)
    this.#broker = new SimBroker(this.#world, this.#storage, {
      transactionCheckIntervalMs: 500,
      compactionIntervalMs: 5_000,
      compactionRollBytes: 4_096,
      markerDelayMs: random.next() < 0.4 ? 0 : 20 + random.int(400),
    })
    this.#faults = new SimFaults(this.#world, this.#targets(), this.#durationMs * 0.1, this.#durationMs * 0.8)
    const faults = watchSyncs(this.#faults, this.#violated)
    this.#network = new SimNetwork(this.#world, this.#broker, faults, 1 + random.int(8))
    const topology = simTopology(this.#cached)
    const times = {
      sessionTimeoutMs: 2_000 + random.int(4_000),
      transactionTimeoutMs: this.#transactionTimeoutMs,
      requestTimeoutMs: 1_500 + random.int(3_000),
    }
    this.#broker.start()
    for (const topic of TOPICS) this.#broker.running!.createTopic(topic, PARTITIONS)
    const instances = 2 + (random.next() < 0.3 ? 1 : 0)
    for (let i = 0; i < instances; i++) {
      this.#world.schedule(random.int(3_000) * (i === 0 ? 0 : 1), () => {
        const name = String.fromCharCode(97 + i)
        const onFailed = (error: unknown) => this.#failed(error)
        const rewrite = options.rewrite ?? null
        this.#instances.push(new SimInstance({ name, network: this.#network, topology, times, rewrite, onFailed }))
      })
    }
    this.#input = new SimInput(this.#network, {
      records: LEAST.records,
      durationMs: this.#durationMs,
      rounds: 40 + random.int(30),
      enough: () => this.#commits() >= LEAST.commits,
    })
    this.#observer = new SimObserver(this.#network, random.next() < 0.5 ? 'totals' : 'windows')
  }

  async run(): Promise<SeedResult> {
    try {
      await this.#play()
    } catch (error) {
      this.#violated('I8', error instanceof Error ? error.message : String(error))
    }
    return {
      seed: this.#seed,
      violations: this.#violations,
      faults: this.#faults.used,
      traceHash: this.#world.traceHash,
      trace: this.#world.lines ?? [],
      records: this.#records,
      commits: this.#commits(),
      events: this.#world.events,
      failures: this.#failures,
      virtualMs: this.#world.nowMs,
    }
  }

  async #play(): Promise<void> {
    const observing = this.#observer.run()
    observing.catch(() => undefined)
    this.#watchStability()
    await this.#world.finish('the input', this.#input.run(), 10 * this.#durationMs)
    if (!(await this.#world.run(() => this.#faults.done, PEACE_MS)))
      throw new Error('some faults found nobody to strike')
    this.#world.note('peace')
    if (!(await this.#world.run(() => this.#busy() === null, PEACE_MS))) {
      throw new Error(`${PEACE_MS} ms after the last fault ${this.#busy()}`)
    }
    // Whatever should not come any more has this long to come.
    await this.#world.run(() => false, 2_000)
    this.#world.note('quiet')
    const checked = checkRun({
      storage: this.#storage,
      instances: this.#instances,
      cached: this.#cached,
      violated: this.#violated,
    })
    this.#records = await this.#world.finish('the reading of stores', checked, 10_000)
    this.#checkLeast()
    this.#observer.stop()
    await this.#world.finish('the reader', observing, 5_000)
    this.#checkObserver()
    await this.#world.finish('closing', Promise.all(this.#instances.map((instance) => instance.close())), 10_000)
    await this.#world.run(() => false, 100)
    this.#checkLeftovers()
  }

  /** Why there is no quiet yet; null: everything is processed, committed and closed. */
  #busy(): string | null {
    const broker = this.#broker.running
    if (broker === null) return 'the broker is down'
    for (const { process, streams, name } of this.#instances) {
      if (!process.alive || process.held || streams.state !== 'running') return `instance ${name} is ${streams.state}`
    }
    for (const transaction of broker.core.transactions.all()) {
      const { transactionalId, status } = transaction
      if (status === 'Ongoing' || status.startsWith('Prepare')) return `transaction ${transactionalId} is ${status}`
    }
    for (const topic of this.#storage.topics()) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const log = broker.core.topics.log(topic, partition)
        if (log === undefined) continue
        if (log.lastStableOffset !== log.endOffset || hasOpenTransaction(this.#storage.batches(topic, partition))) {
          return `${topic}-${partition} has its last stable offset at ${log.lastStableOffset} of ${log.endOffset}`
        }
      }
    }
    for (const topic of ['input', BY_ITEM]) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const next = broker.core.offsets.get(APPLICATION, topic, partition)?.offset ?? 0
        const end = broker.core.topics.log(topic, partition)?.endOffset ?? 0
        if (next !== end) return `${topic}-${partition} is committed up to ${next} of ${end}`
      }
    }
    return null
  }

  /** I9: no partition's last stable offset stands still for longer than a transaction may be open. */
  #watchStability(): void {
    const since = new Map<string, { offset: number; atMs: number }>()
    const patienceMs = 2 * Math.max(this.#transactionTimeoutMs, 5_000) + 10_000
    const look = () => {
      const broker = this.#broker.running
      for (const topic of broker === null ? [] : this.#storage.topics()) {
        for (const log of broker!.core.topics.named(topic)?.partitions ?? []) {
          const name = `${topic}-${log.partition}`
          const known = since.get(name)
          if (log.lastStableOffset === log.endOffset || known?.offset !== log.lastStableOffset) {
            since.set(name, { offset: log.lastStableOffset, atMs: this.#world.nowMs })
          } else if (this.#world.nowMs - known.atMs > patienceMs) {
            this.#violated('I9', `the last stable offset of ${name} stands at ${known.offset} since ${known.atMs} ms`)
            known.atMs = Number.POSITIVE_INFINITY
          }
        }
      }
      this.#world.schedule(1_000, look)
    }
    look()
  }

  #checkLeast(): void {
    const faults = [...this.#faults.used.values()].reduce((sum, count) => sum + count, 0)
    const facts = { records: this.#records, commits: this.#commits(), faults }
    for (const fact of ['records', 'commits', 'faults'] as const) {
      if (facts[fact] < LEAST[fact]) this.#violated('seed', `only ${facts[fact]} ${fact}, not ${LEAST[fact]}`)
    }
  }

  #commits(): number {
    let commits = 0
    for (const [name, count] of this.#storage.commits) if (name.startsWith(`${APPLICATION}-`)) commits += count
    return commits
  }

  /** I5: a reader that followed all along has seen exactly what is committed, in order. */
  #checkObserver(): void {
    const { topic, seen } = this.#observer
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const wanted = committedRecords(topic, partition, this.#storage.batches(topic, partition)).map(
        ({ offset }) => offset,
      )
      const actual = seen.get(partition) ?? []
      const at = wanted.findIndex((offset, i) => offset !== actual[i])
      if (at >= 0 || actual.length !== wanted.length) {
        this.#violated(
          'I5',
          `a reader of ${topic}-${partition} saw ${actual.length} records of ${wanted.length}, differs at ${at}`,
        )
      }
    }
  }

  /** I11: nothing runs on. */
  #checkLeftovers(): void {
    const processes: SimProcess[] = [
      ...this.#instances.map(({ process }) => process),
      this.#input.process,
      this.#observer.process,
    ]
    for (const { name, timers } of processes) {
      if (timers > 0) this.#violated('I11', `${timers} timers of ${name} are left after it closed`)
    }
    const open = this.#network.openConnections()
    if (open.length > 0) this.#violated('I11', `connections are left open: ${open.join(', ')}`)
    this.#broker.running?.halt()
    if (this.#broker.timers > 0)
      this.#violated('I11', `${this.#broker.timers} timers of the broker are left after it halted`)
  }

  #targets(): ConstructorParameters<typeof SimFaults>[1] {
    const find = (process: SimProcess | null): SimInstance | undefined => {
      if (process !== null) return this.#instances.find((instance) => instance.process === process)
      const random = this.#world.random(`target/${this.#world.nowMs}`)
      const alive = this.#instances.filter((instance) => instance.process.alive && !instance.process.held)
      return alive.length === 0 ? undefined : alive[random.int(alive.length)]
    }
    return {
      strikes: (process) => this.#instances.some((instance) => instance.process === process),
      kill: (process, downMs, loss) => find(process)?.kill(downMs, loss) ?? false,
      pause: (process, forMs) => find(process)?.pause(forMs) ?? false,
      restartBroker: (downMs) => this.#broker.restart(downMs),
      coordinatorsGone: (forMs, code) => this.#broker.coordinatorsGone(forMs, code),
    }
  }

  #failed(error: unknown): void {
    const code = (error as { code?: string } | null)?.code ?? 'unknown'
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
    const text = error instanceof Error ? error.stack : error
    this.#world.note(`an instance failed: ${text}`)
    // Only who starts while no broker answers may give up; everybody else has to get through.
    if (code !== 'CLIENT_UNREACHABLE') this.#violated('I8', `an instance ended by itself: ${text}`)
  }

  readonly #violated = (invariant: string, what: string): void => {
    this.#world.note(`${invariant} violated: ${what}`)
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push({ invariant, what })
  }
}
