/** The steps of one user's decisions: an event that arrives, events that can no longer be overtaken, timers and boundaries. */
import type { CarouselItems } from '../../recommender/model.js'
import { isLive, isMerge, type UserActivity } from '../../records/activity.js'
import type { Campaign } from '../../records/campaign.js'
import { decisionHash } from '../../records/decision-id.js'
import type { CustomerProfile } from '../../records/profile.js'
import type { ConfiguredDecision } from '../decision-table.js'
import type { DecidedFields, Turn } from '../turn.js'
import { armIn } from './arm.js'
import { decisionRecord } from './decision-record.js'
import { mergeSection } from './merge-section.js'
import { packedProfile } from './packed-profile.js'
import { groupMs, roundedUp, SECOND_MS } from './rounded-up.js'
import { decodeSection, firstWake, issue, type Section, setWake, wakeNamed } from './section.js'
import { UserSections } from './sections.js'
import { type EventOrigin, StepCause } from './step-cause.js'
import type { Decided, DecisionStepsParts, EventShare } from './steps-parts.js'
import { CHUNK, UserEntry } from './user-entry.js'
import { letWait, takeWaiting, type WaitingEvent, waitingIn } from './waiting-events.js'

const NEVER_MS = Number.POSITIVE_INFINITY

/** One user at a time: `open`, steps, `close`. The object is the {@link Turn} of each step. */
export class DecisionSteps implements Turn {
  readonly #parts: DecisionStepsParts
  readonly #cause: StepCause
  #entry = UserEntry.empty()
  readonly #sections = new UserSections(this.#entry)
  #placed!: ConfiguredDecision
  #section!: Section
  #live = false
  #share: EventShare = 'all'
  /** The earliest time at which a live wake-up of this user is due. */
  #liveDueMs = NEVER_MS
  #out: Decided[] = []
  #profile: CustomerProfile | null | undefined
  userId = ''
  nowMs = 0

  constructor(parts: DecisionStepsParts) {
    this.#parts = parts
    this.#cause = new StepCause(parts)
  }

  get profile(): CustomerProfile | null {
    if (this.#profile === undefined) {
      const bytes = this.#entry.get(CHUNK.profile)
      this.#profile = bytes === undefined ? null : packedProfile.deserialize(bytes, '')
    }
    return this.#profile
  }

  get settings(): ConfiguredDecision['settings'] {
    return this.#placed.settings
  }

  get campaigns(): readonly Campaign[] {
    return this.#parts.campaigns()
  }

  open(userId: string, entry: UserEntry, share: EventShare = 'all'): void {
    this.userId = userId
    this.#share = share
    this.#entry = entry
    this.#sections.open(entry)
    this.#profile = undefined
    this.#liveDueMs = NEVER_MS
  }

  /** The decisions made since `open`, and when the user is to be looked at again. */
  close(): { readonly decided: readonly Decided[]; readonly liveDueMs: number } {
    this.#sections.close()
    const decided = this.#out
    if (decided.length > 0) this.#out = []
    return { decided, liveDueMs: this.#liveDueMs }
  }

  /** An event that has just come. `mustWait`: its turn has to come, whoever reads it. */
  arrived(activity: UserActivity, origin: EventOrigin, mustWait = false): void {
    const { decisions } = this.#parts
    const live = isLive(activity.source)
    this.#live = live
    for (const placed of live ? decisions.live(activity.type) : decisions.atArrival(activity.type, this.#share)) {
      this.#begin(placed, activity.at)
      if (live) this.#fireBefore(placed, activity.at, Number.NEGATIVE_INFINITY)
      this.#event(placed, activity, origin)
    }
    this.#live = false
    const waits = live ? decisions.liveWaiting(activity.type) : decisions.waiting(activity.type, this.#share)
    if (waits.length > 0 || mustWait) letWait(this.#entry, { activity, origin })
  }

  /** Applies what is certain: events and timers before `frontierMs`. */
  advance(frontierMs: number): void {
    this.#applyWaiting(frontierMs)
    for (const placed of this.#parts.decisions.all) {
      if (this.#sections.has(placed) && this.#sections.dueMs(placed) < frontierMs) this.#due(placed, frontierMs)
    }
  }

  /** Fires the live wake-ups before `frontierMs`. */
  advanceLive(frontierMs: number): void {
    this.#live = true
    for (const placed of this.#parts.decisions.all) {
      if (!this.#sections.has(placed)) continue
      this.#begin(placed, frontierMs)
      this.#fireBefore(placed, frontierMs, Number.NEGATIVE_INFINITY)
      this.#liveDueMs = Math.min(this.#liveDueMs, firstWake(this.#section)?.ms ?? NEVER_MS)
    }
    this.#live = false
  }

  /** The input is over at `endMs`: everything waiting is applied, each timer fires once, boundaries up to the one `endMs` lies in. */
  end(endMs: number): void {
    this.#applyWaiting(NEVER_MS)
    for (const placed of this.#parts.decisions.all) {
      if (!this.#sections.has(placed)) continue
      this.#begin(placed, endMs)
      const wakes = this.#section.wakes ?? []
      const lastMs = Math.max(endMs, ...wakes.map(({ ms }) => ms))
      const set = new Set(wakes.map(({ name }) => name))
      this.#fireBefore(placed, lastMs + 1, placed.dueOf(placed.boundaryOf(endMs)) + 1, (timer, atMs) => {
        // A timer that is set again after the end of the input stays for what comes later.
        return set.delete(timer) || atMs <= endMs
      })
    }
  }

  /** A campaign has become known. */
  campaign(campaign: Campaign, nowMs: number): void {
    for (const placed of this.#parts.decisions.campaigns) {
      if (!this.#sections.has(placed)) continue
      this.#begin(placed, nowMs)
      this.#cause.time('campaign', nowMs)
      this.#keep(placed.decision.onCampaign!(this.#section.state, campaign, this))
    }
  }

  /** When time alone can next change something, rounded up so that users come in groups; Infinity: never. */
  dueMs(): number {
    const { graceMs } = this.#parts
    const waiting = waitingIn(this.#entry)
    let dueMs = waiting === null ? NEVER_MS : roundedUp(waiting.earliestMs + 1, groupMs(graceMs))
    for (const placed of this.#parts.decisions.all) {
      if (this.#sections.has(placed)) dueMs = Math.min(dueMs, roundedUp(this.#sections.dueMs(placed) + 1, SECOND_MS))
    }
    return dueMs === NEVER_MS ? dueMs : dueMs + graceMs
  }

  decide(fields: DecidedFields): void {
    const { decision } = this.#placed
    const rule = fields.kind === undefined ? decision.name : `${decision.name}-${fields.kind}`
    const at = fields.at ?? this.nowMs
    if (decision.subject === 'user' && !this.#issue(decisionHash(rule, fields.subject), at)) return
    const trace = this.#cause.trace(this.#section.state)
    const made = decisionRecord(this.#placed, { ...fields, rule, trace }, this.userId, this.#entry, at)
    this.#out.push({ recommendation: made, pace: fields.pace })
  }

  wakeAt(ms: number | null, timer = ''): void {
    setWake(this.#section, timer, ms)
    if (this.#live && ms !== null) this.#liveDueMs = Math.min(this.#liveDueMs, ms)
  }

  judgeAt(boundaryMs: number): void {
    const section = this.#section
    section.boundaryMs = Math.min(section.boundaryMs ?? NEVER_MS, this.#placed.dueOf(boundaryMs))
  }

  boundaryOf(ms: number): number {
    return this.#placed.boundaryOf(ms)
  }

  recommend(sessionId: string, seen: readonly string[]): CarouselItems {
    return this.#parts.model.recommend(sessionId, seen, armIn(this.#entry, this.userId, this.nowMs), this)
  }

  #applyWaiting(frontierMs: number): void {
    for (const waited of takeWaiting(this.#entry, frontierMs)) this.inTurn(waited)
  }

  /** An event whose turn has come: every earlier one has been applied. */
  inTurn({ activity, origin }: WaitingEvent): void {
    const { decisions, identified } = this.#parts
    if (isMerge(activity)) identified(activity, this.#entry)
    const live = isLive(activity.source)
    for (const placed of live ? decisions.liveWaiting(activity.type) : decisions.waiting(activity.type, this.#share)) {
      this.#beginInTurn(placed, activity.at)
      this.#event(placed, activity, origin)
    }
  }

  /**
   * The visitor with this entry turns out to be the user. `inTurn`: every earlier event has been applied; else it counts as it
   * comes, as a live one. Returns the hashes of the subjects that were decided for both.
   */
  merge(visitor: UserEntry, { at: atMs, source }: UserActivity, inTurn: boolean): readonly number[] {
    const both: number[] = []
    const live = this.#parts.decisions.isLive && isLive(source)
    for (const placed of this.#parts.decisions.all) {
      const { decision, chunk } = placed
      const bytes = visitor.get(chunk)
      if (bytes === undefined) continue
      if (inTurn) this.#beginInTurn(placed, atMs)
      else this.#begin(placed, atMs)
      const merge = decision.merge && ((a: unknown, b: unknown) => decision.merge!(a, b, this))
      const told = mergeSection(this.#section, decodeSection(bytes, decision), decision.state?.initial ?? null, merge)
      both.push(...told)
      if (live) this.#liveDueMs = Math.min(this.#liveDueMs, firstWake(this.#section)?.ms ?? NEVER_MS)
    }
    return both
  }

  #event(placed: ConfiguredDecision, activity: UserActivity, origin: EventOrigin): void {
    this.nowMs = activity.at
    this.#cause.event(activity, origin)
    this.#section.lastMs = Math.max(this.#section.lastMs, activity.at)
    this.#keep(placed.decision.onEvent!(this.#section.state, activity, this))
  }

  #due(placed: ConfiguredDecision, frontierMs: number): void {
    this.#begin(placed, frontierMs)
    this.#fireBefore(placed, frontierMs, frontierMs)
    if (this.#sections.dueMs(placed) >= frontierMs) return
    // Nothing is left but a state that nobody has asked for in a long time.
    this.#sections.forget(placed)
  }

  /** Fires timers before `wakeLimitMs` and boundaries before `boundaryLimitMs`, by time; of one time the timer first. */
  #fireBefore(
    placed: ConfiguredDecision,
    wakeLimitMs: number,
    boundaryLimitMs: number,
    mayFire?: (timer: string, atMs: number) => boolean,
  ): void {
    const { decision } = placed
    const section = this.#section
    for (;;) {
      const wake = firstWake(section)
      const { boundaryMs } = section
      const judges = boundaryMs !== null && boundaryMs < boundaryLimitMs
      if (wake !== null && wake.ms < wakeLimitMs && (!judges || wake.ms <= boundaryMs)) {
        const { name: timer, ms: atMs } = wake
        if (mayFire?.(timer, atMs) === false) return
        this.wakeAt(null, timer)
        this.#timeStep('timer', atMs)
        this.#keep(decision.onTimer?.(section.state, atMs, this, timer))
        if ((wakeNamed(section, timer)?.ms ?? NEVER_MS) <= atMs) this.wakeAt(atMs + 1, timer)
      } else if (judges) {
        section.boundaryMs = null
        const atMs = placed.boundaryAt(boundaryMs)
        this.#timeStep('boundary', atMs)
        this.#keep(decision.onBoundary?.(section.state, atMs, this))
        if ((section.boundaryMs ?? NEVER_MS) <= boundaryMs)
          section.boundaryMs = placed.dueOf(placed.boundaryOf(boundaryMs + 1))
      } else return
    }
  }

  #timeStep(cause: 'timer' | 'boundary', atMs: number): void {
    this.nowMs = atMs
    this.#cause.time(cause, atMs)
    this.#section.lastMs = Math.max(this.#section.lastMs, atMs)
  }

  #begin(placed: ConfiguredDecision, nowMs: number): void {
    this.#placed = placed
    this.nowMs = nowMs
    this.#section = this.#sections.of(placed)
  }

  /** As if time had come to `atMs` in small steps. */
  #beginInTurn(placed: ConfiguredDecision, atMs: number): void {
    this.#begin(placed, atMs)
    this.#fireBefore(placed, atMs, atMs)
    if (this.#sections.dueMs(placed) >= atMs) return
    this.#sections.forget(placed)
    this.#begin(placed, atMs)
  }

  #keep(state: unknown): void {
    if (state !== undefined) this.#section.state = state
    this.#cause.wrote(this.#section.state)
  }

  /** False: the subject was decided before, and not so long ago that it is forgotten. */
  #issue(hash: number, atMs: number): boolean {
    const section = this.#section
    return issue(section, hash, atMs, section.lastMs - this.#placed.decision.keepForMs)
  }
}
