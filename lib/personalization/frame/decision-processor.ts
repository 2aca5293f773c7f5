/** The processor of a tier: takes admitted events and time, and runs the decisions of the users. */
import type { Processor, ProcessorContext, StreamRecord } from '../../index.js'
import type { UserKeys } from '../erasure/user-keys.js'
import type { Admitted } from '../gate/admission.js'
import { activityKey } from '../records/activity.js'
import type { Campaign } from '../records/campaign.js'
import { headerText } from '../records/decided-record.js'
import { type CustomerProfile, laterProfile } from '../records/profile.js'
import type { Recommendation } from '../records/recommendation.js'
import { TRACEPARENT_HEADER } from '../records/traceparent.js'
import type { FrameInput } from './frame-input.js'
import type { KnownCampaigns } from './known-campaigns.js'
import type { Outlet, OutletTargets } from './outlet.js'
import { Pacer } from './pacer.js'
import { DecisionSteps, type DecisionStepsParts } from './user/decision-steps.js'
import { packedProfile } from './user/packed-profile.js'
import { CHUNK, type UserEntry } from './user/user-entry.js'
import { UserStore } from './user/user-store.js'

/** What {@link DecisionProcessor} needs. */
export interface DecisionProcessorParts extends Omit<DecisionStepsParts, 'campaigns' | 'partition' | 'wallMs'> {
  readonly campaigns: KnownCampaigns
  /** Null: values are plain. */
  readonly userKeys: UserKeys | null
  /** Makes the outlet of one task. */
  readonly outlet: (targets: OutletTargets) => Outlet
}

/** How often wake-ups of live events are looked for, milliseconds. */
const LIVE_LOOK_MS = 50
const NEVER_MS = Number.POSITIVE_INFINITY
/** Users that a campaign which has become known looks at in one go. */
const USERS_AT_ONCE = 1_000

export class DecisionProcessor implements Processor<string | null, FrameInput, string, Recommendation> {
  readonly #parts: DecisionProcessorParts
  #steps!: DecisionSteps
  #users!: UserStore
  #outlet!: Outlet
  #pacer!: Pacer
  #partition = -1
  #streamTimeMs = -1
  /** The wall clock when the last live event came; null: the last event was replayed. */
  #liveSinceMs: number | null = null
  /** The trace context of the record in progress, and the event time of the decisions that it led to; null time: of all. */
  #trace: { readonly traceparent: string; readonly atMs: number | null } | null = null
  #context!: ProcessorContext<string, Recommendation>

  constructor(parts: DecisionProcessorParts) {
    this.#parts = parts
  }

  init(context: ProcessorContext<string, Recommendation>): void {
    this.#context = context
    this.#users = new UserStore(context)
    this.#pacer = new Pacer(context, (decision, heldUntilMs, nowMs) => this.#leave(decision, heldUntilMs, nowMs))
    this.#outlet = this.#parts.outlet({
      forward: (record) => context.forward(this.#traced(record)),
      hold: (decision, untilMs) => this.#pacer.hold(decision, untilMs, this.#streamTimeMs),
      wallMs: () => context.currentSystemTimeMs(),
    })
    this.#partition = Number(context.taskId.split('_')[1])
    this.#steps = new DecisionSteps({
      ...this.#parts,
      campaigns: () => this.#parts.campaigns.all,
      partition: this.#partition,
      wallMs: () => context.currentSystemTimeMs(),
    })
    if (this.#parts.decisions.isLive) this.#parts.model.own(this.#partition)
    this.#parts.userKeys?.taskStarted()
    context.schedule(LIVE_LOOK_MS, 'wallClockTime', (nowMs) => this.#look(nowMs))
  }

  close(): void {
    if (this.#parts.decisions.isLive) this.#parts.model.release(this.#partition)
  }

  process({ key, value, timestamp, headers }: StreamRecord<string | null, FrameInput>): void {
    const traceparent = headers.length === 0 ? null : headerText(headers, TRACEPARENT_HEADER)
    if (value.kind === 'erasure') this.#erase(key!, timestamp)
    else if (value.kind === 'profile') this.#profile(key!, value.profile, timestamp)
    else if (value.kind === 'proposal') {
      this.#trace = traceparent === null ? null : { traceparent, atMs: null }
      this.#leave(value.proposal, null, timestamp)
    } else this.#admit(value, traceparent)
    this.#trace = null
  }

  /** Decisions that time has led to during the record have no part in its trace. */
  #traced(record: StreamRecord<string, Recommendation>): StreamRecord<string, Recommendation> {
    if (this.#trace === null) return record
    const { traceparent, atMs } = this.#trace
    if (atMs !== null && record.value.at !== atMs) return record
    return { ...record, headers: [...record.headers, { key: TRACEPARENT_HEADER, value: Buffer.from(traceparent) }] }
  }

  #admit(admitted: Admitted, traceparent: string | null): void {
    const nowMs = admitted.streamTimeMs
    this.#streamTimeMs = nowMs
    const ends = admitted.kind === 'tick' && admitted.ends
    if (admitted.kind === 'tick' && !ends && this.#isSettling) return
    this.#due(nowMs, ends)
    if (admitted.kind === 'activity') {
      if (traceparent !== null) this.#trace = { traceparent, atMs: admitted.activity.at }
      this.#event(admitted)
      this.#trace = null
    }
    this.#pacer.release(ends ? NEVER_MS : nowMs, nowMs)
  }

  /** Timers of users whose keys are not known here yet wait for the next look. */
  get #isSettling(): boolean {
    return (this.#parts.userKeys?.settling ?? null) !== null
  }

  #erase(userId: string, stampMs: number): void {
    this.#users.erase(userId, stampMs)
    this.#pacer.forget(userId, stampMs)
  }

  #profile(userId: string, profile: CustomerProfile | null, stampMs: number): void {
    const entry = this.#users.read(userId)
    const held = entry.get(CHUNK.profile)
    if (profile === null) entry.set(CHUNK.profile, null)
    else {
      const before = held === undefined ? undefined : packedProfile.deserialize(held, '')
      if (laterProfile(before, profile) === before) return
      entry.set(CHUNK.profile, packedProfile.serialize(profile, ''))
    }
    this.#users.write(userId, entry, NEVER_MS, NEVER_MS, stampMs)
  }

  #leave(decision: Recommendation, heldUntilMs: number | null, stampMs: number): void {
    const entry = this.#users.read(decision.userId)
    this.#outlet.decided({ decision, triggeredAt: -1, atMs: heldUntilMs ?? decision.at }, entry)
    this.#users.write(decision.userId, entry, NEVER_MS, NEVER_MS, stampMs)
  }

  #event(admitted: Extract<Admitted, { kind: 'activity' }>): void {
    const { activity, partition, offset } = admitted
    const { model, decisions } = this.#parts
    this.#liveSinceMs =
      activity.source === 'page' || activity.source === 'api' ? this.#context.currentSystemTimeMs() : null
    if (decisions.isLive) model.judge(activity, partition, offset)
    if (decisions.read(activity.type) || this.#outlet.observes(activity)) this.#read(admitted)
    if (decisions.isLive) model.learn(activity, partition, offset)
  }

  #read({ activity, streamTimeMs: nowMs, offset, appendedAt }: Extract<Admitted, { kind: 'activity' }>): void {
    const userId = activityKey(activity)
    const entry = this.#users.read(userId)
    if (this.#outlet.observes(activity)) this.#outlet.observe(activity, entry)
    this.#steps.open(userId, entry)
    this.#steps.arrived(activity, { offset, arrivedAt: appendedAt })
    this.#finish(userId, entry, nowMs, appendedAt)
  }

  /** Users for whom time alone may have changed something. */
  #due(nowMs: number, ends: boolean): void {
    for (const { key: userId } of this.#users.takeDue(ends ? NEVER_MS : nowMs)) {
      const entry = this.#users.read(userId)
      entry.set(CHUNK.timer, null)
      this.#steps.open(userId, entry)
      if (ends) this.#steps.end(nowMs)
      else this.#steps.advance(nowMs - this.#parts.graceMs)
      this.#finish(userId, entry, nowMs, -1)
    }
  }

  #finish(userId: string, entry: UserEntry, nowMs: number, triggeredAt: number): void {
    const { decided, liveDueMs } = this.#steps.close()
    const dueMs = Math.max(this.#steps.dueMs(), nowMs + 1)
    for (const { recommendation: decision, pace } of decided) {
      if (pace === undefined) this.#outlet.decided({ decision, triggeredAt, atMs: decision.at }, entry)
      else this.#pacer.add(decision, pace)
    }
    this.#users.write(userId, entry, dueMs, liveDueMs, nowMs)
  }

  /** Between events: wake-ups of live events, and campaigns that have become known. */
  #look(wallMs: number): void {
    if (this.#isSettling) return
    this.#lookForCampaigns()
    if (this.#liveSinceMs === null) return
    const nowMs = this.#streamTimeMs + Math.max(0, wallMs - this.#liveSinceMs)
    for (const { key: userId } of this.#users.takeLiveDue(nowMs)) {
      const entry = this.#users.read(userId)
      this.#steps.open(userId, entry)
      this.#steps.advanceLive(nowMs)
      this.#finish(userId, entry, this.#streamTimeMs, -1)
    }
    this.#pacer.release(nowMs, nowMs)
  }

  #lookForCampaigns(): void {
    const { campaigns, decisions } = this.#parts
    if (decisions.campaigns.length === 0) return
    for (const campaign of campaigns.all) {
      if (campaign.endMs > this.#streamTimeMs) this.#tell(campaign)
    }
  }

  /** Tells the next users of a campaign that has become known. How far it got is part of the state. */
  #tell(campaign: Campaign): void {
    const scan = this.#pacer.scanOf(campaign)
    if (scan.done) return
    const users = this.#users.usersAfter(scan.after, USERS_AT_ONCE)
    const nowMs = this.#streamTimeMs
    for (const userId of users) {
      const entry = this.#users.read(userId)
      this.#steps.open(userId, entry)
      this.#steps.campaign(campaign, Math.max(0, nowMs - this.#parts.graceMs))
      this.#finish(userId, entry, nowMs, -1)
    }
    this.#pacer.setScan(campaign, { after: users.at(-1) ?? scan.after, done: users.length < USERS_AT_ONCE }, nowMs)
    this.#pacer.release(nowMs, nowMs)
  }
}
