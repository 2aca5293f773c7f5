/**
 * The gate of the topology: drops invalid, repeated and late records. All other records advance the partition's time.
 */
import {
  type Processor,
  type ProcessorContext,
  type RecordMetadata,
  type StreamRecord,
  stateStore,
  string,
} from '../../index.js'
import {
  activityKey,
  activityOf,
  activityProblem,
  isInputMark,
  isLive,
  type UserActivity,
} from '../records/activity.js'
import { type Arrival, ERASED, withCloudEvent } from '../records/arrival.js'
import { type DeadLetter, lateReason } from '../records/dead-letter.js'
import type { CustomerProfile } from '../records/profile.js'
import { gateBytes, PartitionState } from './partition-state.js'
import { latenessMs, type PartitionTime } from './partition-time.js'

/** What the rules see. The key is the user; that of a tick means nothing. */
export type Admitted =
  | {
      readonly kind: 'activity'
      readonly activity: UserActivity
      /** Highest event time of the partition, this event's included, epoch milliseconds. */
      readonly streamTimeMs: number
      /** When the broker stored the event, epoch milliseconds. */
      readonly appendedAt: number
      readonly partition: number
      readonly offset: number
      /** Null where none is known. */
      readonly profile: CustomerProfile | null
    }
  /**
   * Time moved without an event. `ends`: the input is over, every timer fires and every window closes. `partitions`: how many
   * partitions have to wait for each other, because visitors of the input become users; null: this tick does not say.
   */
  | {
      readonly kind: 'tick'
      readonly streamTimeMs: number
      readonly ends: boolean
      readonly partitions: number | null
    }

export type Checked = Admitted | { readonly kind: 'dead'; readonly letter: DeadLetter }

export const GATE_STORE = stateStore({ name: 'gate', key: string, value: gateBytes })

/** Limits for the admission of events. */
export interface AdmissionOptions {
  /** How far behind the partition's event time an event still counts, in milliseconds. */
  readonly graceMs: number
  /** How far ahead of the broker's clock an event's time may be, in milliseconds. */
  readonly clockSkewMs: number
  /** Without an event for so long (wall clock, ms), a live partition's time continues by the wall clock. */
  readonly idleAfterMs: number
  /** For how much event time an event id is remembered, in milliseconds. */
  readonly rememberIdsMs: number
}

/** Hears what happens at the gate, for live figures; what is aborted and processed again is heard again. */
export interface AdmissionWatch {
  /** The partition's event time, epoch milliseconds, and whether a replay is in progress there. */
  admitted(streamTimeMs: number, replaying: boolean): void
  /** The input of a task has ended. */
  ended(streamTimeMs: number): void
  /** An event was dropped because its id was known. */
  duplicate(): void
  /** An event was dropped because it was late. */
  late(): void
  /** Late ones too. */
  deadLetter(): void
  /** An event was skipped because its user is erased. */
  erased(): void
}

const UNWATCHED: AdmissionWatch = { admitted() {}, ended() {}, duplicate() {}, late() {}, deadLetter() {}, erased() {} }
const IDLE_LOOK_MS = 1_000
/** A tombstone is no activity. */
const NO_VALUE: Arrival = { activity: null, problem: 'no value', bytes: null, appendedAt: -1 }

export class Admission implements Processor<string | null, Arrival | null, string | null, Checked> {
  readonly #options: AdmissionOptions
  readonly #watch: AdmissionWatch
  #context!: ProcessorContext<string | null, Checked>
  #state!: PartitionState
  #lastArrivalMs = 0

  constructor(options: AdmissionOptions, watch: AdmissionWatch = UNWATCHED) {
    this.#options = options
    this.#watch = watch
  }

  init(context: ProcessorContext<string | null, Checked>): void {
    this.#context = context
    this.#state = new PartitionState(context.getStateStore(GATE_STORE))
    this.#lastArrivalMs = context.currentSystemTimeMs()
    context.schedule(IDLE_LOOK_MS, 'wallClockTime', (nowMs) => this.#idle(nowMs))
  }

  process(arrived: StreamRecord<string | null, Arrival | null>): void {
    const record = withCloudEvent(arrived, () => this.#context.currentSystemTimeMs())
    if (record.value?.problem === ERASED) {
      this.#watch.erased()
      return
    }
    const origin = this.#context.recordMetadata()!
    this.#lastArrivalMs = this.#context.currentSystemTimeMs()
    const { activity: read, appendedAt } = record.value ?? NO_VALUE
    const activity = read === null || read.eventId !== '' ? read : withId(read, origin)
    const problem =
      activity === null ? (record.value ?? NO_VALUE).problem! : this.#problem(record.key, activity, appendedAt)
    if (activity === null || problem !== null) {
      this.#bury(record, origin, problem!)
      return
    }
    const time = this.#state.time()
    if (activity.type === 'end_of_input') {
      this.#end(record, activity, time)
      return
    }
    if (activity.type === 'input_progress') {
      this.#progress(record, activity, time)
      return
    }
    if (this.#isDuplicate(activity, time)) {
      this.#watch.duplicate()
      return
    }
    const behindMs = latenessMs(time, activity.at, this.#options.graceMs)
    if (behindMs === 0) this.#admit(record, activity, time, origin)
    else {
      this.#watch.late()
      this.#bury(record, origin, lateReason(behindMs))
    }
  }

  #problem(key: string | null, activity: UserActivity, appendedAt: number): string | null {
    const isChecked = isLive(activity.source) && appendedAt >= 0
    const limits = isChecked ? { notAfterMs: appendedAt + this.#options.clockSkewMs } : {}
    const problem = activityProblem(activity, limits)
    if (problem !== null) return problem
    return isInputMark(activity.type) || key === activityKey(activity) ? null : 'the record key is not the user'
  }

  /** An id may come back with another time, so all times that are remembered are looked through. */
  #isDuplicate(activity: UserActivity, time: PartitionTime): boolean {
    const sinceMs = time.streamTimeMs - this.#options.rememberIdsMs
    return this.#state.remembers(activityKey(activity), activity.eventId, sinceMs)
  }

  #admit(
    record: StreamRecord<string | null, Arrival | null>,
    activity: UserActivity,
    time: PartitionTime,
    origin: RecordMetadata,
  ): void {
    const replaying = isLive(activity.source) ? time.replaying : true
    const streamTimeMs = Math.max(time.streamTimeMs, activity.at)
    this.#watch.admitted(streamTimeMs, replaying)
    const { closedBeforeMs } = time
    const forgetMs = streamTimeMs - this.#options.rememberIdsMs
    this.#state.admit(activity.at, { streamTimeMs, closedBeforeMs, replaying }, forgetMs)
    this.#forward(record, {
      kind: 'activity',
      activity,
      streamTimeMs,
      appendedAt: record.value?.appendedAt ?? -1,
      partition: origin.partition,
      offset: origin.offset,
      profile: null,
    })
  }

  #end(record: StreamRecord<string | null, Arrival | null>, end: UserActivity, time: PartitionTime): void {
    const streamTimeMs = Math.max(time.streamTimeMs, end.at)
    this.#watch.ended(streamTimeMs)
    this.#state.setTime({ streamTimeMs, closedBeforeMs: streamTimeMs + 1, replaying: false })
    this.#forward(record, { kind: 'tick', streamTimeMs, ends: true, partitions: null })
  }

  #progress(record: StreamRecord<string | null, Arrival | null>, mark: UserActivity, time: PartitionTime): void {
    const streamTimeMs = Math.max(time.streamTimeMs, mark.at)
    this.#state.setTime({ ...time, streamTimeMs, replaying: true })
    this.#forward(record, { kind: 'tick', streamTimeMs, ends: false, partitions: mark.quantity })
  }

  /** Live input only: in a replay the wall clock says nothing about event time. */
  #idle(nowMs: number): void {
    const idleMs = nowMs - this.#lastArrivalMs
    if (idleMs < this.#options.idleAfterMs) return
    const time = this.#state.time()
    if (time.replaying || time.streamTimeMs < 0) return
    this.#lastArrivalMs = nowMs
    const streamTimeMs = time.streamTimeMs + idleMs
    this.#state.setTime({ ...time, streamTimeMs })
    const tick = { kind: 'tick', streamTimeMs, ends: false, partitions: null } as const
    this.#context.forward({ key: '', value: tick, timestamp: streamTimeMs, headers: [] })
  }

  #bury(record: StreamRecord<string | null, Arrival | null>, origin: RecordMetadata, reason: string): void {
    this.#watch.deadLetter()
    const { activity, bytes, appendedAt } = record.value ?? NO_VALUE
    const { topic, partition, offset } = origin
    const key = record.key === null ? null : Buffer.from(record.key)
    const at = safeTime(activity?.at) ?? Math.max(0, appendedAt)
    const letter = { reason, topic, partition, offset, row: -1, at, key, value: bytes }
    this.#forward(record, { kind: 'dead', letter })
  }

  #forward(record: StreamRecord<string | null, Arrival | null>, value: Checked): void {
    this.#context.forward({ key: record.key, value, timestamp: record.timestamp, headers: record.headers })
  }
}

function withId(activity: UserActivity, { topic, partition, offset }: RecordMetadata): UserActivity {
  return activityOf({ ...activity, eventId: `${topic}-${partition}-${offset}` })
}

function safeTime(atMs: number | undefined): number | undefined {
  return atMs !== undefined && Number.isSafeInteger(atMs) && atMs >= 0 ? atMs : undefined
}
