/** One instance over several processes: the disk stays, processes start and end. */

import { isMillraceError } from '../../errors.js'
import { delay } from '../../record/clock.js'
import type { Random } from '../../record/random.js'
import { formatTopicPartition } from '../../record/record.js'
import { Streams } from '../../streams.js'
import type { Log } from '../../telemetry/log.js'
import type { Topology } from '../../topology/topology.js'
import { BROKER_ADDRESS } from './broker.js'
import { type DiskLoss, SimDisk } from './disk.js'
import type { SimNetwork } from './network.js'
import type { SimPlan } from './plan.js'
import { SimProcess } from './process.js'
import type { Trimmed } from './trim.js'

export interface SimInstanceOptions {
  readonly name: string
  readonly network: SimNetwork
  readonly plan: SimPlan
  readonly applicationId: string
  readonly topology: (process: SimProcess, version: number) => Topology
  readonly deadLetterTopic: string | null
  /** A dynamic member has no disk that outlives it. */
  readonly disk: boolean
  readonly version: number
  /** It ended by itself, and `mayEnd` says whether it has to. */
  readonly onFailed: (error: unknown, version: number, mayEnd: boolean) => void
  /** `close` has returned. */
  readonly onClosed: (name: string, sinceMs: number) => void
  readonly violated: (invariant: string, what: string) => void
}

/** How long a member that ended by itself stays away. */
export const RESTART_MS = 1_000
/** A graceful close ends within this time beside what the disk takes. */
const CLOSE_MS = 15_000
/** What an instance does when nothing waits for it any more ends within this time beside what the disk takes. */
const SOON_MS = 1_000

export class SimInstance {
  readonly name: string
  readonly disk: SimDisk
  process: SimProcess
  streams: Streams
  version: number
  /** Null until it has left permanently. */
  goneAtMs: number | null = null
  readonly #options: SimInstanceOptions
  readonly #random: Random
  readonly #trimmed = new Set<string>()
  #lives = 0
  #closing = false
  #closedMs: number | null = null

  constructor(options: SimInstanceOptions) {
    const { name, network, plan } = options
    this.name = name
    this.#options = options
    this.version = options.version
    this.disk = new SimDisk(network.world.random(`disk/${name}`), plan.slow)
    this.#random = network.world.random(`instance/${name}`)
    const first = this.#begin()
    this.process = first.process
    this.streams = first.streams
  }

  /** It should run: it is alive, or about to start again. */
  get member(): boolean {
    return this.goneAtMs === null
  }

  get closing(): boolean {
    return this.#closing
  }

  /** Since when a static member that closed without leaving the group is not back in it; null: it is, or was never away. */
  get awaySinceMs(): number | null {
    const back = this.process.alive && (this.streams.state === 'rebalancing' || this.streams.state === 'running')
    return back ? null : this.#closedMs
  }

  /** Kills it now; it starts again after `downMs`. */
  kill(downMs: number, loss: DiskLoss): boolean {
    if (!this.process.alive || this.#closing) return false
    const { network } = this.#options
    this.process.die()
    network.dropAll(this.process)
    this.disk.lose(loss)
    network.world.note(`${this.process.name} is killed, disk loss ${loss}`)
    network.world.schedule(downMs, () => this.#restart())
    return true
  }

  /** Somebody deletes records that never expire: whoever runs the task ends when it notices. */
  changelogTrimmed({ topic, partition, keptBy }: Trimmed): void {
    if (keptBy === null || !this.process.alive || !this.streams.tasks().includes(keptBy)) return
    this.#trimmed.add(`${this.process.name} ${formatTopicPartition(topic, partition)}`)
  }

  /** Whether records were deleted of the changelog that the error names, while this process ran its task. */
  #lostRecords(process: SimProcess, error: unknown): boolean {
    if (!isMillraceError(error, 'STREAMS_INTERNAL_TOPIC_CHANGED')) return false
    const { topic = '', partition = -1 } = error
    return this.#trimmed.has(`${process.name} ${formatTopicPartition(topic, partition)}`)
  }

  pause(forMs: number): boolean {
    if (!this.process.alive || this.process.held) return false
    this.#options.network.world.note(`${this.process.name} is stopped for ${forMs.toFixed(0)} ms`)
    this.process.hold(forMs)
    return true
  }

  /** Closes permanently. */
  async close(leaveGroup = false): Promise<void> {
    this.goneAtMs = this.#options.network.world.nowMs
    await this.#close(leaveGroup)
  }

  /** Closes, and starts again after `downMs`. False: it is not there, or on its way out. */
  restart(downMs: number, leaveGroup: boolean, version = this.version): boolean {
    if (!this.process.alive || this.#closing || this.goneAtMs !== null) return false
    this.version = version
    const { world } = this.#options.network
    this.#close(leaveGroup).then(
      () => world.schedule(downMs, () => this.#restart()),
      () => undefined,
    )
    return true
  }

  async #close(leaveGroup: boolean): Promise<void> {
    const { network, violated, onClosed } = this.#options
    const { process, streams } = this
    const sinceMs = network.world.nowMs
    this.#closing = true
    network.world.note(`${process.name} closes${leaveGroup ? ' and leaves the group' : ''}`)
    const returned = this.#expect(CLOSE_MS, (ms) => {
      violated('I8', `close() of ${process.name} has not returned after ${ms} ms`)
    })
    try {
      await streams.close({ leaveGroup })
    } catch (error) {
      network.world.note(`${process.name} closes with ${String(error)}`)
    }
    returned()
    if (!process.alive) return
    onClosed(process.name, sinceMs)
    // At its limit `close` returns all the same: what the disk has in progress then ends by itself.
    const ended = this.#expect(this.#diskMs(), (ms) => {
      violated('I11', `${process.name} has not ended ${ms} ms after close() has returned`)
    })
    await streams.finished.catch(() => undefined)
    ended()
    // What was in progress has this long to notice.
    await delay({ ...process.clock, setTimer: (ms, fire) => network.world.schedule(ms, fire) }, 100)
    for (const what of this.leftovers()) violated('I11', `${what} left after ${process.name} closed`)
    process.die()
    network.dropAll(process)
    this.#closedMs = this.#options.disk && !leaveGroup ? network.world.nowMs : null
    network.world.note(`${process.name} is closed`)
  }

  /** Calls `late` unless the returned function is called within `limitMs`; while the process stands still no time counts. */
  #expect(limitMs: number, late: (ms: number) => void): () => void {
    const { process } = this
    const { world } = this.#options.network
    const sinceMs = world.nowMs
    let stoodMs = process.standingMs
    let done = false
    const look = () => {
      if (done || !process.alive) return
      const moreMs = process.standingMs - stoodMs
      stoodMs = process.standingMs
      if (moreMs > 0) world.schedule(moreMs, look)
      else late(world.nowMs - sinceMs)
    }
    world.schedule(limitMs, look)
    return () => {
      done = true
    }
  }

  /** The longest time to open a store, or for all tasks at once to write one batch and close. */
  #diskMs(): number {
    const { open, write, close } = this.#options.plan.slow
    return SOON_MS + [open, write, close].reduce((sum, span) => sum + (span?.[1] ?? 0), 0)
  }

  /** What a process that has closed still holds. */
  leftovers(): string[] {
    const { process } = this
    const connections = this.#options.network.openConnections(process)
    const engines = this.disk.openEngines(process)
    return [
      ...(process.timers > 0 ? [`${process.timers} timers are`] : []),
      ...(connections.length > 0 ? [`connections ${connections.join(', ')} are`] : []),
      ...(engines.length > 0 ? [`stores ${engines.join(', ')} are`] : []),
    ]
  }

  #restart(): void {
    if (this.goneAtMs !== null) return
    this.#closing = false
    const { process, streams } = this.#begin()
    this.process = process
    this.streams = streams
  }

  #begin(): { readonly process: SimProcess; readonly streams: Streams } {
    const { network, plan, name, applicationId, deadLetterTopic, disk, topology } = this.#options
    this.#lives++
    const { version } = this
    const process = new SimProcess(network.world, `${name}.${this.#lives}`, (this.#random.next() - 0.5) * 120_000)
    const { times } = plan
    const streams = new Streams(topology(process, version), {
      applicationId,
      brokers: [`${BROKER_ADDRESS.host}:${BROKER_ADDRESS.port}`],
      transport: () => network.transport(process),
      ...(disk && { engines: this.disk.mount(process) }),
      clock: process.clock,
      random: network.world.random(`client/${process.name}`),
      log: this.#log(process),
      ...(deadLetterTopic !== null && { deadLetterTopic, onDeserializationError: 'deadLetter' }),
      onProcessingError: () => 'retry',
      retryBackoffMs: 20,
      processingGuarantee: plan.guarantee,
      offsetReset: plan.offsetReset,
      commitBytes: plan.commitBytes,
      ...(!plan.cached && { cacheMaxBytes: 0 }),
      heartbeatIntervalMs: Math.floor(times.sessionTimeoutMs / 5),
      rebalanceTimeoutMs: 2 * times.sessionTimeoutMs,
      repartitionPurgeIntervalMs: 5_000,
      ...times,
    })
    const ended = (error: unknown) => {
      if (!process.alive || this.#closing) return
      this.#options.onFailed(error, version, this.#lostRecords(process, error))
      network.world.note(`${process.name} ends by itself: ${String(error)}`)
      process.die()
      network.dropAll(process)
      network.world.schedule(RESTART_MS, () => this.#restart())
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
