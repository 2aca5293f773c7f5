/** Runs the steps of an administrator: members join, leave, restart with another version; a foreign member joins. */
import { GroupMember } from '../../client/group-member.js'
import { connectSim } from './client.js'
import type { SimInstance } from './instance.js'
import type { SimNetwork } from './network.js'
import type { MemberPlan, SimPlan, StepPlan } from './plan.js'
import { SimProcess } from './process.js'

export interface StepTargets {
  readonly applicationId: string
  readonly topics: readonly string[]
  readonly instances: readonly SimInstance[]
  readonly start: (member: MemberPlan) => void
  readonly violated: (invariant: string, what: string) => void
  /** Whoever assigns is not one of ours for so long: nothing is promised meanwhile. */
  readonly disturbed: (forMs: number) => void
}

const RETRY_MS = 300
/** What a newer version of the library might say about itself. */
const NEWER = Buffer.from([127, 0, 0])

/** A step that cannot be done yet is retried. */
export class SimSteps {
  /** Steps that have been done, by kind. */
  readonly done = new Map<string, number>()
  readonly #network: SimNetwork
  readonly #plan: SimPlan
  readonly #targets: StepTargets
  #left: number

  constructor(network: SimNetwork, plan: SimPlan, targets: StepTargets) {
    this.#network = network
    this.#plan = plan
    this.#targets = targets
    this.#left = plan.steps.length
  }

  /** The times of steps count from now. */
  start(): void {
    for (const step of this.#plan.steps) this.#network.world.schedule(step.atMs, () => this.#try(step))
  }

  get over(): boolean {
    return this.#left === 0
  }

  #try(step: StepPlan): void {
    if (!this.#play(step)) {
      this.#network.world.schedule(RETRY_MS, () => this.#try(step))
      return
    }
    this.#left--
    this.done.set(step.kind, (this.done.get(step.kind) ?? 0) + 1)
    this.#network.world.note(`step ${step.kind} ${step.name}`)
  }

  #play(step: StepPlan): boolean {
    const { instances, start, violated } = this.#targets
    if (step.kind === 'join') {
      start({ name: step.name, startMs: 0, disk: false })
      return true
    }
    if (step.kind === 'foreigner') {
      void this.#foreigner(step.name, step.forMs)
      return true
    }
    const instance = instances.find(({ name }) => name === step.name)
    if (instance === undefined || !instance.process.alive || instance.closing) return false
    if (step.kind === 'leave') {
      void instance.close(true)
      return true
    }
    if (step.kind === 'restart') return instance.restart(step.downMs, step.leaveGroup, step.version)
    if (instance.streams.state !== 'running') return false
    const { process } = instance
    instance.streams.start().then(
      () => violated('I4', `a second start() of ${process.name} was accepted`),
      () => undefined,
    )
    return true
  }

  async #foreigner(name: string, forMs: number): Promise<void> {
    const process = new SimProcess(this.#network.world, name, 0)
    const cluster = connectSim(this.#network, process)
    const { sessionTimeoutMs } = this.#plan.times
    const { applicationId, topics } = this.#targets
    const member = new GroupMember({
      cluster,
      clock: process.clock,
      groupId: applicationId,
      groupInstanceId: null,
      sessionTimeoutMs,
      rebalanceTimeoutMs: 2 * sessionTimeoutMs,
      heartbeatIntervalMs: Math.floor(sessionTimeoutMs / 5),
      protocolName: 'millrace',
      subscription: () => ({ topics, userData: NEWER }),
      // As leader it gives nothing to anybody; it leaves soon.
      assign: () => {
        this.#targets.disturbed(forMs)
        return new Map()
      },
    })
    const join = () => void member.join().catch(() => undefined)
    member.onRebalanceNeeded = join
    member.onLost = join
    join()
    this.#network.world.schedule(forMs, () => {
      this.#network.world.note(`${name} leaves the group`)
      member.leave().then(
        () => cluster.close(),
        () => undefined,
      )
    })
  }
}
