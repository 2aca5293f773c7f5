/** Timer stores over cells: key → time, with the next ones in memory. */

import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'
import { keyValueView } from '../committed/view.js'
import { leadingTime, timeAt } from '../layers/time-keys.js'
import type { DueTimer, DueTimers, TimerStore } from '../ports/timer-store.js'
import { BufferStore } from './buffer-store.js'
import { DueKeys, dueKey } from './due-keys.js'
import { compacted, type DefinitionBase, type StoreRow } from './store-info.js'
import type { LocalStore, StoreParts } from './store-parts.js'

/** On disk a value follows its timestamp. */
const VALUE_AT = 8

const NONE_DUE: readonly never[] = Object.freeze([])

/** Processors: one timer per key. */
export interface TimersDefinition extends DefinitionBase {
  readonly kind: 'timers'
  /** The time that fires them; `processorTime`: the processor takes them. */
  readonly timerType: 'streamTime' | 'wallClockTime' | 'processorTime'
}

export class LocalTimerStore<K = unknown>
  extends BufferStore<TimersDefinition>
  implements TimerStore<K>, DueTimers, LocalStore
{
  readonly index: LocalStore['index']
  readonly #due = new DueKeys()
  #nowMs: () => number = () => 0
  /** The time that fires at the moment; -1 outside. */
  #firingMs = -1

  constructor(parts: StoreParts<TimersDefinition>) {
    super(parts)
    this.index = {
      add: (_timeMs, localKey, diskValue) => this.#due.note(localKey, timeAt(diskValue!.toString('latin1'), VALUE_AT)),
    }
  }

  get follower() {
    return this.#due
  }

  get nextMs(): number {
    return this.#due.nextMs
  }

  attach(nowMs: () => number, onEntry: ((timeMs: number) => void) | null): void {
    this.#nowMs = nowMs
    this.#due.onEntry = onEntry
  }

  schedule(key: K, atMs: number): void {
    if (!Number.isSafeInteger(atMs) || atMs < 0 || atMs <= this.#firingMs) {
      const what =
        this.#firingMs < 0
          ? 'a whole number of milliseconds >= 0'
          : `after ${this.#firingMs}, the time of the timer that fires`
      throw new MillraceError('PROCESSOR_TIMER_INVALID', `a timer of ${this.name} must be ${what}; got ${atMs}`)
    }
    const { data, keys } = this.parts
    const cell = data.touch(keys.byteString(key))
    this.parts.write(cell, atMs, this.#stampMs())
    this.#due.note(cell.key, atMs)
  }

  cancel(key: K): boolean {
    const { data, keys } = this.parts
    const cell = data.load(keys.byteString(key))
    if (cell.held === null) return false
    this.parts.write(cell, null, this.#stampMs())
    return true
  }

  scheduledAtMs(key: K): number | null {
    const { data, keys } = this.parts
    return this.parts.read(data.load(keys.byteString(key))) as number | null
  }

  fire(nowMs: number, call: (key: unknown, atMs: number) => void): number {
    const { keys } = this.parts
    let calls = 0
    for (let due = this.#takeNext(nowMs); due !== null; due = this.#takeNext(nowMs)) {
      this.#firingMs = due.atMs
      calls++
      try {
        call(keys.fromByteString(due.localKey), due.atMs)
      } finally {
        this.#firingMs = -1
      }
    }
    return calls
  }

  takeDue(untilMs: number): readonly DueTimer<K>[] {
    const { definition, keys } = this.parts
    if (definition.timerType !== 'processorTime') {
      throw new MillraceError(
        'PROCESSOR_TIMER_TIME_MISMATCH',
        `takeDue of timer store ${this.name}: its time is ${definition.timerType}, so the task fires its timers`,
      )
    }
    if (typeof untilMs !== 'number' || Number.isNaN(untilMs)) {
      const what = typeof untilMs === 'number' ? 'NaN' : kindOf(untilMs)
      throw new MillraceError('PROCESSOR_TIMER_INVALID', `takeDue of ${this.name} needs a time, a number; got ${what}`)
    }
    const { first } = this.#due
    if (first === undefined || leadingTime(first) > untilMs) return NONE_DUE
    const taken: DueTimer<K>[] = []
    for (let due = this.#takeNext(untilMs); due !== null; due = this.#takeNext(untilMs)) {
      taken.push({ key: keys.fromByteString(due.localKey) as K, atMs: due.atMs })
    }
    return taken
  }

  /** Removes the first timer that is due at `nowMs`; null: there is none. */
  #takeNext(nowMs: number): { readonly localKey: string; readonly atMs: number } | null {
    const { data } = this.parts
    for (let first = this.#due.first; first !== undefined; first = this.#due.first) {
      if (leadingTime(first) > nowMs) break
      this.#due.take()
      const cell = data.load(dueKey(first))
      const atMs = this.parts.read(cell) as number | null
      if (atMs === null) continue
      if (atMs > leadingTime(first)) {
        this.#due.note(cell.key, atMs)
        continue
      }
      this.parts.write(cell, null, this.#stampMs())
      return { localKey: cell.key, atMs }
    }
    return null
  }

  changelogKey(localKey: string): Buffer {
    return Buffer.from(localKey, 'latin1')
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    const localKey = key.toString('latin1')
    if (value !== null) this.#due.note(localKey, timeAt(value.toString('latin1'), 0))
    this.parts.data.restore(localKey, value === null ? null : Buffer.from(value), timestampMs)
  }

  async expire(): Promise<void> {}

  #stampMs(): number {
    return Math.max(this.#nowMs(), 0)
  }
}

export const timersInfo: StoreRow<TimersDefinition, LocalTimerStore> = {
  kind: 'timers',
  savedAs: 'timers',
  port: 'timers',
  settings: { timerType: { label: 'timer time' } },
  rebuiltFrom: [],
  writes: ['schedule', 'cancel', 'fire', 'takeDue'],
  changelogConfig: compacted,
  open: (parts) => new LocalTimerStore(parts),
  committed: keyValueView,
}
