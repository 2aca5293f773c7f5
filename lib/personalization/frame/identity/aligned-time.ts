/**
 * The time up to which users may be decided about, in an input whose visitors become users: the earliest that any partition has reached.
 * Until then a partition may still send a visitor whose events come before. Without such an input nobody waits.
 */
import { bytes, type KeyValueStore, stateStore, string } from '../../../index.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'
import type { TimeRecord } from './identity-record.js'

/** One record: what each partition has said. No record: there is no such input, or it is over. */
export const ALIGNED_STORE = stateStore({ name: 'aligned-time', key: string, value: bytes })

const KEY = 'time'
const out = new ByteWriter()

interface Reached {
  /** Epoch milliseconds; -1: it has not said anything. */
  readonly ms: number
  readonly ends: boolean
}

const NOWHERE: Reached = { ms: -1, ends: false }

export class AlignedTime {
  readonly #store: KeyValueStore<string, Buffer>

  constructor(store: KeyValueStore<string, Buffer>) {
    this.#store = store
  }

  /** Whether the partitions wait for each other. */
  get isAligned(): boolean {
    return this.#store.get(KEY) !== null
  }

  get partitions(): number {
    return this.#read().length
  }

  /** Event time that every partition has reached, epoch milliseconds; -1: one has said nothing yet. */
  get reachedMs(): number {
    return Math.min(...this.#read().map(({ ms }) => ms))
  }

  /** Whether the input is over in every partition. */
  get ends(): boolean {
    return this.#read().every(({ ends }) => ends)
  }

  /** An input has begun whose partitions wait for each other. */
  begin(partitions: number, stampMs: number): void {
    if (!this.isAligned) this.#write(Array(partitions).fill(NOWHERE), stampMs)
  }

  hear({ partition, partitions, reachedMs, ends }: TimeRecord, stampMs: number): void {
    this.begin(partitions, stampMs)
    const all = this.#read()
    all[partition] = { ms: Math.max(reachedMs, all[partition]!.ms), ends }
    this.#write(all, stampMs)
  }

  /** The input is over: from now on nobody waits. */
  end(stampMs: number): void {
    this.#store.put(KEY, null, Math.max(0, stampMs))
  }

  #read(): Reached[] {
    const from = new ByteReader(this.#store.get(KEY)!.value)
    const all: Reached[] = []
    while (!from.done) all.push({ ms: from.whole() - 1, ends: from.whole() === 1 })
    return all
  }

  #write(all: readonly Reached[], stampMs: number): void {
    out.reset()
    for (const { ms, ends } of all) {
      out.whole(ms + 1)
      out.whole(ends ? 1 : 0)
    }
    this.#store.put(KEY, out.copy(), Math.max(0, stampMs))
  }
}
