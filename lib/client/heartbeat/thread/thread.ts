/** The process's heartbeat thread: started for the first member, ended after the last. */
import { Worker } from 'node:worker_threads'
import type { FromHeartbeats, ToHeartbeats } from './messages.js'

/** What a member hears from its channel. */
export interface ChannelListener {
  onMessage(message: FromHeartbeats): void
  /** The thread has ended or could not start, and with it the channel. */
  onEnded(cause: string): void
}

/** Enough for a client and its connections, so that the heap of an idle thread stays small. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2 }

function newWorker(): Worker {
  const options = { resourceLimits: LIMITS, name: 'millrace heartbeats' }
  const entry = new URL('./entry.js', import.meta.url)
  if (!import.meta.url.endsWith('.ts')) return new Worker(entry, options)
  // Run from sources: not every version of Node hands the loader that compiles them on to a worker.
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const script = `import(${loader}).then(({ register }) => (register(), import(${JSON.stringify(entry.href)})))`
  return new Worker(script, { ...options, eval: true })
}

export class HeartbeatThread {
  static #running: HeartbeatThread | null = null
  readonly #worker: Worker
  readonly #channels = new Map<number, ChannelListener>()
  #users = 0
  #lastChannel = 0

  /** The running one, or one that starts now. Each call counts as a user until `release`. */
  static use(): HeartbeatThread {
    HeartbeatThread.#running ??= new HeartbeatThread()
    HeartbeatThread.#running.#users++
    return HeartbeatThread.#running
  }

  private constructor() {
    this.#worker = newWorker()
    this.#worker.on('message', (message: FromHeartbeats) => this.#channels.get(message.channel)?.onMessage(message))
    this.#worker.once('error', (error) => this.#ended(String(error)))
    this.#worker.once('exit', (code) => this.#ended(`it ended with code ${code}`))
    // The connections of the loop's own thread keep the process alive, or nothing does.
    this.#worker.unref()
  }

  openChannel(listener: ChannelListener): number {
    this.#channels.set(++this.#lastChannel, listener)
    return this.#lastChannel
  }

  send(message: ToHeartbeats): void {
    this.#worker.postMessage(message)
  }

  /** A user has no further use for it and its channel. Resolves when the thread has ended, if this was the last. */
  async release(channel: number): Promise<void> {
    this.#channels.delete(channel)
    if (--this.#users > 0) return
    if (HeartbeatThread.#running === this) HeartbeatThread.#running = null
    await this.#worker.terminate()
  }

  #ended(cause: string): void {
    if (HeartbeatThread.#running === this) HeartbeatThread.#running = null
    const listeners = [...this.#channels.values()]
    this.#channels.clear()
    for (const listener of listeners) listener.onEnded(cause)
  }
}
