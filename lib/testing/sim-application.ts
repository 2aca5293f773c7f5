/** What the simulation runs: a topology with a repartition hop and windows, and instances of it that can die. */
import { StreamsBuilder } from '../dsl/streams-builder.js'
import type { Random } from '../record/random.js'
import { json } from '../serde/json.js'
import { string } from '../serde/primitive.js'
import { Streams } from '../streams.js'
import type { Log } from '../telemetry/log.js'
import type { Topology } from '../topology/topology.js'
import { session, tumbling } from '../windows/definitions.js'
import { BROKER_ADDRESS } from './sim-broker.js'
import { type DiskLoss, SimDisk } from './sim-disk.js'
import { addToDigest, addToSum, joinSums, NO_DIGEST, NO_SUM, type SimEvent } from './sim-model.js'
import type { FrameRewrite, SimNetwork } from './sim-network.js'
import { SimProcess } from './sim-process.js'

export const APPLICATION = 'sim'
export const PARTITIONS = 4
export const WINDOW = { sizeMs: 5_000, graceMs: 3_000 } as const
export const SESSION = { gapMs: 400, graceMs: 2_000 } as const
export const TOPICS = ['input', 'echo', 'totals', 'windows', 'sessions', 'dead-letters'] as const
export const BY_ITEM = `${APPLICATION}-by-item-repartition`

/** Sub-topology 0 reads `input`, sub-topology 1 the repartition topic: every task is a function of one log. */
export function simTopology(cached: boolean): Topology {
  const builder = new StreamsBuilder()
  const input = builder.stream<string, SimEvent>('input', { key: string, value: json<SimEvent>() })
  input.to('echo')
  input
    .groupByKey()
    .aggregate({
      initializer: () => NO_DIGEST,
      adder: (_key, event, digest) => addToDigest(digest, event),
      store: { name: 'totals', value: string, cached },
    })
    .toStream()
    .to('totals')
  const byItem = input.selectKey((_key, event) => event.item).repartition({ name: 'by-item', key: string })
  const grouped = byItem.groupByKey()
  grouped
    .windowedBy(tumbling(WINDOW))
    .aggregate({
      initializer: () => NO_DIGEST,
      adder: (_key, event, digest) => addToDigest(digest, event),
      store: { name: 'windows', value: string, cached },
    })
    .toStream()
    .map((key, digest): readonly [string, string] => [key.key, `${key.window.startMs} ${digest}`])
    .to('windows', { key: string, value: string })
  grouped
    .windowedBy(session(SESSION))
    .emitStrategy('onWindowClose')
    .aggregate({
      initializer: () => NO_SUM,
      adder: (_key, event, sum) => addToSum(sum, event),
      merger: (_key, left, right) => joinSums(left, right),
      store: { name: 'sessions', value: string },
    })
    .toStream()
    .map((key, sum): readonly [string, string] => [key.key, `${key.window.startMs} ${key.window.endMs} ${sum}`])
    .to('sessions', { key: string, value: string })
  return builder.build()
}

export interface InstanceTimes {
  readonly sessionTimeoutMs: number
  readonly transactionTimeoutMs: number
  readonly requestTimeoutMs: number
}

export interface SimInstanceOptions {
  readonly name: string
  readonly network: SimNetwork
  readonly topology: Topology
  readonly times: InstanceTimes
  readonly rewrite: FrameRewrite | null
  /** It ended by itself. */
  readonly onFailed: (error: unknown) => void
}

/** One instance over all its lives: the disk stays, processes come and go. */
export class SimInstance {
  readonly name: string
  process: SimProcess
  streams: Streams
  readonly #options: SimInstanceOptions
  readonly #disk: SimDisk
  readonly #random: Random
  #lives = 0
  #stopped = false

  constructor(options: SimInstanceOptions) {
    const { name, network } = options
    this.name = name
    this.#options = options
    this.#disk = new SimDisk(network.world.random(`disk/${name}`))
    this.#random = network.world.random(`instance/${name}`)
    const first = this.#begin()
    this.process = first.process
    this.streams = first.streams
  }

  get running(): boolean {
    return this.process.alive && this.streams.state === 'running'
  }

  /** Kills it now; it starts again after `downMs`. */
  kill(downMs: number, loss: DiskLoss): boolean {
    if (!this.process.alive || this.#stopped) return false
    const { network } = this.#options
    this.process.die()
    network.dropAll(this.process)
    this.#disk.lose(loss)
    network.world.note(`${this.process.name} is killed, disk loss ${loss}`)
    network.world.schedule(downMs, () => this.#restart())
    return true
  }

  pause(forMs: number): boolean {
    if (!this.process.alive || this.process.held) return false
    this.#options.network.world.note(`${this.process.name} stands still for ${forMs.toFixed(0)} ms`)
    this.process.hold(forMs)
    return true
  }

  /** Closes for good. */
  async close(): Promise<void> {
    this.#stopped = true
    await this.streams.close()
  }

  #restart(): void {
    if (this.#stopped) return
    const { process, streams } = this.#begin()
    this.process = process
    this.streams = streams
  }

  #begin(): { readonly process: SimProcess; readonly streams: Streams } {
    const { network, topology, times, rewrite, name } = this.#options
    this.#lives++
    const process = new SimProcess(network.world, `${name}.${this.#lives}`, (this.#random.next() - 0.5) * 120_000)
    const streams = new Streams(topology, {
      applicationId: APPLICATION,
      brokers: [`${BROKER_ADDRESS.host}:${BROKER_ADDRESS.port}`],
      transport: () => network.transport(process, rewrite),
      engines: this.#disk.mount(process),
      clock: process.clock,
      random: network.world.random(`client/${process.name}`),
      log: this.#log(process),
      deadLetterTopic: 'dead-letters',
      onDeserializationError: 'deadLetter',
      heartbeatIntervalMs: Math.floor(times.sessionTimeoutMs / 5),
      rebalanceTimeoutMs: 2 * times.sessionTimeoutMs,
      repartitionPurgeIntervalMs: 5_000,
      ...times,
    })
    const ended = (error: unknown) => {
      if (!process.alive || this.#stopped) return
      this.#options.onFailed(error)
      network.world.note(`${process.name} ends by itself: ${String(error)}`)
      process.die()
      network.dropAll(process)
      network.world.schedule(1_000, () => this.#restart())
    }
    streams.start().then(() => streams.finished.catch(ended), ended)
    return { process, streams }
  }

  #log(process: SimProcess): Log {
    const { world } = this.#options.network
    const line = (fields: object, text: string) => world.note(`${process.name} says: ${text} ${JSON.stringify(fields)}`)
    const quiet = () => undefined
    return { debug: quiet, info: line, warn: line, error: line } as Log
  }
}
