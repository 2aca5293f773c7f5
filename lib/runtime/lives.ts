/** The lives of an instance: it is opened and runs, and after an error that its handler wants it replaced for it is opened again. */
import type { Cluster } from '../client/cluster.js'
import { type ConnectionOptions, connect } from '../client/connect.js'
import type { StreamsConfig } from '../config.js'
import { isMillraceError, MillraceError } from '../errors.js'
import type { Cancel } from '../record/clock.js'
import type { Lifecycle } from './lifecycle.js'
import { logSummaries } from './log-summary.js'
import type { OpenInstance } from './open-instance.js'
import { tellOutages } from './outages.js'
import { RestartPauses } from './restart-pauses.js'
import { answerTo, deferred, TELL_LIMIT_MS, within } from './uncaught.js'

export interface LivesOptions {
  readonly config: StreamsConfig
  readonly connection: ConnectionOptions
  readonly lifecycle: Lifecycle
  /** Opens the instance; `abandoned` aborts when nothing waits for it any more. */
  readonly open: (cluster: Cluster, abandoned: AbortSignal) => Promise<OpenInstance>
  /** Since the start. */
  readonly droppedRecords: () => number
}

export class Lives {
  readonly #options: LivesOptions
  #cluster: Cluster | null = null
  #open: OpenInstance | null = null
  #closing = false
  #leaveGroup = false
  /** A `close` does not wait any longer for brokers, or for what is still being opened: whatever is in progress ends. */
  readonly #abandonment = new AbortController()
  readonly #closeAsked = deferred()
  /** Monotonic time since which opening fails with errors that may pass; null once it has succeeded. */
  #unreachableSinceMs: number | null = null

  constructor(options: LivesOptions) {
    this.#options = options
  }

  /** What runs now, or ran last; null before it is open, and while it is being replaced. */
  get open(): OpenInstance | null {
    return this.#open
  }

  /** A close was asked for. */
  get closing(): boolean {
    return this.#closing
  }

  /** How long no broker has answered; 0 while they do. */
  get unansweredMs(): number {
    return this.#cluster?.reachability.unansweredMs ?? 0
  }

  /** What runs finishes and commits; nothing is opened again. `leaveGroup`: it gives its tasks away at once. */
  close(leaveGroup: boolean): void {
    this.#leaveGroup = leaveGroup
    this.#closing = true
    this.#closeAsked.resolve()
    this.#stopIfOpen()
  }

  /** Until it is closed. @throws what ended it for good */
  async run(): Promise<void> {
    try {
      this.#options.lifecycle.transitionTo('starting')
      const { clock } = this.#options.config
      const pauses = new RestartPauses()
      for (let life = 1; ; life++) {
        const startedMs = clock.monotonicMs()
        if ((await this.#live(life)) === 'closed') break
        if (!this.#closing) this.#options.lifecycle.transitionTo('starting')
        await within(clock, pauses.after(clock.monotonicMs() - startedMs), this.#closeAsked.promise)
        if (this.#closing) break
      }
      if (this.#options.lifecycle.state !== 'closing') this.#options.lifecycle.transitionTo('closing')
      this.#options.lifecycle.transitionTo('closed')
      this.#options.config.log.info({ applicationId: this.#options.config.applicationId }, 'the instance is closed')
    } catch (error) {
      this.#options.lifecycle.transitionTo('failed')
      throw error
    }
  }

  /** From opening to the end. @throws what ended it, unless the uncaught handler wants it replaced */
  async #live(life: number): Promise<'closed' | 'replace'> {
    const { requestTimeoutMs, metadataMaxAgeMs, clock, random } = this.#options.config
    const cluster = connect({ ...this.#options.connection, requestTimeoutMs, metadataMaxAgeMs, clock, random })
    this.#cluster = cluster
    tellOutages(cluster, this.#options.config.log)
    let open: OpenInstance | null = null
    try {
      open = await this.#options.open(cluster, this.#abandonment.signal)
      this.#open = open
      this.#abandonment.signal.throwIfAborted()
      this.#unreachableSinceMs = null
      const { applicationId, log } = this.#options.config
      log.info(
        { applicationId, processId: open.processId, tasks: open.plan.taskIds.length },
        'the instance has started',
      )
      // A close that came while everything was still opening.
      if (this.#closing) this.#stopIfOpen()
      await open.instance.run().finally(this.#logSummaries(open))
    } catch (error) {
      return this.#ended(error, open, cluster, life)
    }
    await open.close(this.#leaveGroup).finally(() => cluster.close())
    return 'closed'
  }

  /** What follows an error that ended a life. */
  async #ended(
    error: unknown,
    open: OpenInstance | null,
    cluster: Cluster,
    life: number,
  ): Promise<'closed' | 'replace'> {
    // What keeps the first from opening is an error of `start`.
    const asked = (open !== null || life > 1) && !this.#closing
    const waits = open === null && this.#mayPass(error)
    const answer = waits ? 'replace' : asked ? answerTo(error, this.#options.config) : 'shutdownInstance'
    const all = answer === 'shutdownApplication'
    if (all) await this.#stopApplication(open)
    // Nobody comes back to an application that stops: an assignment that says so must not wait for static members.
    await open?.close(all || isMillraceError(error, 'STREAMS_APPLICATION_SHUTDOWN')).catch(() => undefined)
    await cluster.close()
    if (this.#abandonment.signal.aborted) {
      await open?.instance.abandoned()
      return 'closed'
    }
    if (open !== null)
      await within(this.#options.config.clock, this.#options.config.requestTimeoutMs, open.instance.abandoned())
    if (answer !== 'replace') throw error
    this.#open = null
    return 'replace'
  }

  /** Whether what keeps the instance from opening may pass: brokers come up, a coordinator is elsewhere or does not answer. */
  #mayPass(error: unknown): boolean {
    if (this.#closing || !isMillraceError(error)) return false
    const what = error.code === 'CLIENT_UNREACHABLE' ? 'no broker answers' : 'the instance could not be opened'
    if (error.code !== 'CLIENT_UNREACHABLE' && !error.retriable) return false
    const { clock, log, startTimeoutMs } = this.#options.config
    this.#unreachableSinceMs ??= clock.monotonicMs()
    const leftMs = this.#unreachableSinceMs + startTimeoutMs - clock.monotonicMs()
    if (leftMs <= 0) return false
    log.warn({ code: error.code, cause: error.message, leftMs: Math.round(leftMs) }, `${what}, trying again`)
    return true
  }

  #logSummaries({ instance, tasks }: OpenInstance): Cancel {
    return logSummaries(this.#options.config, () => {
      return { tasks: tasks.size, ...instance.done, droppedRecords: this.#options.droppedRecords() }
    })
  }

  /** The group may not agree in time, or be out of reach: then this instance stops alone. */
  async #stopApplication(open: OpenInstance | null): Promise<void> {
    const { clock, rebalanceTimeoutMs, log } = this.#options.config
    const told = open === null ? Promise.reject(new Error('not a member')) : open.stopApplication()
    const outcome = await within(clock, Math.min(2 * rebalanceTimeoutMs, TELL_LIMIT_MS), told).catch(String)
    if (outcome !== 'done') log.error({ cause: outcome }, 'the other instances could not be told to stop')
  }

  #stopIfOpen(): void {
    if (
      this.#open === null ||
      (this.#options.lifecycle.state !== 'rebalancing' &&
        this.#options.lifecycle.state !== 'running' &&
        this.#options.lifecycle.state !== 'starting')
    )
      return
    this.#options.lifecycle.transitionTo('closing')
    this.#open.instance.stop(this.#leaveGroup)
  }

  /** Ends everything that waits for brokers. */
  abandon(): void {
    const closed = new MillraceError('CLIENT_CLOSED', 'the instance was closed')
    this.#abandonment.abort(closed)
    this.#open?.instance.fail(closed)
    this.#cluster?.close().catch(() => undefined)
  }
}
