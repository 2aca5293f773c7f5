/** The simulated producer: transactions of events over virtual time, some out of order, some too late, some aborted. */

import type { Cluster } from '../client/cluster.js'
import { IdempotentProducer } from '../client/producer.js'
import { TransactionalProducer } from '../client/transactional-producer.js'
import { BatchBuilder } from '../protocol/index.js'
import { delay } from '../record/clock.js'
import { partitionForKey } from '../record/partitioner.js'
import type { Random } from '../record/random.js'
import { PARTITIONS, SESSION, WINDOW } from './sim-application.js'
import { connectSim } from './sim-client.js'
import type { SimEvent } from './sim-model.js'
import type { SimNetwork } from './sim-network.js'
import { SimProcess } from './sim-process.js'

export interface InputOptions {
  /** Records that must have been committed. */
  readonly records: number
  /** Virtual time over which they are written. */
  readonly durationMs: number
  /** Transactions; 0: a steady stream without them. */
  readonly rounds: number
  /** It goes on until this is true, too. */
  readonly enough: () => boolean
}

const USERS = 24
const ITEMS = 10

export class SimInput {
  readonly process: SimProcess
  readonly #random: Random
  readonly #options: InputOptions
  readonly #network: SimNetwork
  #seq = 0

  constructor(network: SimNetwork, options: InputOptions) {
    this.process = new SimProcess(network.world, 'producer', 0)
    this.#random = network.world.random('input')
    this.#options = options
    this.#network = network
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
    await producer.init()
    let written = 0
    while (written < records || !enough()) {
      const count = Math.ceil((records / rounds) * (0.5 + this.#random.next()))
      written += await this.#round(producer, count)
      await delay(this.process.clock, (durationMs / rounds) * 2 * this.#random.next())
    }
    await producer.close()
  }

  /** One record after the other, each on its way before the last one is stored: there is always something to process. */
  async #stream(cluster: Cluster): Promise<void> {
    const { records, durationMs, enough } = this.#options
    const producer = new IdempotentProducer({ cluster })
    await producer.init()
    const sent: Promise<unknown>[] = []
    for (let written = 0; written < records || !enough(); written++) {
      const { topic, key, value, timestamp } = this.#record()
      const builder = new BatchBuilder()
      builder.append(timestamp, key, value)
      const batch = { topic, partition: partitionForKey(key, PARTITIONS), builder }
      sent.push(producer.send([batch]).catch(() => undefined))
      await delay(this.process.clock, (durationMs / records) * 2 * this.#random.next())
    }
    await Promise.all(sent)
    await producer.close()
  }

  async #round(producer: TransactionalProducer, count: number): Promise<number> {
    const abort = this.#random.next() < 0.1
    try {
      producer.begin()
      for (let i = 0; i < count; i++) await producer.append(this.#record())
      if (abort) await producer.flush()
      const outcome = abort ? await producer.abort() : await producer.commit()
      if (outcome.kind === 'committed') return count
      if (outcome.kind !== 'aborted') await producer.init()
    } catch {
      await producer.init()
    }
    return 0
  }

  #record() {
    const random = this.#random
    const seq = this.#seq++
    const event: SimEvent = { seq, item: `item-${random.int(ITEMS)}`, amount: random.int(100) }
    const kind = random.next()
    const backMs =
      kind < 0.7
        ? random.int(SESSION.gapMs)
        : kind < 0.95
          ? random.int(WINDOW.graceMs)
          : WINDOW.sizeMs + random.int(3 * WINDOW.sizeMs)
    const poison = random.next() < 0.005
    return {
      topic: 'input',
      key: Buffer.from(`user-${Math.floor(USERS * random.next() ** 2)}`),
      value: Buffer.from(poison ? `{${seq}` : JSON.stringify(event)),
      timestamp: this.process.clock.now() - backMs,
    }
  }
}
