/** The simulated network: order is kept only within a connection, and the seed determines all delays. */
import { MillraceError } from '../../errors.js'
import {
  apiByKey,
  decodeRequest,
  decodeRequestHeader,
  encodeRequest,
  fetchApi,
  type RequestInput,
} from '../../protocol/index.js'
import type { Random } from '../../record/random.js'
import { type LoopbackConnection, loopbackTransport } from '../../transport/loopback.js'
import type { Lane, Transport } from '../../transport/transport.js'
import type { SimBroker } from './broker.js'
import { drawn } from './disk.js'
import type { SlowPlan } from './plan.js'
import type { SimProcess } from './process.js'
import type { SimWorld } from './world.js'

/** What becomes of one frame beside its usual delay. */
export interface FrameFate {
  readonly extraMs: number
  /** An answer only. `reset`: the connection breaks instead; `silence`: it carries no answer any more. */
  readonly lost: 'reset' | 'silence' | null
  /** A request only: this is its answer, and the broker never hears of it. */
  readonly refusal?: Buffer
  /** These bytes arrive instead. */
  readonly instead?: Buffer
}

export const USUAL: FrameFate = { extraMs: 0, lost: null }

/** A frame on its way, as those see it who decide about it or only look. */
export interface FrameOnWay {
  readonly process: SimProcess
  readonly lane: Lane
  readonly apiKey: number
  readonly apiVersion: number
  /** Header and body. */
  readonly request: Buffer
}

/** Decides about frames; it may kill or hold the process on the way. */
export interface FrameFaults {
  request(frame: FrameOnWay): FrameFate
  /** The request has taken effect. */
  answer(frame: FrameOnWay, answer: Buffer): FrameFate
}

/** Sees frames and changes nothing. */
export interface FrameEye {
  sent?(frame: FrameOnWay): void
  /** It is with the broker. */
  arrived?(frame: FrameOnWay): void
  /** The broker has answered; the answer may yet be lost. */
  answered?(frame: FrameOnWay, answer: Buffer): void
  /** The answer has reached the process. */
  heard?(frame: FrameOnWay, answer: Buffer): void
  /** Nobody listened. */
  refused?(process: SimProcess): void
}

/** What a process that was just killed still opens. */
const NOBODY: LoopbackConnection = { handle: () => new Promise(() => undefined), close: () => undefined }

const SPACING_MS = 0.001

export class SimNetwork {
  readonly world: SimWorld
  readonly broker: SimBroker
  readonly random: Random
  readonly faults: FrameFaults
  readonly eyes: FrameEye[] = []
  /** Longest usual delay of a frame, one way. */
  readonly latencyMs: number
  readonly #connections = new Set<SimConnection>()
  /** Processes of the application alone are slowed down. */
  readonly #slow: SlowPlan

  constructor(world: SimWorld, broker: SimBroker, faults: FrameFaults, latencyMs: number, slow: SlowPlan = {}) {
    this.world = world
    this.broker = broker
    this.faults = faults
    this.latencyMs = latencyMs
    this.#slow = slow
    this.random = world.random('network')
    broker.onDown = () => {
      for (const connection of [...this.#connections]) connection.break()
    }
  }

  /** Who has not closed a connection, with its lane. */
  openConnections(of: SimProcess | null = null): string[] {
    return [...this.#connections]
      .filter(({ closed, process }) => !closed && (of === null || process === of))
      .map(({ process, lane }) => `${process.name}/${lane}`)
  }

  transport(process: SimProcess, slowed = true): Transport {
    const slow = slowed ? this.#slow : {}
    return loopbackTransport({
      clock: process.clock,
      clientId: process.name,
      connect: (_address, lane) => {
        if (!process.alive) return NOBODY
        const onEnd = () => this.#connections.delete(connection)
        let connection: SimConnection
        try {
          connection = new SimConnection(this, process, lane, slow, onEnd)
        } catch (error) {
          for (const eye of this.eyes) eye.refused?.(process)
          throw error
        }
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
  readonly #slow: SlowPlan
  readonly #onEnd: () => void
  /** @throws when nobody listens */
  readonly #peer: ReturnType<SimBroker['connect']>
  readonly #waiting = new Set<(error: Error) => void>()
  #lastSentMs = 0
  #lastAnswerMs = 0
  #silent = false
  closed = false
  #broken = false

  constructor(network: SimNetwork, process: SimProcess, lane: Lane, slow: SlowPlan, onEnd: () => void) {
    this.#network = network
    this.process = process
    this.lane = lane
    this.#slow = slow
    this.#onEnd = onEnd
    this.#peer = network.broker.connect()
  }

  handle(frame: Buffer): Promise<Buffer | null> {
    const { world, faults, eyes } = this.#network
    const { process, lane } = this
    const apiKey = frame.readInt16BE(0)
    return new Promise((resolve, reject) => {
      if (!process.alive || this.closed) return
      if (this.#broken) {
        reject(reset())
        return
      }
      this.#waiting.add(reject)
      const way: FrameOnWay = { process, lane, apiKey, apiVersion: frame.readInt16BE(2), request: Buffer.from(frame) }
      for (const eye of eyes) eye.sent?.(way)
      const { extraMs, refusal, instead } = faults.request(way)
      // What user code has taken is over before the frame leaves.
      this.#lastSentMs = this.#arrival(this.#lastSentMs, extraMs + process.localMs - world.nowMs)
      const bytes = instead ?? this.#inPieces(way)
      world.schedule(this.#lastSentMs - world.nowMs, () => {
        if (this.#broken) return
        world.note(`${process.name}/${lane} asks ${apiKey} (${bytes.length} bytes)`)
        for (const eye of eyes) eye.arrived?.(way)
        const answered = refusal === undefined ? this.#peer.handle(bytes) : Promise.resolve(refusal)
        answered.then(
          (answer) => this.#answered(way, answer, resolve, reject),
          () => this.break(),
        )
      })
    })
  }

  /** Who gets one batch at a time needs many fetches, however small the log is. */
  #inPieces({ lane, apiKey, apiVersion, request }: FrameOnWay): Buffer {
    if (apiKey !== fetchApi.key || this.#slow.inPieces?.includes(lane) !== true) return request
    const { bodyStart } = decodeRequestHeader(request, apiByKey)
    const asked = decodeRequest(fetchApi, apiVersion, request.subarray(bodyStart))
    const topics = asked.topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((partition) => ({ ...partition, partitionMaxBytes: 1 })),
    }))
    const body = { ...asked, maxBytes: 1, topics } as RequestInput<typeof fetchApi>
    return Buffer.concat([request.subarray(0, bodyStart), encodeRequest(fetchApi, apiVersion, body)])
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
    way: FrameOnWay,
    answer: Buffer | null,
    resolve: (answer: Buffer | null) => void,
    reject: (error: Error) => void,
  ): void {
    if (this.#broken) return
    const { process, lane, apiKey } = way
    const { world, faults, eyes } = this.#network
    if (answer !== null) for (const eye of eyes) eye.answered?.(way, answer)
    const { extraMs, lost, instead } = answer === null || !process.alive ? USUAL : faults.answer(way, answer)
    if (lost === 'silence') this.#silent = true
    if (lost === 'reset') {
      world.schedule(this.#network.latencyMs, () => this.break())
      return
    }
    this.#lastAnswerMs = this.#arrival(this.#lastAnswerMs, extraMs + this.#slowMs(apiKey))
    world.schedule(this.#lastAnswerMs - world.nowMs, () => {
      if (this.#silent || this.#broken) return
      process.run(() => {
        if (this.closed || !this.#waiting.delete(reject)) return
        world.note(`${process.name}/${lane} hears ${apiKey} (${answer?.length ?? 0} bytes)`)
        const bytes = instead ?? answer
        if (bytes !== null) for (const eye of eyes) eye.heard?.(way, bytes)
        resolve(bytes)
      })
    })
  }

  #slowMs(apiKey: number): number {
    const { random } = this.#network
    let ms = 0
    for (const span of [this.#slow.lanes?.[this.lane], this.#slow.apis?.[apiKey]]) {
      if (span !== undefined) ms += drawn(span, random)
    }
    return ms
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
