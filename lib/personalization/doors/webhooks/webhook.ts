/** One webhook on this instance: a bounded queue, attempts, retries. It waits for nobody, and nobody waits for it. */
import { createHash } from 'node:crypto'
import type { Clock, Log, Random } from '../../../index.js'
import type { DeliveryLog } from './delivery-log.js'
import { DeliveryQueue, type WebhookDelivery } from './delivery-queue.js'
import { EndpointPause } from './endpoint-pause.js'
import { backoffMs, type NextStep, nextStep, type Outcome, retryAfterMs } from './next-step.js'
import { OpenOffsets } from './open-offsets.js'
import type { Poster } from './post.js'
import { signedMessage } from './signed-message.js'
import type { WebhookSettings } from './webhook-settings.js'

export interface WebhookParts {
  readonly settings: WebhookSettings
  readonly poster: Poster
  readonly state: Pick<
    DeliveryLog,
    'put' | 'putDisabled' | 'putPause' | 'deliveries' | 'count' | 'delivery' | 'disabled' | 'pausedUntilMs'
  >
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Why a decision was not sent although it was due to this webhook. */
export type WebhookDropReason = 'expired' | 'retention' | 'unreadable' | 'dead-letters-full' | 'erased'

/** Running totals of this instance since it started. */
export interface WebhookTotals {
  /** Decisions delivered. */
  delivered: number
  /** Requests made. */
  attempts: number
  /** Requests that failed. */
  failedAttempts: number
  /** Decisions dropped, by reason. */
  readonly dropped: Record<WebhookDropReason, number>
}

/** Decisions in memory, beside those that wait for their next attempt. */
const MAX_QUEUED = 1_000
/** Decisions of this instance that wait for their next attempt; one more, and the most attempted is a dead letter. */
const MAX_RETRYING = 1_000
/** Of a webhook; one more, and the oldest is dropped. */
const MAX_DEAD_LETTERS = 10_000
/** A decision that is still sent in order is due again within this time. */
const SOON_MS = 60_000
/** How long attempts under way may take when the service closes. */
const CLOSE_MS = 1_000

export class Webhook {
  readonly settings: WebhookSettings
  readonly offsets = new OpenOffsets()
  readonly totals: WebhookTotals = {
    delivered: 0,
    attempts: 0,
    failedAttempts: 0,
    dropped: { expired: 0, retention: 0, unreadable: 0, 'dead-letters-full': 0, erased: 0 },
  }
  lastDeliveredAtMs: number | null = null
  lastFailure: { readonly atMs: number; readonly why: string } | null = null
  readonly #parts: WebhookParts
  readonly #queue = new DeliveryQueue()
  readonly #pause = new EndpointPause()
  readonly #underWay = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  readonly #endpoint: string
  #waitingForRoom: (() => void)[] = []
  #cancelWake = () => {}
  #closed = false

  constructor(parts: WebhookParts) {
    this.#parts = parts
    this.settings = parts.settings
    this.#endpoint = endpointOf(parts.settings.url)
  }

  /** True if a decision of this rule and channel is for this webhook. */
  wants({ channel, rule }: { readonly channel: string; readonly rule: string }): boolean {
    const { channels, decisions } = this.settings
    return channels.has(channel) && (decisions === null || decisions.has(rule))
  }

  get isDisabled(): boolean {
    return this.#parts.state.disabled(this.settings.name)?.endpoint === this.#endpoint
  }

  /** What is in memory here, and until when everything waits, epoch milliseconds; 0: it does not. */
  get activity() {
    const { size, underWay, retrying } = this.#queue
    const untilMs = this.#pausedUntilMs()
    const pausedUntilMs = untilMs > this.#parts.clock.now() ? untilMs : 0
    return { queued: size - retrying - underWay, underWay, pausedUntilMs }
  }

  /** True if nothing more is to be expected of what it has: delivered, or failed often, or the webhook cannot be asked. */
  get isIdle(): boolean {
    const { ready, underWay, isOutOfOrder } = this.#queue
    const cannotBeAsked = this.isDisabled || this.#pause.isDown || this.activity.pausedUntilMs > 0
    const dueInMs = (this.#queue.nextDueMs() ?? Number.POSITIVE_INFINITY) - this.#parts.clock.now()
    return underWay === 0 && (cannotBeAsked || (ready === 0 && (isOutOfOrder || dueInMs > SOON_MS)))
  }

  /** A delivery of a partition of this instance: new from the topic, or waiting for its next attempt since before. */
  add(delivery: WebhookDelivery): void {
    this.#queue.add(delivery, this.#parts.clock.now())
    this.pump()
  }

  has(decisionId: string): boolean {
    return this.#queue.has(decisionId)
  }

  get hasRoom(): boolean {
    return !this.isDisabled && this.#queue.size - this.#queue.retrying < MAX_QUEUED
  }

  /** Resolves when there is room for another delivery, or `stopWaiting` is called. */
  async room(): Promise<void> {
    if (this.hasRoom) return
    await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve))
  }

  /** Nobody is to wait for room any more. */
  stopWaiting(): void {
    const waiting = this.#waitingForRoom
    this.#waitingForRoom = []
    for (const go of waiting) go()
  }

  /** Another instance has this partition now. */
  leave(partition: number): void {
    this.#queue.dropPartition(partition, this.#parts.clock.now())
    this.offsets.end(partition)
  }

  /** Drops what waits for users who are erased. */
  forget(isErased: (userId: string) => boolean): void {
    for (const delivery of this.#queue.ofUsers(isErased)) this.#finish(delivery, 'erased')
  }

  drop(reason: WebhookDropReason, count = 1): void {
    this.totals.dropped[reason] += count
  }

  /** Sends what may be sent now, and wakes up again for the rest. Call it when the webhook was enabled. */
  pump(): void {
    this.#cancelWake()
    const { clock } = this.#parts
    const nowMs = clock.now()
    if (this.#closed || this.isDisabled) return
    const { concurrency } = this.settings
    const pausedUntilMs = this.#pausedUntilMs()
    const allowed = nowMs < pausedUntilMs ? 0 : this.#pause.allowed(concurrency)
    while (this.#queue.underWay < allowed) {
      const delivery = this.#queue.take(nowMs)
      if (delivery === null) break
      if (delivery.expiresAtMs < nowMs) this.#finish(delivery, 'expired')
      else this.#send(delivery)
    }
    if (this.hasRoom) this.stopWaiting()
    const dueMs = this.#queue.ready > 0 ? nowMs : this.#queue.nextDueMs()
    const wakeMs = dueMs === null ? null : Math.max(dueMs, pausedUntilMs)
    if (wakeMs !== null && wakeMs > nowMs) this.#cancelWake = clock.setTimer(wakeMs - nowMs, () => this.pump())
  }

  /** Attempts under way get a second to end; the rest is sent again by whoever has the partition next. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelWake()
    const cancel = this.#parts.clock.setTimer(CLOSE_MS, () => this.#stop.abort())
    await Promise.all(this.#underWay)
    cancel()
    this.#parts.poster.close()
  }

  #send(delivery: WebhookDelivery): void {
    const { poster, clock } = this.#parts
    const { decision, traceparent } = delivery
    delivery.attempts += 1
    this.totals.attempts += 1
    const message = signedMessage(decision, this.settings.secrets, clock.now())
    const headers = traceparent === null ? message.headers : { ...message.headers, traceparent }
    const sending = poster.post({ headers, body: message.body }, this.#stop.signal).then((outcome) => {
      this.#underWay.delete(sending)
      this.#ended(delivery, outcome)
      this.pump()
    })
    this.#underWay.add(sending)
  }

  #ended(delivery: WebhookDelivery, outcome: Outcome): void {
    const { clock, random } = this.#parts
    const nowMs = clock.now()
    const step = nextStep(outcome, { attempt: delivery.attempts, nowMs, draw: random.next() })
    if (step.kind === 'done') {
      this.totals.delivered += 1
      this.lastDeliveredAtMs = nowMs
    } else {
      this.totals.failedAttempts += 1
      this.lastFailure = { atMs: nowMs, why: step.why }
    }
    if (step.kind === 'retry') {
      this.#pause.failed(delivery.decision.decisionId, nowMs, (failures) => backoffMs(failures, random.next()))
      if (!this.#pause.isDown) delivery.ownFailures += 1
      const asked = outcome.kind === 'answered' && retryAfterMs(outcome.retryAfter, nowMs) !== null
      if (asked && step.atMs > this.#pausedUntilMs()) this.#parts.state.putPause(this.settings.name, step.atMs)
    } else this.#answers(nowMs)
    // Of a partition that another instance has now: that one sends it again.
    if (!this.#queue.has(delivery.decision.decisionId)) return
    this.#follow(delivery, step, nowMs)
  }

  /** It answers: what waits because it did not is due now. */
  #answers(nowMs: number): void {
    const { state } = this.#parts
    const { name } = this.settings
    const wasPaused = state.pausedUntilMs(name) > 0
    if (wasPaused) state.putPause(name, 0)
    if (this.#pause.answered() || wasPaused) this.#queue.hurry(nowMs)
  }

  /** Until when nothing is sent, because it is down or has asked for a pause. */
  #pausedUntilMs(): number {
    return Math.max(this.#pause.untilMs, this.#parts.state.pausedUntilMs(this.settings.name))
  }

  #follow(delivery: WebhookDelivery, step: NextStep, nowMs: number): void {
    const { decisionId } = delivery.decision
    if (step.kind === 'done') this.#finish(delivery, null)
    if (step.kind === 'dead') this.#bury(delivery, step.why, nowMs)
    if (step.kind === 'disable') {
      this.#queue.retry(decisionId, nowMs, nowMs)
      this.#disable(step.why, nowMs)
    }
    if (step.kind === 'retry') this.#retry(delivery, step, nowMs)
  }

  #retry(delivery: WebhookDelivery, { why, atMs }: { why: string; atMs: number }, nowMs: number): void {
    // As an entry of the log it does not hold up the committed offset any more.
    this.#put(delivery, 'retry', why, atMs)
    this.#queue.retry(delivery.decision.decisionId, atMs, nowMs)
    const most = this.#queue.retrying > MAX_RETRYING ? this.#queue.mostAttempted() : null
    if (most !== null) this.#bury(most, 'too many decisions wait for their next attempt', nowMs)
  }

  /** Delivered, or dropped with a reason. */
  #finish(delivery: WebhookDelivery, dropped: WebhookDropReason | null): void {
    const { state, clock } = this.#parts
    const { decisionId } = delivery.decision
    if (dropped !== null) this.drop(dropped)
    if (state.delivery(this.settings.name, decisionId) !== null) state.put(this.settings.name, decisionId, null)
    this.offsets.settle(delivery.partition, delivery.offset)
    this.#queue.settle(decisionId, clock.now())
  }

  #bury(delivery: WebhookDelivery, why: string, nowMs: number): void {
    const { state } = this.#parts
    const { name } = this.settings
    this.#put(delivery, 'dead', why, nowMs)
    this.#queue.settle(delivery.decision.decisionId, nowMs)
    if (state.count(name, 'dead') <= MAX_DEAD_LETTERS) return
    const [oldest] = state.deliveries(name, 'dead')
    if (oldest === undefined) return
    state.put(name, oldest[0], null)
    this.drop('dead-letters-full')
  }

  #put(
    { decision, partition, offset, attempts, ownFailures }: WebhookDelivery,
    state: 'retry' | 'dead',
    why: string,
    dueAtMs: number,
  ) {
    const { decisionId, rule } = decision
    const atMs = this.#parts.clock.now()
    const entry = { state, partition, offset, rule, attempts, ownFailures, atMs, dueAtMs, why }
    this.#parts.state.put(this.settings.name, decisionId, entry)
    this.offsets.settle(partition, offset)
  }

  #disable(why: string, nowMs: number): void {
    const { name } = this.settings
    if (this.isDisabled) return
    this.#parts.state.putDisabled(name, { state: 'disabled', atMs: nowMs, why, endpoint: this.#endpoint })
    this.#parts.log.error(
      { webhook: name },
      `webhook ${name} answered 410 Gone and is disabled: to enable it again, POST /webhooks/${name}/enable`,
    )
  }
}

/** A URL may contain a secret: the log gets a hash. */
function endpointOf(url: URL): string {
  return createHash('sha256').update(url.href).digest('hex').slice(0, 16)
}
