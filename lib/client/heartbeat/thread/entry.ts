/**
 * The thread that sends heartbeats while user code is running: one for the process, with a channel for each group
 * member.
 */
import { writeSync } from 'node:fs'
import { type MessagePort, parentPort } from 'node:worker_threads'
import { MillraceError } from '../../../errors.js'
import { type Cancel, systemClock } from '../../../record/clock.js'
import { systemRandom } from '../../../record/random.js'
import { rebuiltTransport } from '../../../transport/rebuilt.js'
import { Cluster } from '../../cluster.js'
import { HeartbeatLoop } from '../heartbeat-loop.js'
import { ProgressView, type RecordPlace } from '../progress.js'
import type { FromHeartbeats, OpenChannel, ToHeartbeats } from './messages.js'

/** The other thread answers within this time unless user code holds it up. */
const PATIENCE_MS = 500
const STDERR = 2

/** A provider's last answer, and who waits for the next. */
interface Provider {
  last: unknown
  waiting: ((value: unknown) => void)[]
}

class Channel {
  readonly #tell: (message: FromHeartbeats) => void
  readonly #channel: number
  readonly #open: OpenChannel
  readonly #providers = new Map<string, Provider>()
  readonly #ready: Promise<{ readonly cluster: Cluster; readonly loop: HeartbeatLoop } | null>
  #epoch = 0
  #cancelSpeaking: Cancel = () => undefined

  constructor(channel: number, open: OpenChannel, tell: (message: FromHeartbeats) => void) {
    this.#channel = channel
    this.#open = open
    this.#tell = tell
    for (const [name, last] of Object.entries(open.providers)) this.#providers.set(name, { last, waiting: [] })
    this.#ready = this.#make().catch((error: unknown) => {
      tell({ channel, kind: 'failed', message: String(error) })
      return null
    })
  }

  async hear(message: ToHeartbeats): Promise<void> {
    if (message.kind === 'provided') {
      this.#provided(message.provider, message.value)
      return
    }
    if (message.kind === 'heard') {
      this.#cancelSpeaking()
      return
    }
    if (message.kind === 'name') {
      this.#named(message.of, message.index, message.name)
      return
    }
    const made = await this.#ready
    if (made === null) return
    if ('epoch' in message) this.#epoch = message.epoch
    if (message.kind === 'start') made.loop.start(message.identity)
    else if (message.kind === 'joining') made.loop.joining()
    else made.loop.stop()
    if (message.kind === 'close') await made.cluster.close()
  }

  async #make(): Promise<{ cluster: Cluster; loop: HeartbeatLoop }> {
    const { settings, cluster: clusterSettings, transport: portable, providers, progress } = this.#open
    const transport = await rebuiltTransport(portable, Object.keys(providers), clusterSettings.bootstrap, (provider) =>
      this.#ask(provider),
    )
    const cluster = new Cluster({ ...clusterSettings, transport, clock: systemClock, random: systemRandom })
    const loop = new HeartbeatLoop({
      ...settings,
      cluster,
      clock: systemClock,
      progress: progress === null ? null : new ProgressView(progress.memory, progress.names),
      goesOnWhileJoining: true,
      events: {
        onRefused: (kafkaCode) =>
          this.#tell({ channel: this.#channel, kind: 'refused', epoch: this.#epoch, kafkaCode }),
        onLost: (error) => this.#lost(error),
      },
    })
    return { cluster, loop }
  }

  /** User code may be what holds the other thread up: then this one says so. */
  #lost({ code, message, kind, kafkaCode, taskId, node, topic, partition, offset }: MillraceError): void {
    const where = { kind, kafkaCode, taskId, node, topic, partition, offset }
    const details = Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined))
    this.#tell({ channel: this.#channel, kind: 'lost', epoch: this.#epoch, code, message, details })
    if (code !== 'GROUP_POLL_INTERVAL') return
    this.#cancelSpeaking = systemClock.setTimer(PATIENCE_MS, () => {
      writeSync(STDERR, `millrace: ${code}: ${message}\n`)
    })
  }

  /** What the provider says now; its last answer where the other thread does not get to it. */
  #ask(name: string): Promise<unknown> {
    const provider = this.#providers.get(name)!
    return new Promise((resolve, reject) => {
      const cancel = systemClock.setTimer(PATIENCE_MS, () => settle(undefined))
      const settle = (value: unknown) => {
        cancel()
        provider.waiting = provider.waiting.filter((other) => other !== settle)
        if (value !== undefined) provider.last = value
        if (provider.last !== undefined) resolve(provider.last)
        else reject(new MillraceError('TRANSPORT_AUTHENTICATION', `no credentials: the provider of ${name} failed`))
      }
      provider.waiting.push(settle)
      this.#tell({ channel: this.#channel, kind: 'ask', provider: name })
    })
  }

  #provided(name: string, value: unknown): void {
    const provider = this.#providers.get(name)!
    if (value !== undefined) provider.last = value
    for (const settle of provider.waiting) settle(value)
  }

  #named(of: 'place' | 'node', index: number, name: RecordPlace | string): void {
    const { names } = this.#open.progress!
    if (of === 'place') (names.places as (RecordPlace | null)[])[index] = name as RecordPlace
    else (names.nodes as (string | null)[])[index] = name as string
  }
}

function serve(port: MessagePort): void {
  const channels = new Map<number, Channel>()
  const tell = (message: FromHeartbeats) => port.postMessage(message)
  port.on('message', (message: ToHeartbeats) => {
    const { channel } = message
    if (message.kind === 'open') channels.set(channel, new Channel(channel, message.open, tell))
    else void channels.get(channel)?.hear(message)
    if (message.kind === 'close') channels.delete(channel)
  })
}

if (parentPort !== null) serve(parentPort)
