/** The interface of an application under simulation: its topology, its input, and the check of its results. */
import type { OutgoingRecord } from '../../client/producer/outgoing-record.js'
import type { Random } from '../../record/random.js'
import type { Topology } from '../../topology/topology.js'
import { checkRun } from './check.js'
import type { SimInstance } from './instance.js'
import type { SimEvent } from './model.js'
import type { SimPlan } from './plan.js'
import type { SimProcess } from './process.js'
import type { SimStorage } from './storage.js'
import { APPLICATION, BY_ITEM, PARTITIONS, SESSION, simTopology, TOPICS, WINDOW } from './topology.js'
import type { SimulatedUserCode } from './user-code.js'

/** The end of a simulated run, as a check sees it. */
export interface SimRun {
  /** The topics of the simulated broker. */
  readonly storage: SimStorage
  /** The instances, with their stores. */
  readonly instances: readonly SimInstance[]
  /** Reports that an invariant does not hold. */
  readonly violated: (invariant: string, what: string) => void
}

export type DrawnRecord = OutgoingRecord & { readonly key: Buffer | null; readonly timestamp: number }

/** An application for the simulation. */
export interface SimApplication {
  /** Its application id. */
  readonly id: string
  /** Partitions of each of its topics. */
  readonly partitions: number
  /** Topics to create. */
  readonly topics: readonly string[]
  /** Topics whose committed offsets must reach their ends. */
  readonly sources: readonly string[]
  /** A topic that an independent reader reads during the run. */
  readonly observed: string
  /** As the option of the same name. */
  readonly deadLetterTopic: string | null
  /** Whether the instances start only after all input was written. */
  readonly inputFirst: boolean
  /** Makes the topology of an instance. */
  readonly topology: (process: SimProcess, version: number) => Topology
  /** The input. */
  readonly input: {
    /** How many records; null: as many as the plan says. */
    readonly records: number | null
    /** The next record; of one that was not written for certain it is asked again. */
    readonly next: (at: number, random: Random, nowMs: number) => DrawnRecord
  }
  /** Compares the results with what they should be, reports violations, and resolves with the number of records read. */
  readonly check: (run: SimRun) => Promise<number>
}

const USERS = 24
const ITEMS = 10

/** Echo, totals, windows and sessions behind a hop: written by hand, with a reference of its own. */
export function fixedApplication(plan: SimPlan, userCode: SimulatedUserCode): SimApplication {
  const { cached, guarantee, observed } = plan
  return {
    id: APPLICATION,
    partitions: PARTITIONS,
    topics: TOPICS,
    sources: ['input', BY_ITEM],
    observed,
    deadLetterTopic: 'dead-letters',
    inputFirst: false,
    topology: (process, version) =>
      simTopology({ cached, version, at: (place, event) => userCode.at(place, event, process) }),
    input: { records: null, next: event },
    check: (run) => checkRun({ ...run, cached, exactlyOnce: guarantee === 'exactlyOnce' }),
  }
}

function event(seq: number, random: Random, nowMs: number): DrawnRecord {
  const value: SimEvent = { seq, item: `item-${random.int(ITEMS)}`, amount: random.int(100) }
  const kind = random.next()
  const backMs =
    kind < 0.7
      ? random.int(SESSION.gapMs)
      : kind < 0.95
        ? random.int(WINDOW.graceMs)
        : WINDOW.sizeMs + random.int(3 * WINDOW.sizeMs)
  const poison = random.next() < 0.005
  return {
    topic: 'input',
    key: Buffer.from(`user-${Math.floor(USERS * random.next() ** 2)}`),
    value: Buffer.from(poison ? `{${seq}` : JSON.stringify(value)),
    timestamp: nowMs - backMs,
  }
}
