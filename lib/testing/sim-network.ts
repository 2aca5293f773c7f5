/** The simulated network: order holds within a connection only, everything else takes as long as the seed says. */
import { MillraceError } from '../errors.js'
import type { Random } from '../record/random.js'
import { type LoopbackConnection, loopbackTransport } from '../transport/loopback.js'
import type { Lane, Transport } from '../transport/transport.js'
import type { SimBroker } from './sim-broker.js'
import type { SimProcess } from './sim-process.js'
import type { SimWorld } from './sim-world.js'

/** What becomes of one frame beside its usual delay. */
export interface FrameFate {
  readonly extraMs: number
  /** An answer only. `reset`: the connection breaks instead; `silence`: it carries no answer any more. */
  readonly lost: 'reset' | 'silence' | null
}

export const USUAL: FrameFate = { extraMs: 0, lost: null }

/** Decides about frames; it may kill or hold the process on the way. */
export interface FrameFaults {
  request(process: SimProcess, apiKey: number, frame: Buffer): FrameFate
  /** The request has taken effect. */
  answer(process: SimProcess, apiKey: number, answer: Buffer, request: Buffer): FrameFate
}

/** Changes frames on their way: how a mutant of the client's own bytes is made. */
export interface FrameRewrite {
  answer(apiKey: number, apiVersion: number, answer: Buffer): Buffer
}

/** What a process that was just killed still opens. */
const NOBODY: LoopbackConnection = { handle: () => new Promise(() => undefined), close: () => undefined }

const SPACING_MS = 0.001

export class SimNetwork {
  readonly world: SimWorld
  readonly broker: SimBroker
  readonly random: Random
  readonly faults: FrameFaults
  /** Longest usual delay of a frame, one way. */
  readonly latencyMs: number
  readonly #connections = new Set<SimConnection>()

  constructor(world: SimWorld, broker: SimBroker, faults: FrameFaults, latencyMs: number) {
    this.world = world
    this.broker = broker
    this.faults = faults
    this.latencyMs = latencyMs
    this.random = world.random('network')
    broker.onDown = () => {
      for (const connection of [...this.#connections]) connection.break()
    }
  }

  /** Who has not closed a connection, with its lane. */
  openConnections(): string[] {
    return [...this.#connections].filter(({ closed }) => !closed).map(({ process, lane }) => `${process.name}/${lane}`)
  }

  transport(process: SimProcess, rewrite: FrameRewrite | null): Transport {
    return loopbackTransport({
      clock: process.clock,
      clientId: process.name,
      connect: (_address, lane) => {
        if (!process.alive) return NOBODY
        const connection = new SimConnection(this, process, lane, rewrite, () => this.#connections.delete(connection))
        this.#connections.add(connection)
        return connection
      },
    })
  }

  /** The process is gone: its connections end, what it had sent still arrives. */
  dropAll(process: SimProcess): void {
    for (const connection of [...this.#connections]) if (connection.process === process) connection.close()
  }
}

class SimConnection implements LoopbackConnection {
  readonly process: SimProcess
  readonly #network: SimNetwork
  readonly lane: Lane
  readonly #rewrite: FrameRewrite | null
  readonly #onEnd: () => void
  /** @throws when nobody listens */
  readonly #peer: ReturnType<SimBroker['connect']>
  readonly #waiting = new Set<(error: Error) => void>()
  #lastSentMs = 0
  #lastAnswerMs = 0
  #silent = false
  closed = false
  #broken = false

  constructor(network: SimNetwork, process: SimProcess, lane: Lane, rewrite: FrameRewrite | null, onEnd: () => void) {
    this.#network = network
    this.process = process
    this.lane = lane
    this.#rewrite = rewrite
    this.#onEnd = onEnd
    this.#peer = network.broker.connect()
  }

  handle(frame: Buffer): Promise<Buffer | null> {
    const { world, faults } = this.#network
    const apiKey = frame.readInt16BE(0)
    const apiVersion = frame.readInt16BE(2)
    return new Promise((resolve, reject) => {
      if (!this.process.alive || this.closed) return
      if (this.#broken) {
        reject(reset())
        return
      }
      this.#waiting.add(reject)
      const { extraMs } = faults.request(this.process, apiKey, frame)
      this.#lastSentMs = this.#arrival(this.#lastSentMs, extraMs)
      const bytes = Buffer.from(frame)
      world.schedule(this.#lastSentMs - world.nowMs, () => {
        if (this.#broken) return
        world.note(`${this.process.name}/${this.lane} asks ${apiKey} (${bytes.length} bytes)`)
        this.#peer.handle(bytes).then(
          (answer) => this.#answered(apiKey, apiVersion, answer, bytes, resolve, reject),
          () => this.break(),
        )
      })
    })
  }

  /** From the client's side, or because its process died: what is on its way to the broker still arrives. */
  close(): void {
    if (this.closed) return
    this.closed = true
    const { world } = this.#network
    world.schedule(Math.max(0, this.#lastSentMs - world.nowMs) + SPACING_MS, () => this.#end())
  }

  /** From the broker's side: whoever waits learns of it. */
  break(): void {
    if (this.#broken) return
    this.#broken = true
    this.#end()
    for (const reject of this.#waiting) this.process.run(() => reject(reset()))
    this.#waiting.clear()
  }

  #end(): void {
    this.#onEnd()
    this.#peer.close()
  }

  #answered(
    apiKey: number,
    apiVersion: number,
    answer: Buffer | null,
    request: Buffer,
    resolve: (answer: Buffer | null) => void,
    reject: (error: Error) => void,
  ): void {
    if (this.#broken) return
    const { world, faults } = this.#network
    const { extraMs, lost } =
      answer === null || !this.process.alive ? USUAL : faults.answer(this.process, apiKey, answer, request)
    if (lost === 'silence') this.#silent = true
    if (lost === 'reset') {
      world.schedule(this.#network.latencyMs, () => this.break())
      return
    }
    this.#lastAnswerMs = this.#arrival(this.#lastAnswerMs, extraMs)
    world.schedule(this.#lastAnswerMs - world.nowMs, () => {
      if (this.#silent || this.#broken) return
      this.process.run(() => {
        if (this.closed || !this.#waiting.delete(reject)) return
        world.note(`${this.process.name}/${this.lane} hears ${apiKey} (${answer?.length ?? 0} bytes)`)
        resolve(answer === null ? null : (this.#rewrite?.answer(apiKey, apiVersion, answer) ?? answer))
      })
    })
  }

  #arrival(lastMs: number, extraMs: number): number {
    const { world, random, latencyMs } = this.#network
    const usualMs = latencyMs * (0.1 + 0.9 * random.next() ** 3)
    return Math.max(lastMs + SPACING_MS, world.nowMs + usualMs + extraMs)
  }
}

function reset(): Error {
  return new MillraceError('TRANSPORT_CLOSED', 'The simulated connection was reset.', { retriable: true })
}
