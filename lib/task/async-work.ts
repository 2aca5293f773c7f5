/**
 * The work of asynchronous nodes in one task. A record is taken inside a push and forwarded inside `run`, in order with
 * the other work of the task. A commit waits until no handler runs, so that stores, outputs and offsets agree.
 */
import type { AsyncWork, Settle } from '../operators/operator.js'
import type { RecordOrigin } from './record-origin.js'

interface Ticket {
  readonly node: string
  readonly origin: RecordOrigin | null
  /** Null until settled. */
  deliver: (() => void) | null
}

/** A record that may continue behind `node`. */
export interface SettledRecord {
  readonly node: string
  readonly origin: RecordOrigin | null
  readonly push: () => void
}

/** The tickets of one node. */
interface Lane {
  readonly node: string
  readonly capacity: number
  readonly inOrder: boolean
  readonly reset: () => void
  tickets: Ticket[]
}

export class AsyncLanes {
  /** A commit is due: no record is taken until everything in progress is done. */
  draining = false
  readonly #lanes: Lane[] = []
  /** Settled tickets that may be delivered. */
  #ready: Ticket[] = []
  #underWay = 0
  #epoch = 0
  readonly #current: () => RecordOrigin | null
  readonly #onReady: () => void

  /** `onReady` is called, outside of any push, when `run` has something to do. */
  constructor(current: () => RecordOrigin | null, onReady: () => void) {
    this.#current = current
    this.#onReady = onReady
  }

  /** Nodes that work asynchronously; 0 in almost every task. */
  get size(): number {
    return this.#lanes.length
  }

  /** Records that entered and have not left. */
  get underWay(): number {
    return this.#underWay
  }

  get hasReady(): boolean {
    return this.#ready.length > 0
  }

  /** True when the task may take another record. */
  get open(): boolean {
    return !this.draining && this.#lanes.every(({ tickets, capacity }) => tickets.length < capacity)
  }

  /** `capacity`: records that may wait or be worked on before the task stops taking more. */
  lane(node: string, capacity: number, inOrder: boolean, reset: () => void): AsyncWork {
    const lane: Lane = { node, capacity, inOrder, reset, tickets: [] }
    this.#lanes.push(lane)
    return { enter: () => this.#enter(lane) }
  }

  /** Hands up to `max` settled records to `deliver`; returns how many. */
  run(max: number, deliver: (record: SettledRecord) => void): number {
    let delivered = 0
    while (delivered < max && this.#ready.length > 0) {
      const { node, origin, deliver: push } = this.#ready.shift()!
      // Before the delivery: what it starts counts on its own.
      this.#underWay--
      delivered++
      deliver({ node, origin, push: push! })
    }
    return delivered
  }

  /** Everything in progress is forgotten; results that still come are ignored. */
  clear(): void {
    this.#epoch++
    this.#ready = []
    this.#underWay = 0
    this.draining = false
    for (const lane of this.#lanes) {
      lane.tickets = []
      lane.reset()
    }
  }

  #enter(lane: Lane): Settle {
    const epoch = this.#epoch
    const ticket: Ticket = { node: lane.node, origin: this.#current(), deliver: null }
    lane.tickets.push(ticket)
    this.#underWay++
    return (deliver) => {
      if (epoch !== this.#epoch) return
      ticket.deliver = deliver
      this.#settled(lane, ticket)
    }
  }

  #settled(lane: Lane, ticket: Ticket): void {
    if (lane.inOrder) {
      let done = 0
      while (done < lane.tickets.length && lane.tickets[done]!.deliver !== null) done++
      if (done === 0) return
      this.#ready.push(...lane.tickets.splice(0, done))
    } else {
      lane.tickets.splice(lane.tickets.indexOf(ticket), 1)
      this.#ready.push(ticket)
    }
    this.#onReady()
  }
}
