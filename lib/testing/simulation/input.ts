/** The simulated producer: transactions over virtual time, some of them aborted, or a steady stream of single records. */

import type { Cluster } from '../../client/cluster.js'
import { TransactionalProducer } from '../../client/producer/transactional-producer.js'
import { IdempotentProducer } from '../../client/producer.js'
import { isMillraceError } from '../../errors.js'
import { BatchBuilder } from '../../protocol/index.js'
import { delay } from '../../record/clock.js'
import { partitionForKey } from '../../record/partitioner.js'
import type { Random } from '../../record/random.js'
import type { SimApplication } from './application.js'
import { connectSim } from './client.js'
import type { SimNetwork } from './network.js'
import { SimProcess } from './process.js'

export interface DrawnInputOptions {
  readonly application: SimApplication
  /** Records that must have been committed. */
  readonly records: number
  /** Virtual time over which they are written. */
  readonly durationMs: number
  /** Transactions; 0: a steady stream without them. */
  readonly rounds: number
  /** It continues until this is true, too. */
  readonly enough: () => boolean
  /** How often the application has committed so far. */
  readonly commits: () => number
  /** Of a bounded input the last parts each wait until the one before is committed, so that there are so many commits. */
  readonly least: number
}

/** How often it looks whether the part before is committed. */
const COMMITTED_POLL_MS = 20

const RETRY_MS = 100
/** Of a transaction that is aborted when everything is written. */
const LAST_RECORDS = 20

export class SimInput {
  readonly process: SimProcess
  readonly #random: Random
  readonly #options: DrawnInputOptions
  readonly #network: SimNetwork
  /** How many there are; null: it may continue forever. */
  readonly #most: number | null
  #next = 0
  #commitsSeen = 0

  constructor(network: SimNetwork, options: DrawnInputOptions) {
    this.process = new SimProcess(network.world, 'producer', 0)
    this.#random = network.world.random('input')
    this.#options = options
    this.#network = network
    this.#most = options.application.input.records
  }

  async run(): Promise<void> {
    const cluster = connectSim(this.#network, this.process)
    try {
      if (this.#options.rounds === 0) await this.#stream(cluster)
      else await this.#transactions(cluster)
    } finally {
      await cluster.close()
    }
  }

  /** Writes until enough is committed; a transaction whose outcome is unknown counts as nothing. */
  async #transactions(cluster: Cluster): Promise<void> {
    const { records, durationMs, rounds, enough } = this.#options
    const producer = new TransactionalProducer({ cluster, transactionalId: 'producer', transactionTimeoutMs: 5_000 })
    await this.#init(producer)
    let written = 0
    while (this.#most === null ? written < records || !enough() : written < this.#most) {
      if (this.#most !== null) await this.#untilCommitted((this.#most - written) / (this.#most / rounds))
      const wanted = Math.ceil(((this.#most ?? records) / rounds) * (0.5 + this.#random.next()))
      const count = this.#most === null ? wanted : Math.min(wanted, this.#most - written)
      if (this.#most !== null) this.#next = written
      written += await this.#round(producer, count)
      await delay(this.process.clock, (durationMs / rounds) * 2 * this.#random.next())
    }
    // Nothing readable comes after it: whoever reads has to get past it all the same.
    if (this.#random.next() < 0.5) await this.#round(producer, LAST_RECORDS, true)
    await producer.close()
  }

  /** One record after the other, each on its way before the last one is stored: there is always something to process. */
  async #stream(cluster: Cluster): Promise<void> {
    const { records, durationMs, enough, application } = this.#options
    const producer = new IdempotentProducer({ cluster })
    await producer.init()
    const sent: Promise<unknown>[] = []
    const most = this.#most ?? records
    while (this.#next < most || (this.#most === null && !enough())) {
      if (this.#most !== null) await this.#untilCommitted(most - this.#next)
      const { topic, key, value, timestamp, partition } = this.#record()
      const builder = new BatchBuilder()
      builder.append(timestamp, key, value)
      const chosen = partition ?? partitionForKey(key!, application.partitions)
      sent.push(producer.send([{ topic, partition: chosen, builder }]).catch(() => undefined))
      await delay(this.process.clock, (durationMs / most) * 2 * this.#random.next())
    }
    await Promise.all(sent)
    await producer.close()
  }

  /** `left`: parts that are still to be written, about. Nobody commits before all input is there where members start then. */
  async #untilCommitted(left: number): Promise<void> {
    const { commits, least, application } = this.#options
    if (application.inputFirst) return
    while (left <= least + 1 && commits() === this.#commitsSeen) {
      await delay(this.process.clock, COMMITTED_POLL_MS)
    }
    this.#commitsSeen = commits()
  }

  async #round(producer: TransactionalProducer, count: number, abort = this.#random.next() < 0.1): Promise<number> {
    try {
      producer.begin()
      for (let i = 0; i < count; i++) await producer.append(this.#record())
      if (abort) await producer.flush()
      const outcome = abort ? await producer.abort() : await producer.commit()
      if (outcome.kind === 'committed') return count
      if (outcome.kind !== 'aborted') await this.#init(producer)
    } catch {
      await this.#init(producer)
    }
    return 0
  }

  /** As its documentation says: what may pass is retried. A broker may be away for longer than one attempt lasts. */
  async #init(producer: TransactionalProducer): Promise<void> {
    for (;;) {
      try {
        await producer.init()
        return
      } catch (error) {
        if (!isMillraceError(error) || !error.retriable) throw error
      }
      await delay(this.process.clock, RETRY_MS)
    }
  }

  /** What is aborted after the last record of all has been written before. */
  #place(): number {
    const place = this.#next++
    return this.#most === null ? place : Math.min(place, this.#most - 1)
  }

  #record() {
    return this.#options.application.input.next(this.#place(), this.#random, this.process.clock.now())
  }
}
