/** Runs one seed: a cluster, instances, an input, steps and faults; then a time without faults, and the invariants. */
import { fixedApplication, type SimApplication } from './application.js'
import { AssignmentEye } from './assignments.js'
import { SimBroker } from './broker.js'
import { SimObserver } from './client.js'
import { Deadlines } from './deadlines.js'
import { SimFaults } from './faults.js'
import { SimInput } from './input.js'
import { RESTART_MS, SimInstance } from './instance.js'
import { checkLeftovers, checkObserver } from './last-checks.js'
import { SimNetwork } from './network.js'
import { paceOf } from './pace.js'
import type { MemberPlan, SimPlan } from './plan.js'
import type { SimProcess } from './process.js'
import { type SimulatedCluster, unquiet, unstable } from './quiet.js'
import { RetryEye } from './retries.js'
import type { SeedResult, Violation } from './seed-result.js'
import { SimSteps } from './steps.js'
import { SimStorage } from './storage.js'
import { faultTargets } from './targets.js'
import { VERSIONS } from './topology.js'
import { SimulatedUserCode } from './user-code.js'
import { drawPlan } from './variants.js'
import { SimWorld } from './world.js'

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
      if (!(await this.#world.run(() => unstable(this.#cluster) === null, PEACE_MS)))
        throw new Error(unstable(this.#cluster)!)
      this.#startMembers()
    }
    const calm = () => this.#faults.done && this.#steps.over
    if (!(await this.#world.run(calm, PEACE_MS))) throw new Error('some faults had no target')
    this.#world.note('peace')
    if (!(await this.#world.run(() => unquiet(this.#cluster) === null, PEACE_MS))) {
      throw new Error(`${PEACE_MS} ms after the last fault ${unquiet(this.#cluster)}`)
    }
    // Whatever should not come any more has this long to come; and who woke last, to see that the group continued without it.
    do {
      if (!(await this.#world.run(() => unquiet(this.#cluster) === null, PEACE_MS)))
        throw new Error(`no quiet: ${unquiet(this.#cluster)}`)
      await this.#world.run(() => false, 2_000)
    } while (unquiet(this.#cluster) !== null)
    this.#world.note('quiet')
    this.#deadlines.end()
    const members = this.#instances.filter(({ member }) => member)
    const storage = this.#storage
    const checked = this.#application.check({ storage, instances: members, violated: this.#violated })
    this.#records = await this.#world.finish('the reading of stores', checked, PEACE_MS)
    this.#checkLeast()
    this.#observer.stop()
    await this.#world.finish('the reader', observing, 5_000)
    checkObserver(this.#observer, this.#cluster, this.#violated)
    await this.#world.finish('closing', Promise.all(members.map((instance) => instance.close())), 30_000)
    await this.#world.run(() => false, 100)
    const others = [this.#input.process, this.#observer.process]
    checkLeftovers(this.#network, this.#broker, others, this.#violated)
  }

  get #cluster(): SimulatedCluster {
    return { application: this.#application, broker: this.#broker, storage: this.#storage, instances: this.#instances }
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
