/**
 * The progress of the processing loop, in memory that another thread can read while this one is busy: the number of
 * turns of the loop, and the current record. Writing costs a few stores per record, no allocation and no system call.
 */
import type { ErrorDetails } from '../../errors.js'

/** Places and nodes by index, as the writer numbered them; 0 is none. */
export interface ProgressNames {
  readonly places: readonly (RecordPlace | null)[]
  readonly nodes: readonly (string | null)[]
}

export interface RecordPlace {
  readonly taskId: string
  readonly topic?: string
  readonly partition?: number
}

const TURNS = 0
const PLACE = 1
const NODE = 2
/** In 8-byte steps: behind the three counters. */
const OFFSET = 2
const BYTES = 24

export class Progress {
  readonly memory: SharedArrayBuffer
  /** Hears of each new name before its index is written. */
  onName: (kind: 'place' | 'node', index: number, name: RecordPlace | string) => void = () => undefined
  readonly #counters: Int32Array
  readonly #offset: Float64Array
  readonly #places: (RecordPlace | null)[] = [null]
  readonly #placeIndex = new Map<string, number>()
  readonly #nodes: (string | null)[] = [null]
  readonly #nodeIndex = new Map<string, number>()

  constructor() {
    this.memory = new SharedArrayBuffer(BYTES)
    this.#counters = new Int32Array(this.memory, 0, 3)
    this.#offset = new Float64Array(this.memory, 0, 3)
  }

  get names(): ProgressNames {
    return { places: this.#places, nodes: this.#nodes }
  }

  /** The loop has come round. */
  turn(): void {
    this.#counters[TURNS]!++
  }

  /** The number to give to `enter`; the same for the same place. */
  place(place: RecordPlace): number {
    const key = `${place.taskId}/${place.topic ?? ''}/${place.partition ?? ''}`
    let index = this.#placeIndex.get(key)
    if (index === undefined) {
      index = this.#places.push(place) - 1
      this.#placeIndex.set(key, index)
      this.onName('place', index, place)
    }
    return index
  }

  /** The number to give to `at`. */
  node(name: string): number {
    let index = this.#nodeIndex.get(name)
    if (index === undefined) {
      index = this.#nodes.push(name) - 1
      this.#nodeIndex.set(name, index)
      this.onName('node', index, name)
    }
    return index
  }

  /** A record is in hand, or with offset -1 something else of the task, e.g. a punctuation. */
  enter(place: number, offset: number): void {
    this.#counters[PLACE] = place
    this.#counters[NODE] = 0
    this.#offset[OFFSET] = offset
  }

  leave(): void {
    this.#counters[PLACE] = 0
    this.#counters[NODE] = 0
  }

  /** The node whose code runs; returns the one before, to be put back. */
  at(node: number): number {
    const before = this.#counters[NODE]!
    this.#counters[NODE] = node
    return before
  }
}

/** Reads on another thread what a `Progress` writes. */
export class ProgressView {
  readonly #counters: Int32Array
  readonly #offset: Float64Array
  readonly #names: ProgressNames

  constructor(memory: SharedArrayBuffer, names: ProgressNames) {
    this.#counters = new Int32Array(memory, 0, 3)
    this.#offset = new Float64Array(memory, 0, 3)
    this.#names = names
  }

  get turns(): number {
    return Atomics.load(this.#counters, TURNS)
  }

  /** Null while no record is in hand. */
  where(): Pick<ErrorDetails, 'taskId' | 'topic' | 'partition' | 'offset' | 'node'> | null {
    const place = this.#names.places[Atomics.load(this.#counters, PLACE)] ?? null
    if (place === null) return null
    const node = this.#names.nodes[Atomics.load(this.#counters, NODE)] ?? null
    const offset = this.#offset[OFFSET]!
    return { ...place, ...(offset < 0 ? {} : { offset }), ...(node === null ? {} : { node }) }
  }
}
