/** Runs one seed: a cluster, instances, an input, steps and faults; then a time without faults, and the invariants. */
import { fixedApplication, type SimApplication } from './application.js'
import { AssignmentEye } from './assignments.js'
import { SimBroker } from './broker.js'
import { SimObserver } from './client.js'
import { Deadlines } from './deadlines.js'
import type { FaultKind } from './faults.js'
import { SimFaults } from './faults.js'
import { SimInput } from './input.js'
import { RESTART_MS, SimInstance } from './instance.js'
import { committedRecords, hasOpenTransaction } from './log.js'
import { SimNetwork } from './network.js'
import { paceOf } from './pace.js'
import type { MemberPlan, SimPlan } from './plan.js'
import type { SimProcess } from './process.js'
import { RetryEye } from './retries.js'
import { SimSteps } from './steps.js'
import { SimStorage } from './storage.js'
import { faultTargets } from './targets.js'
import { VERSIONS } from './topology.js'
import { SimulatedUserCode } from './user-code.js'
import { drawPlan } from './variants.js'
import { SimWorld } from './world.js'

/** An invariant that did not hold; docs/simulation.md lists them. */
export interface Violation {
  /** Its number, `I1` to `I12`. */
  readonly invariant: string
  /** What was observed. */
  readonly what: string
}

/** The result of one simulated run. */
export interface SeedResult {
  /** What was played. */
  readonly plan: SimPlan
  /** Empty: all invariants held. */
  readonly violations: readonly Violation[]
  /** How often each fault occurred. */
  readonly faults: ReadonlyMap<FaultKind, number>
  /** How many steps of each kind were done. */
  readonly steps: ReadonlyMap<string, number>
  /** Equal for two runs in which the same things happened in the same order. */
  readonly traceHash: string
  /** What happened, one line each; empty unless `trace` was set. */
  readonly trace: readonly string[]
  /** Records that the check has read. */
  readonly records: number
  /** Committed transactions. */
  readonly commits: number
  /** Simulated events. */
  readonly events: number
  /** How many instances ended with an error, by its code. */
  readonly failures: ReadonlyMap<string, number>
  /** Simulated time. */
  readonly virtualMs: number
  /** The longest rebalance, and the longest time in which lag did not fall. */
  readonly longest: { readonly rebalanceMs: number; readonly lagMs: number }
}

/** Options of {@link runPlan} and {@link runSeed}. */
export interface RunOptions {
  /** Whether to keep one line for each thing that happens. Default false. */
  readonly trace?: boolean
  /** Whether to stop at the first violation. Default false. */
  readonly stopAtFirst?: boolean
  /** Makes the application of a plan whose `topology` is a number. @internal */
  readonly application?: (plan: SimPlan) => SimApplication
}

const MAX_VIOLATIONS = 20
/** Input that has to be there before anything starts takes this long. */
const QUICK_MS = 1_000
/** After the faults everything must be done within this time. */
const PEACE_MS = 120_000

/** Draws a plan from `seed` and runs it. */
export function runSeed(seed: number, options: RunOptions & { readonly variant?: string } = {}): Promise<SeedResult> {
  return runPlan(drawPlan(seed, options.variant), options)
}

/** Runs a plan on a simulated cluster, and checks the invariants. */
export function runPlan(plan: SimPlan, options: RunOptions = {}): Promise<SeedResult> {
  return new Simulation(plan, options).run()
}

class Simulation {
  readonly #plan: SimPlan
  readonly #application: SimApplication
  readonly #world: SimWorld
  readonly #storage: SimStorage
  readonly #broker: SimBroker
  readonly #network: SimNetwork
  readonly #faults: SimFaults
  readonly #instances: SimInstance[] = []
  readonly #input: SimInput
  readonly #observer: SimObserver
  readonly #deadlines: Deadlines
  readonly #steps: SimSteps
  readonly #violations: Violation[] = []
  readonly #stopAtFirst: boolean
  readonly #failures = new Map<string, number>()
  #records = 0

  constructor(plan: SimPlan, options: RunOptions) {
    this.#plan = plan
    this.#stopAtFirst = options.stopAtFirst === true
    const userCode = new SimulatedUserCode(plan.userCode, (process) => this.#restart(process))
    this.#application = plan.topology === null ? fixedApplication(plan, userCode) : options.application!(plan)
    const application = this.#application
    this.#world = new SimWorld(`seed ${plan.seed}`, { trace: options.trace === true })
    this.#storage = new SimStorage(this.#violated)
    this.#broker = new SimBroker(this.#world, this.#storage, {
      transactionCheckIntervalMs: 500,
      compactionIntervalMs: 5_000,
      compactionRollBytes: 4_096,
      markerDelayMs: plan.markerDelayMs,
    })
    const running = () => this.#broker.running
    const instances = () => this.#instances
    const disturbed = (forMs: number) => this.#deadlines.disturbed(forMs)
    const pace = paceOf(plan, application)
    this.#deadlines = new Deadlines({
      world: this.#world,
      plan: { ...plan, slow: pace.slow },
      readMs: pace.readMs,
      applicationId: application.id,
      sources: application.sources,
      broker: running,
      instances,
      violated: this.#violated,
    })
    const targets = faultTargets({
      world: this.#world,
      plan,
      broker: this.#broker,
      storage: this.#storage,
      instances,
      disturbed,
    })
    this.#faults = new SimFaults(this.#world, targets, plan.faults)
    this.#network = new SimNetwork(this.#world, this.#broker, this.#faults, plan.latencyMs, pace.slow)
    this.#addEyes()
    this.#broker.start()
    for (const topic of application.topics) this.#broker.running!.createTopic(topic, application.partitions)
    if (plan.offsetReset === 'latest') this.#commitStarts()
    const start = (member: MemberPlan) => this.#start(member)
    this.#steps = new SimSteps(this.#network, plan, {
      applicationId: application.id,
      topics: application.topics,
      instances: this.#instances,
      start,
      violated: this.#violated,
      disturbed,
    })
    this.#input = new SimInput(this.#network, {
      ...plan.input,
      application,
      durationMs: application.inputFirst ? QUICK_MS : plan.durationMs,
      enough: () => application.inputFirst || (this.#commits() >= plan.least.commits && this.#steps.over),
      commits: () => this.#commits(),
      least: plan.least.commits,
    })
    this.#observer = new SimObserver(this.#network, application.observed)
  }

  async run(): Promise<SeedResult> {
    try {
      await this.#play()
    } catch (error) {
      this.#violated('I8', error instanceof Error ? error.message : String(error))
    }
    return {
      plan: this.#plan,
      violations: this.#violations,
      faults: this.#faults.used,
      steps: this.#steps.done,
      traceHash: this.#world.traceHash,
      trace: this.#world.lines ?? [],
      records: this.#records,
      commits: this.#commits(),
      events: this.#world.events,
      failures: this.#failures,
      virtualMs: this.#world.nowMs,
      longest: this.#deadlines.longest,
    }
  }

  #addEyes(): void {
    const isMember = (process: SimProcess) => this.#instances.some((instance) => instance.process === process)
    this.#network.eyes.push(
      new AssignmentEye({
        world: this.#world,
        isMember,
        topicOf: (id) => this.#broker.running?.core.topics.withId(id)?.name,
        graceMs: this.#deadlines.handOverMs,
        countedMs: (sinceMs) => this.#deadlines.counted(sinceMs),
        violated: this.#violated,
      }),
      new RetryEye(this.#world, this.#violated),
      this.#deadlines,
    )
  }

  /** Somebody has used the group before: the source has committed offsets, internal topics have none. */
  #commitStarts(): void {
    const { id, topics, sources, partitions } = this.#application
    const rows = sources
      .filter((topic) => topics.includes(topic))
      .flatMap((topic) =>
        Array.from({ length: partitions }, (_, partition) => ({
          topic,
          partition,
          offset: 0,
          leaderEpoch: -1,
          metadata: '',
        })),
      )
    this.#broker.running!.core.offsets.commit(id, rows)
  }

  #startMembers(): void {
    this.#faults.start()
    this.#steps.start()
    for (const member of this.#plan.members) this.#world.schedule(member.startMs, () => this.#start(member))
  }

  #start({ name, disk }: MemberPlan): void {
    this.#instances.push(
      new SimInstance({
        name,
        network: this.#network,
        plan: this.#plan,
        applicationId: this.#application.id,
        deadLetterTopic: this.#application.deadLetterTopic,
        disk,
        version: VERSIONS.first,
        topology: this.#application.topology,
        onFailed: (error, version, mayEnd) => this.#failed(error, version, mayEnd),
        onClosed: (name, sinceMs) => this.#deadlines.closed(name, sinceMs),
        violated: this.#violated,
      }),
    )
  }

  /** Somebody who has heard of an error closes the instance, and starts it again. */
  #restart(process: SimProcess): void {
    this.#instances.find((instance) => instance.process === process)?.restart(RESTART_MS, false)
  }

  async #play(): Promise<void> {
    const { durationMs } = this.#plan
    const observing = this.#observer.run()
    observing.catch(() => undefined)
    this.#deadlines.start()
    if (!this.#application.inputFirst) this.#startMembers()
    // An outage, or a member that stands still, may take longer than all of a short run.
    await this.#world.finish('the input', this.#input.run(), 10 * durationMs, () => this.#deadlines.calmFromMs)
    if (this.#application.inputFirst) {
      if (!(await this.#world.run(() => this.#unstable() === null, PEACE_MS))) throw new Error(this.#unstable()!)
      this.#startMembers()
    }
    const calm = () => this.#faults.done && this.#steps.over
    if (!(await this.#world.run(calm, PEACE_MS))) throw new Error('some faults had no target')
    this.#world.note('peace')
    if (!(await this.#world.run(() => this.#busy() === null, PEACE_MS))) {
      throw new Error(`${PEACE_MS} ms after the last fault ${this.#busy()}`)
    }
    // Whatever should not come any more has this long to come; and who woke last, to see that the group continued without it.
    do {
      if (!(await this.#world.run(() => this.#busy() === null, PEACE_MS))) throw new Error(`no quiet: ${this.#busy()}`)
      await this.#world.run(() => false, 2_000)
    } while (this.#busy() !== null)
    this.#world.note('quiet')
    this.#deadlines.end()
    const members = this.#instances.filter(({ member }) => member)
    const storage = this.#storage
    const checked = this.#application.check({ storage, instances: members, violated: this.#violated })
    this.#records = await this.#world.finish('the reading of stores', checked, PEACE_MS)
    this.#checkLeast()
    this.#observer.stop()
    await this.#world.finish('the reader', observing, 5_000)
    this.#checkObserver()
    await this.#world.finish('closing', Promise.all(members.map((instance) => instance.close())), 30_000)
    await this.#world.run(() => false, 100)
    this.#checkLeftovers()
  }

  /** Why there is no quiet yet; null: everything is processed, committed and closed. */
  #busy(): string | null {
    const broker = this.#broker.running
    if (broker === null) return 'the broker is down'
    for (const { member, process, streams, name, closing } of this.#instances) {
      if (!member && (closing || !process.alive) && !process.alive) continue
      if (!member) return `instance ${name} is still closing`
      if (!process.alive || process.held || streams.state !== 'running') return `instance ${name} is ${streams.state}`
    }
    const group = broker.core.groups.get(this.#application.id)
    if (group?.status !== 'Stable') return `the group is ${group?.status}`
    // Who was given up while it stood still runs on until it hears of it, and is no owner.
    const wanted = this.#instances.filter(({ member }) => member).length
    if (group.members.size !== wanted) return `the group has ${group.members.size} members of ${wanted}`
    for (const transaction of broker.core.transactions.all()) {
      const { transactionalId, status } = transaction
      if (status === 'Ongoing' || status.startsWith('Prepare')) return `transaction ${transactionalId} is ${status}`
    }
    const unstable = this.#unstable()
    if (unstable !== null) return unstable
    for (const topic of this.#application.sources) {
      for (const { partition, endOffset: end } of broker.core.topics.named(topic)?.partitions ?? []) {
        const next = broker.core.offsets.get(this.#application.id, topic, partition)?.offset ?? 0
        if (next !== end) return `${topic}-${partition} is committed up to ${next} of ${end}`
      }
    }
    return null
  }

  /** A partition that has records nobody may read yet; null: all that is written is readable, or undone. */
  #unstable(): string | null {
    const { core } = this.#broker.running ?? {}
    if (core === undefined) return 'the broker is down'
    for (const topic of this.#storage.topics()) {
      for (const log of core.topics.named(topic)?.partitions ?? []) {
        const { partition } = log
        if (log.lastStableOffset !== log.endOffset || hasOpenTransaction(this.#storage.batches(topic, partition))) {
          return `${topic}-${partition} has its last stable offset at ${log.lastStableOffset} of ${log.endOffset}`
        }
      }
    }
    return null
  }

  #checkLeast(): void {
    const faults = [...this.#faults.used.values()].reduce((sum, count) => sum + count, 0)
    const facts = { records: this.#records, commits: this.#commits(), faults }
    for (const fact of ['records', 'commits', 'faults'] as const) {
      const least = this.#plan.least[fact]
      if (facts[fact] < least) this.#violated('seed', `only ${facts[fact]} ${fact}, not ${least}`)
    }
  }

  #commits(): number {
    let commits = 0
    for (const [name, count] of this.#storage.commits) if (name.startsWith(`${this.#application.id}-`)) commits += count
    return this.#plan.guarantee === 'exactlyOnce' ? commits : this.#storage.offsetCommits
  }

  /** I5: a reader that followed all along has seen exactly what is committed, in order. */
  #checkObserver(): void {
    const { topic, seen } = this.#observer
    for (let partition = 0; partition < this.#application.partitions; partition++) {
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

  /** I11: nothing runs on. What instances leave behind they are asked when each closes. */
  #checkLeftovers(): void {
    for (const { name, timers } of [this.#input.process, this.#observer.process]) {
      if (timers > 0) this.#violated('I11', `${timers} timers of ${name} are left after it closed`)
    }
    const open = this.#network.openConnections()
    if (open.length > 0) this.#violated('I11', `connections are left open: ${open.join(', ')}`)
    this.#broker.running?.halt()
    if (this.#broker.timers > 0)
      this.#violated('I11', `${this.#broker.timers} timers of the broker are left after it halted`)
  }

  #failed(error: unknown, version: number, mayEnd: boolean): void {
    const code = (error as { code?: string } | null)?.code ?? 'unknown'
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
    const text = error instanceof Error ? error.stack : error
    this.#world.note(`an instance failed: ${text}`)
    // Who starts while no broker answers may give up, and who brings tasks that the others do not know has to.
    if (code === 'CLIENT_UNREACHABLE' || version === VERSIONS.incompatible) return
    if (mayEnd) {
      this.#deadlines.disturbed(RESTART_MS)
      return
    }
    this.#violated('I8', `an instance ended by itself: ${text}`)
  }

  readonly #violated = (invariant: string, what: string): void => {
    // What stands still because it was stopped has broken nothing.
    if (this.#world.stopped) return
    this.#world.note(`${invariant} violated: ${what}`)
    // A seed that falls short of its size has shown nothing.
    if (this.#stopAtFirst && invariant !== 'seed') this.#world.stopped = true
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push({ invariant, what })
  }
}
