/** The processor of a tier: takes admitted events and time, and runs the decisions of the users. */
import type { Processor, ProcessorContext, StreamRecord } from '../../index.js'
import type { UserKeys } from '../erasure/user-keys.js'
import type { Admitted } from '../gate/admission.js'
import { ANONYMOUS, activityKey, isLive, isMerge } from '../records/activity.js'
import type { Campaign } from '../records/campaign.js'
import { headerText, type TraceContext, withTrace } from '../records/decided-record.js'
import type { CustomerProfile } from '../records/profile.js'
import type { Recommendation } from '../records/recommendation.js'
import { TRACEPARENT_HEADER } from '../records/traceparent.js'
import type { FrameInput, FrameOutput } from './frame-input.js'
import { ALIGNED_STORE, AlignedTime } from './identity/aligned-time.js'
import { Identities } from './identity/identities.js'
import type { IdentityRecord } from './identity/identity-record.js'
import type { KnownCampaigns } from './known-campaigns.js'
import { type Outlet, type OutletTargets, subjectOf } from './outlet.js'
import { Pacer } from './pacer.js'
import { DecisionSteps } from './user/decision-steps.js'
import { putProfile } from './user/packed-profile.js'
import { appliedUpToMs } from './user/rounded-up.js'
import type { DecisionStepsParts } from './user/steps-parts.js'
import { CHUNK, type UserEntry } from './user/user-entry.js'
import { UserStore } from './user/user-store.js'

/** What {@link DecisionProcessor} needs. */
export interface DecisionProcessorParts
  extends Omit<DecisionStepsParts, 'campaigns' | 'partition' | 'wallMs' | 'identified'> {
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

export class DecisionProcessor implements Processor<string | null, FrameInput, string, FrameOutput> {
  readonly #parts: DecisionProcessorParts
  #steps!: DecisionSteps
  #users!: UserStore
  #outlet!: Outlet
  #pacer!: Pacer
  #partition = -1
  #streamTimeMs = -1
  /** Whether known users wait for the time of all partitions. */
  #isAligned = false
  /** The wall clock when the last live event came; null: the last event was replayed. */
  #liveSinceMs: number | null = null
  /** The trace context of the record in progress, and the event time of the decisions that it led to; null time: of all. */
  #trace: TraceContext | null = null
  #context!: ProcessorContext<string, FrameOutput>
  #time!: AlignedTime
  #identities!: Identities

  constructor(parts: DecisionProcessorParts) {
    this.#parts = parts
  }

  init(context: ProcessorContext<string, FrameOutput>): void {
    this.#context = context
    this.#users = new UserStore(context)
    this.#pacer = new Pacer(context, (decision, heldUntilMs, nowMs) => this.#leave(decision, heldUntilMs, nowMs))
    this.#outlet = this.#parts.outlet({
      forward: (record) => context.forward(withTrace(record, this.#trace)),
      hold: (decision, untilMs) => this.#pacer.hold(decision, untilMs, this.#streamTimeMs),
      wallMs: () => context.currentSystemTimeMs(),
    })
    this.#partition = Number(context.taskId.split('_')[1])
    this.#steps = new DecisionSteps({
      ...this.#parts,
      campaigns: () => this.#parts.campaigns.all,
      partition: this.#partition,
      wallMs: () => context.currentSystemTimeMs(),
      identified: (activity, entry) => this.#identities.identified(activity, entry),
    })
    this.#time = new AlignedTime(context.getStateStore(ALIGNED_STORE))
    this.#identities = new Identities({
      decisions: this.#parts.decisions,
      steps: this.#steps,
      outlet: this.#outlet,
      time: this.#time,
      send: (userId, record) => this.#send(userId, record),
      finish: (userId, entry, triggeredAt) => this.#finish(userId, entry, triggeredAt),
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
    if (value.kind === 'activity' || value.kind === 'tick') this.#admit(value, traceparent)
    else if (value.kind === 'erasure') this.#erase(key!, timestamp)
    else if (value.kind === 'profile') this.#profile(key!, value.profile, timestamp)
    else {
      this.#trace = traceparent === null ? null : { traceparent, atMs: null }
      if (value.kind === 'proposal') this.#leave(value.proposal, null, timestamp)
      else this.#identity(key!, value.record, timestamp)
    }
    this.#trace = null
  }

  #admit(admitted: Admitted, traceparent: string | null): void {
    this.#streamTimeMs = admitted.streamTimeMs
    const { kind } = admitted
    const ends = kind === 'tick' && admitted.ends
    if (kind === 'tick' && admitted.partitions !== null) {
      this.#time.begin(admitted.partitions, admitted.streamTimeMs)
    }
    this.#isAligned = this.#time.isAligned
    if (kind === 'tick' && !ends && admitted.partitions === null && this.#isSettling) return
    this.#due(ends)
    if (kind === 'activity') {
      if (traceparent !== null) this.#trace = { traceparent, atMs: admitted.activity.at }
      this.#event(admitted)
      this.#trace = null
    } else if (this.#isAligned) this.#sayTime(admitted)
    const nowMs = this.#nowMs(false)
    this.#pacer.release(ends && !this.#isAligned ? NEVER_MS : nowMs, nowMs)
  }

  /** Event time that visitors, or known users, have reached. */
  #nowMs(isVisitor: boolean): number {
    if (isVisitor || !this.#isAligned) return this.#streamTimeMs
    return Math.min(this.#streamTimeMs, this.#time.reachedMs + this.#parts.graceMs)
  }

  /** Tells every partition that no identity from before some time will come from here. */
  #sayTime({ streamTimeMs, ends }: Extract<Admitted, { kind: 'tick' }>): void {
    const reachedMs = ends ? streamTimeMs : Math.max(0, appliedUpToMs(streamTimeMs, this.#parts.graceMs))
    this.#send('', { kind: 'time', partition: this.#partition, partitions: this.#time.partitions, reachedMs, ends })
  }

  #send(userId: string, record: IdentityRecord): void {
    const sent = { key: userId, value: record, timestamp: Math.max(0, this.#streamTimeMs), headers: [] }
    this.#context.forward(withTrace(sent, this.#trace && { ...this.#trace, atMs: null }))
  }

  /** A visitor who is a user of this partition. */
  #identity(userId: string, record: IdentityRecord, stampMs: number): void {
    if (record.kind === 'time') this.#time.hear(record, stampMs)
    this.#isAligned = this.#time.isAligned
    if (record.kind === 'time') {
      this.#reached()
      return
    }
    const entry = this.#users.read(userId)
    if (record.kind === 'decision') {
      const { decision, subject, heldUntilMs } = record
      this.#deliver(decision, subject, heldUntilMs, entry, stampMs)
      return
    }
    if (isLive(record.activity.source)) this.#liveSinceMs = this.#context.currentSystemTimeMs()
    if (record.kind === 'visitor') this.#identities.visitor(userId, entry, record)
    else this.#identities.event(userId, entry, record)
  }

  /** Another partition has come further: what known users wait for may be over. */
  #reached(): void {
    const { ends } = this.#time
    const nowMs = ends ? Math.max(this.#streamTimeMs, this.#time.reachedMs) : this.#nowMs(false)
    this.#dueOf(this.#users.takeDue(ends ? NEVER_MS : nowMs), nowMs, ends)
    this.#pacer.release(ends ? NEVER_MS : nowMs, nowMs)
    if (!ends) return
    this.#time.end(nowMs)
    this.#isAligned = false
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
    putProfile(entry, profile)
    this.#users.write(userId, entry, NEVER_MS, NEVER_MS, stampMs)
  }

  #leave(decision: Recommendation, heldUntilMs: number | null, stampMs: number): void {
    const entry = this.#users.read(decision.userId)
    const subject = subjectOf(decision)
    const userId = this.#parts.decisions.isLive ? this.#identities.receiver(entry) : null
    if (userId !== null) {
      this.#send(userId, { kind: 'decision', decision: { ...decision, userId }, subject, heldUntilMs })
      return
    }
    this.#deliver(decision, subject, heldUntilMs, entry, stampMs)
  }

  #deliver(decision: Recommendation, subject: string, heldMs: number | null, entry: UserEntry, stampMs: number): void {
    this.#outlet.decided({ decision, triggeredAt: -1, atMs: heldMs ?? decision.at, subject }, entry)
    this.#users.write(decision.userId, entry, NEVER_MS, NEVER_MS, stampMs)
  }

  #event(admitted: Extract<Admitted, { kind: 'activity' }>): void {
    const { activity, partition, offset } = admitted
    const { model, decisions } = this.#parts
    this.#liveSinceMs = isLive(activity.source) ? this.#context.currentSystemTimeMs() : null
    if (decisions.isLive) model.judge(activity, partition, offset)
    const isRead = decisions.read(activity.type) || this.#outlet.observes(activity) || isMerge(activity)
    if (isRead) this.#read(admitted)
    if (decisions.isLive) model.learn(activity, partition, offset)
  }

  #read({ activity, partition, offset, appendedAt }: Extract<Admitted, { kind: 'activity' }>): void {
    const origin = { partition, offset, arrivedAt: appendedAt }
    const userId = activityKey(activity)
    const entry = this.#users.read(userId)
    const isVisitor = activity.userId === null || isMerge(activity)
    if (isVisitor && this.#identities.arrived(userId, entry, activity, origin)) return
    if (this.#outlet.observes(activity)) this.#outlet.observe(activity, entry)
    this.#steps.open(userId, entry, isVisitor && this.#isAligned ? 'visitor' : 'all')
    this.#steps.arrived(activity, origin)
    this.#finish(userId, entry, appendedAt)
  }

  /** Users for whom time alone may have changed something. Known ones may have to wait for other partitions. */
  #due(ends: boolean): void {
    const nowMs = this.#streamTimeMs
    const untilMs = ends ? NEVER_MS : nowMs
    this.#dueOf(this.#users.takeDueVisitors(untilMs), nowMs, ends, this.#isAligned)
    if (!this.#isAligned) this.#dueOf(this.#users.takeDue(untilMs), nowMs, ends)
  }

  #dueOf(users: readonly { readonly key: string }[], nowMs: number, ends: boolean, isAlignedVisitor = false): void {
    const frontierMs = ends ? NEVER_MS : nowMs - this.#parts.graceMs
    for (const { key: userId } of users) {
      const entry = this.#users.read(userId)
      entry.set(CHUNK.timer, null)
      if (entry.has(CHUNK.identity)) this.#identities.advance(userId, entry, frontierMs)
      this.#steps.open(userId, entry, isAlignedVisitor ? 'visitor' : 'all')
      if (ends) this.#steps.end(nowMs)
      else this.#steps.advance(frontierMs)
      this.#finish(userId, entry, -1)
    }
  }

  #finish(userId: string, entry: UserEntry, triggeredAt: number): void {
    const { decided, liveDueMs } = this.#steps.close()
    const nowMs = this.#nowMs(this.#isAligned && userId.startsWith(ANONYMOUS))
    const dueMs = Math.max(this.#steps.dueMs(), nowMs + 1)
    for (const { recommendation: decision, pace } of decided) {
      if (pace === undefined) this.#outlet.decided({ decision, triggeredAt, atMs: decision.at, subject: null }, entry)
      else {
        this.#pacer.add(decision, pace)
        this.#outlet.queued(decision, entry)
      }
    }
    this.#users.write(userId, entry, dueMs, liveDueMs, this.#streamTimeMs)
  }

  /** Between events: wake-ups of live events, and campaigns that have become known. */
  #look(wallMs: number): void {
    if (this.#isSettling) return
    this.#isAligned = this.#time.isAligned
    const { campaigns, decisions } = this.#parts
    for (const campaign of decisions.campaigns.length === 0 ? [] : campaigns.all) {
      if (campaign.endMs > this.#streamTimeMs) this.#tell(campaign)
    }
    if (this.#liveSinceMs === null) return
    const nowMs = this.#streamTimeMs + Math.max(0, wallMs - this.#liveSinceMs)
    for (const { key: userId } of this.#users.takeLiveDue(nowMs)) {
      const entry = this.#users.read(userId)
      this.#steps.open(userId, entry)
      this.#steps.advanceLive(nowMs)
      this.#finish(userId, entry, -1)
    }
    this.#pacer.release(nowMs, nowMs)
  }

  /** Tells the next users of a campaign that has become known. How far it got is part of the state. */
  #tell(campaign: Campaign): void {
    const scan = this.#pacer.scanOf(campaign)
    if (scan.done) return
    const users = this.#users.usersAfter(scan.after, USERS_AT_ONCE)
    const nowMs = this.#nowMs(false)
    for (const userId of users) {
      const entry = this.#users.read(userId)
      this.#steps.open(userId, entry)
      this.#steps.campaign(campaign, Math.max(0, nowMs - this.#parts.graceMs))
      this.#finish(userId, entry, -1)
    }
    this.#pacer.setScan(campaign, { after: users.at(-1) ?? scan.after, done: users.length < USERS_AT_ONCE }, nowMs)
    this.#pacer.release(nowMs, nowMs)
  }
}
