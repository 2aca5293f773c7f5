/**
 * The state of the webhooks that outlives a restart: what was tried and failed, dead letters, disabled webhooks. It is a
 * compacted topic that all instances follow. What an instance changes is written in one transaction with the offsets of
 * the webhooks' consumer groups, so a decision is always either behind the committed offset, or in the log.
 * The log names decisions by their place on the topic: it contains nothing about users.
 */
import { Admin, delay, json, readTopic } from '../../../index.js'
import { LogCommits, type LogCommitsParts } from './log-commits.js'

/** A decision that was not delivered: it waits for its next attempt, or is a dead letter. */
export interface LoggedDelivery {
  readonly state: 'retry' | 'dead'
  readonly partition: number
  readonly offset: number
  readonly rule: string
  /** Attempts made. */
  readonly attempts: number
  /** Those of them that failed while the webhook was not down. */
  readonly ownFailures: number
  /** When the last attempt ended, epoch milliseconds. */
  readonly atMs: number
  /** Of the next attempt, epoch milliseconds. */
  readonly dueAtMs: number
  /** How the last attempt ended. */
  readonly why: string
}

/** A webhook that is disabled. */
export interface Disabled {
  readonly state: 'disabled'
  readonly atMs: number
  readonly why: string
  /** Hash of its URL: a webhook with another URL is not disabled. */
  readonly endpoint: string
}

/** A webhook that has asked for a pause. */
interface Paused {
  readonly state: 'paused'
  /** Epoch milliseconds. */
  readonly untilMs: number
}

type Logged = LoggedDelivery | Disabled | Paused
/** What the topic has: also who wrote it, and whether an operator asked for it. */
type StoredEntry = Logged & { readonly by: string; readonly isCommand: boolean }

/** Told of changes by other instances, and of commands of operators, also those that this instance passed on. */
export type LogListener = (webhook: string, decisionId: string, entry: Logged | null) => void

export interface DeliveryLogParts extends LogCommitsParts {
  /** Of this instance. */
  readonly instanceId: string
}

/** In place of a decision id. */
const DISABLED = 'disabled'
const PAUSED = 'paused'
const RETRY_MS = 1_000
const storedEntry = json<StoredEntry>()

export class DeliveryLog {
  readonly commits: LogCommits
  readonly #parts: DeliveryLogParts
  /** Webhook → decision id → the latest entry. */
  readonly #entries = new Map<string, Map<string, Logged>>()
  /** `webhook/state` → how many. */
  readonly #counts = new Map<string, number>()
  readonly #listeners: LogListener[] = []
  readonly #stop = new AbortController()
  #next = 0
  #following: Promise<void> = Promise.resolve()

  constructor(parts: DeliveryLogParts) {
    this.#parts = parts
    this.commits = new LogCommits(parts)
  }

  /** Makes the topic if it is missing, and reads it. @throws MillraceError CLIENT_* */
  async start(): Promise<void> {
    const { cluster, topic: name } = this.#parts
    const config = { 'cleanup.policy': 'compact' }
    await new Admin(cluster).createTopics([{ name, partitions: 1, config }], { ifNotExists: true })
    await this.commits.init()
    await this.caughtUp()
    this.#following = this.#follow()
    this.commits.start()
  }

  /** Commits what has changed. */
  async close(): Promise<void> {
    await this.commits.close()
    this.#stop.abort()
    await this.#following
  }

  onChange(listener: LogListener): void {
    this.#listeners.push(listener)
  }

  delivery(webhook: string, decisionId: string): LoggedDelivery | null {
    const entry = this.#entries.get(webhook)?.get(decisionId)
    return entry?.state === 'retry' || entry?.state === 'dead' ? entry : null
  }

  /** By decision id, in the order they came into this state. */
  *deliveries(webhook: string, state: LoggedDelivery['state']): Generator<[decisionId: string, LoggedDelivery]> {
    for (const [id, entry] of this.#entries.get(webhook) ?? []) {
      if ((entry.state === 'retry' || entry.state === 'dead') && entry.state === state) yield [id, entry]
    }
  }

  count(webhook: string, state: LoggedDelivery['state']): number {
    return this.#counts.get(`${webhook}/${state}`) ?? 0
  }

  disabled(webhook: string): Disabled | null {
    const entry = this.#entries.get(webhook)?.get(DISABLED)
    return entry?.state === 'disabled' ? entry : null
  }

  /** Until when the webhook has asked not to be asked, epoch milliseconds; 0: it has not. */
  pausedUntilMs(webhook: string): number {
    const entry = this.#entries.get(webhook)?.get(PAUSED)
    return entry?.state === 'paused' ? entry.untilMs : 0
  }

  /** Null: it is done with. Written with the next commit. */
  put(webhook: string, decisionId: string, entry: LoggedDelivery | null): void {
    this.#put(webhook, decisionId, entry, false)
  }

  /** The same on behalf of an operator: the instance whose partition it is takes it up. */
  command(webhook: string, decisionId: string, entry: LoggedDelivery): void {
    this.#put(webhook, decisionId, entry, true)
  }

  /** Null: it is enabled. Written with the next commit. */
  putDisabled(webhook: string, entry: Disabled | null): void {
    this.#put(webhook, DISABLED, entry, true)
  }

  /** 0: it is not paused any more. Written with the next commit. */
  putPause(webhook: string, untilMs: number): void {
    this.#put(webhook, PAUSED, untilMs === 0 ? null : { state: 'paused', untilMs }, false)
  }

  /** Resolves when everything that was stored before the call is known here. */
  async caughtUp(): Promise<void> {
    const { cluster, topic } = this.#parts
    const from = new Map([[0, this.#next]])
    for await (const { records } of readTopic({ cluster, topic, ...(this.#next > 0 ? { from } : {}) })) {
      for (const { offset, key, value } of records) this.#arrived(offset, key, value)
    }
  }

  #put(webhook: string, decisionId: string, entry: Logged | null, isCommand: boolean): void {
    const { instanceId: by, topic } = this.#parts
    this.#apply(webhook, decisionId, entry)
    const stored = entry === null ? null : storedEntry.serialize({ ...entry, by, isCommand }, topic)
    this.commits.put(`${webhook}/${decisionId}`, stored)
  }

  /** What changes its state comes to the end of the map. */
  #apply(webhook: string, decisionId: string, entry: Logged | null): void {
    const entries = this.#entries.get(webhook) ?? new Map<string, Logged>()
    this.#entries.set(webhook, entries)
    const before = entries.get(decisionId)?.state
    if (entry?.state !== before) entries.delete(decisionId)
    if (entry !== null) entries.set(decisionId, entry)
    if (before !== undefined) this.#add(`${webhook}/${before}`, -1)
    if (entry !== null) this.#add(`${webhook}/${entry.state}`, 1)
  }

  #add(counted: string, change: number): void {
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + change)
  }

  async #follow(): Promise<void> {
    const { cluster, topic, clock, log } = this.#parts
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        const from = new Map([[0, this.#next]])
        for await (const { records } of readTopic({ cluster, topic, from, until: 'never', signal })) {
          for (const { offset, key, value } of records) this.#arrived(offset, key, value)
        }
      } catch (error) {
        if (signal.aborted) return
        log.warn({ error }, 'the log of the webhooks is read again after a pause')
        await delay(clock, RETRY_MS)
      }
    }
  }

  #arrived(offset: number, key: Buffer | null, value: Buffer | null): void {
    if (offset < this.#next || key === null) return
    this.#next = offset + 1
    const { topic, instanceId } = this.#parts
    const [webhook = '', decisionId = ''] = key.toString().split('/')
    // What this instance has changed since comes later.
    if (this.commits.has(key.toString())) return
    const stored = value === null ? null : storedEntry.deserialize(value, topic)
    this.#apply(webhook, decisionId, stored)
    if (stored !== null && stored.by === instanceId && !stored.isCommand) return
    for (const listener of this.#listeners) listener(webhook, decisionId, stored)
  }
}
