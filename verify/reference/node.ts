/** A node of the naive interpreter: its child nodes, and for tables the lookup of a row. */
import type { CaseNode, CaseWindow } from '../cases/case.js'
import type { Found, Row, RowKey } from './row.js'

/** The interpreter does not know the operator: such a case is decided by the oracle alone. */
export class NotInterpreted extends Error {
  constructor(what: string) {
    super(`the reference does not interpret ${what}`)
    this.name = 'NotInterpreted'
  }
}

/** The rules of FORMAT.md, section 4, each of which Kafka Streams breaks somewhere. */
export const SOUND_RULES = ['everyWindowFinal', 'oneClosePredicate', 'noHiddenSession', 'joinWaitsForGrace'] as const

export type SoundRule = (typeof SOUND_RULES)[number]

/** What every operator may use of the run. */
export interface ReferenceContext {
  /** The rules kept; without one, the interpreter does what Kafka Streams does. */
  readonly rules: ReadonlySet<SoundRule>
  /** Byte order of keys. */
  readonly order: (left: RowKey, right: RowKey) => number
  /** A topic between two parts of the topology: what goes in comes out after the current record is done. */
  topic(to: (row: Row) => void): (row: Row) => void
}

export class ReferenceNode {
  readonly spec: CaseNode
  /** Streams: the key may have changed since the last topic, so a grouping or join needs one. */
  rekeyed = false
  /** Tables: rows carry what they replace. */
  sendsOld = false
  /** Windowed tables. */
  window: CaseWindow | null = null
  /** Tables: the row of a key as of now. */
  get: (key: RowKey) => Found | null = () => null
  /** Versioned tables: the row as of a time. */
  getAsOf: ((key: RowKey, ts: number) => Found | null) | null = null
  /** Tables: asks for old values; with `force` a table that keeps no rows starts to. True where they will come. */
  enableOld: (force: boolean) => boolean = () => true
  /** Tables: keeps its rows from here on. */
  keepRows: () => void = () => {}
  /** Windowed tables: somebody below takes results for final. */
  final = false
  markFinal: () => void = () => {
    this.final = true
  }
  readonly #children: ((row: Row) => void)[] = []

  constructor(spec: CaseNode) {
    this.spec = spec
  }

  to(child: (row: Row) => void): void {
    this.#children.push(child)
  }

  readonly forward = (row: Row): void => {
    for (const child of this.#children) child(row)
  }
}
