/**
 * Heartbeats of a member from the heartbeat thread, if its connections can be made there. Otherwise, and if that thread
 * ends, they are sent from the main thread.
 */
import { MillraceError } from '../../../errors.js'
import { type Clock, systemClock } from '../../../record/clock.js'
import type { Log } from '../../../telemetry/log.js'
import type { Cluster } from '../../cluster.js'
import type { PortableCluster } from '../../cluster-options.js'
import type { GroupIdentity } from '../../commit.js'
import { HeartbeatLoop } from '../heartbeat-loop.js'
import type { HeartbeatEvents, HeartbeatSettings, Heartbeats, MakeHeartbeats } from '../heartbeats.js'
import { type Progress, ProgressView } from '../progress.js'
import { type ChannelListener, HeartbeatThread } from './thread.js'

export interface HeartbeatsBesideOptions {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
  readonly progress: Progress
}

/**
 * On the process's thread for heartbeats if connections like those of `cluster` can be made there: not for a transport of
 * the caller's own, an embedded broker in this process, or a clock that is not the machine's.
 */
export async function heartbeatsBeside(options: HeartbeatsBesideOptions): Promise<MakeHeartbeats> {
  const { cluster, clock, progress } = options
  const portable = clock === systemClock ? await cluster.portable() : null
  const view = new ProgressView(progress.memory, progress.names)
  const onThisThread: MakeHeartbeats = (settings, events) =>
    new HeartbeatLoop({ ...settings, cluster, clock, events, progress: view, goesOnWhileJoining: false })
  if (portable === null) return onThisThread
  const answers = await firstAnswers(portable)
  return (settings, events) => new ThreadHeartbeats({ ...options, settings, events, portable, answers, onThisThread })
}

/** A connection may be needed while this thread is busy. */
async function firstAnswers({ transport }: PortableCluster): Promise<Record<string, unknown>> {
  const asked = Object.entries(transport.providers).map(async ([name, provide]) => [name, await answerOf(provide)])
  return Object.fromEntries(await Promise.all(asked))
}

async function answerOf(provide: () => unknown): Promise<unknown> {
  try {
    return structuredClone(await provide())
  } catch {
    // Asked again when a connection is opened.
    return undefined
  }
}

interface ThreadHeartbeatsOptions extends HeartbeatsBesideOptions {
  readonly settings: HeartbeatSettings
  readonly events: HeartbeatEvents
  readonly portable: PortableCluster
  readonly answers: Record<string, unknown>
  readonly onThisThread: MakeHeartbeats
}

class ThreadHeartbeats implements Heartbeats {
  readonly #options: ThreadHeartbeatsOptions
  readonly #thread = HeartbeatThread.use()
  readonly #channel: number
  #identity: GroupIdentity | null = null
  #epoch = 0
  #closed = false
  /** In use once the thread has ended. */
  #instead: Heartbeats | null = null

  constructor(options: ThreadHeartbeatsOptions) {
    this.#options = options
    const { portable, answers, progress, settings } = options
    const thread = this.#thread
    const { groupId, groupInstanceId, sessionTimeoutMs, heartbeatIntervalMs, maxPollIntervalMs } = settings
    const { transport, ...cluster } = portable
    const { providers: _, ...data } = transport
    const channel = thread.openChannel(this.#listener())
    this.#channel = channel
    thread.send({
      channel,
      kind: 'open',
      open: {
        settings: { groupId, groupInstanceId, sessionTimeoutMs, heartbeatIntervalMs, maxPollIntervalMs },
        cluster,
        transport: data,
        providers: answers,
        progress: { memory: progress.memory, names: progress.names },
      },
    })
    progress.onName = (of, index, name) => thread.send({ channel, kind: 'name', of, index, name })
  }

  start(identity: GroupIdentity): void {
    this.#identity = identity
    if (this.#instead !== null) this.#instead.start(identity)
    else this.#send({ kind: 'start', identity })
  }

  joining(): void {
    this.#identity = null
    if (this.#instead !== null) this.#instead.joining()
    else this.#send({ kind: 'joining' })
  }

  stop(): void {
    this.#identity = null
    if (this.#instead !== null) this.#instead.stop()
    else this.#send({ kind: 'stop' })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#identity = null
    this.#options.progress.onName = () => undefined
    if (this.#instead !== null) await this.#instead.close()
    else this.#thread.send({ channel: this.#channel, kind: 'close' })
    await this.#thread.release(this.#channel)
  }

  #send(message: { kind: 'start'; identity: GroupIdentity } | { kind: 'joining' } | { kind: 'stop' }): void {
    this.#thread.send({ channel: this.#channel, epoch: ++this.#epoch, ...message })
  }

  #listener(): ChannelListener {
    return {
      onMessage: (message) => {
        if (message.kind === 'ask') void this.#answer(message.provider)
        else if (message.kind === 'failed') this.#goOnHere(message.message)
        else if (message.kind === 'refused') {
          if (message.epoch === this.#epoch) this.#options.events.onRefused(message.kafkaCode)
        } else this.#lost(message.epoch, new MillraceError(message.code, message.message, message.details))
      },
      onEnded: (cause) => this.#goOnHere(cause),
    }
  }

  #lost(epoch: number, error: MillraceError): void {
    const exceeded = error.code === 'GROUP_POLL_INTERVAL'
    if (exceeded) this.#thread.send({ channel: this.#channel, kind: 'heard' })
    if (!this.#closed && (exceeded || epoch === this.#epoch)) this.#options.events.onLost(error)
  }

  async #answer(provider: string): Promise<void> {
    const value = await answerOf(this.#options.portable.transport.providers[provider]!)
    if (!this.#closed) this.#thread.send({ channel: this.#channel, kind: 'provided', provider, value })
  }

  #goOnHere(cause: string): void {
    if (this.#closed || this.#instead !== null) return
    const { log, progress, settings, events, onThisThread } = this.#options
    log.warn({ cause }, 'the heartbeat thread has ended: heartbeats are sent between records')
    progress.onName = () => undefined
    this.#instead = onThisThread(settings, events)
    if (this.#identity !== null) this.#instead.start(this.#identity)
  }
}
