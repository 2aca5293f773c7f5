/** The shape of a conformance case, as written by hand or by the Java oracle. */

/** Keys and values that are there. */
export type Scalar = string | number

export type CaseValue = Scalar | null

export interface CaseWindow {
  /** Absent on the window of a join. */
  readonly kind?: 'tumbling' | 'hopping' | 'sliding' | 'session' | 'unlimited'
  readonly sizeMs?: number
  readonly advanceMs?: number
  readonly graceMs?: number
  readonly gapMs?: number
  readonly timeDifferenceMs?: number
  readonly startMs?: number
  /** Joins only, as is `afterMs`. */
  readonly beforeMs?: number
  readonly afterMs?: number
  readonly spuriousResultFix?: boolean
}

export interface CaseFunction {
  readonly fn: string
  readonly sep?: string
  readonly value?: string | number
  /** `afterPipe`: the text that stands for no foreign key. */
  readonly nullWhen?: string
}

export interface CaseStore {
  readonly name?: string
  readonly kind?: 'keyValue' | 'versioned'
  readonly retentionMs?: number
  /** Versioned stores only. */
  readonly historyRetentionMs?: number
}

export interface CaseNode {
  readonly id: string
  readonly op: string
  readonly in?: string | readonly string[]
  readonly topic?: string
  readonly name?: string
  readonly named?: string
  readonly kind?: 'inner' | 'left' | 'outer'
  readonly predicate?: CaseFunction
  readonly mapper?: CaseFunction
  readonly keySelector?: CaseFunction
  readonly joiner?: CaseFunction
  readonly adder?: CaseFunction
  readonly subtractor?: CaseFunction
  readonly merger?: CaseFunction
  readonly init?: CaseValue
  readonly window?: CaseWindow
  readonly emit?: 'onWindowUpdate' | 'onWindowClose'
  readonly store?: CaseStore
  readonly graceMs?: number
  readonly storeName?: string
  readonly aggregators?: readonly CaseFunction[]
  readonly foreignKey?: CaseFunction
  readonly until?: 'windowCloses' | 'timeLimit'
  readonly limitMs?: number
  readonly maxRecords?: number
  readonly maxBytes?: number
  readonly onFull?: 'emitEarly' | 'shutDown'
}

export interface WindowedKey {
  readonly key: CaseValue
  readonly start: number
  readonly end: number | 'inf'
}

export interface CaseRecord {
  readonly topic: string
  readonly key: CaseValue | WindowedKey
  readonly value: CaseValue
  /** Absent where the case asks for none. */
  readonly ts?: number
  /** Number of inputs by which it must be out. */
  readonly after?: number
  /** The input (from 1) that made it in the run the case was taken from. */
  readonly at?: number
}

/** What the topology emitted, with the number of the input (from 1) that made it. */
export interface EmittedRecord extends CaseRecord {
  readonly ts: number
  readonly at: number
}

export type CompareMode =
  | 'exact'
  | 'setPerWindow'
  | 'sortedByKeyAndWindowStart'
  | 'lastPerKey'
  | 'mapPerCheckpoint'
  | 'describe'

export type KeyType = 'int' | 'long' | 'string'

export interface ConformanceCase {
  readonly name: string
  readonly area?: string
  readonly tier?: string
  readonly arguableKafkaDefect?: string
  readonly keyType?: KeyType
  readonly keyTypes?: Readonly<Record<string, KeyType>>
  readonly config?: Readonly<Record<string, string | number>>
  readonly topology?: readonly CaseNode[]
  readonly inputs?: readonly {
    readonly topic: string
    readonly key: CaseValue
    readonly value: CaseValue
    readonly ts: number
  }[]
  readonly checkpoints?: readonly number[]
  readonly expected?: readonly CaseRecord[]
  /** `dropped-records-total` of Kafka Streams. */
  readonly droppedRecords?: number
  readonly expectedDescribe?: string
  readonly compare?: CompareMode
  readonly vectors?: readonly Readonly<Record<string, unknown>>[]
}

/** The case needs something Millrace does not have; it is skipped by this name. */
export class NotYetBuilt extends Error {
  constructor(operator: string) {
    super(`${operator} is not yet built`)
    this.name = 'NotYetBuilt'
  }
}
