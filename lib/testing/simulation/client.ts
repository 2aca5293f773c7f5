/** A client of the simulated broker that is not an instance of the application. */
import { Cluster } from '../../client/cluster.js'
import { readTopic } from '../../client/reader.js'
import { BROKER_ADDRESS } from './broker.js'
import type { SimNetwork } from './network.js'
import { SimProcess } from './process.js'

export function connectSim(network: SimNetwork, process: SimProcess): Cluster {
  return new Cluster({
    transport: network.transport(process, false),
    clock: process.clock,
    random: network.world.random(`client/${process.name}`),
    bootstrap: [BROKER_ADDRESS],
    requestTimeoutMs: 30_000,
  })
}

/** Reads one topic read_committed while everything else continues; what it has seen cannot be taken back. */
export class SimObserver {
  readonly topic: string
  readonly process: SimProcess
  /** Partition → offsets in the order they were seen. */
  readonly seen = new Map<number, number[]>()
  readonly #network: SimNetwork
  readonly #stop = new AbortController()

  constructor(network: SimNetwork, topic: string) {
    this.topic = topic
    this.#network = network
    this.process = new SimProcess(network.world, 'observer', 0)
  }

  /** Until `stop`. */
  async run(): Promise<void> {
    const cluster = connectSim(this.#network, this.process)
    try {
      const { signal } = this.#stop
      for await (const { partition, records } of readTopic({ cluster, topic: this.topic, until: 'never', signal })) {
        const offsets = this.seen.get(partition) ?? []
        this.seen.set(partition, offsets)
        for (const { offset } of records) offsets.push(offset)
      }
    } finally {
      await cluster.close()
    }
  }

  stop(): void {
    this.#stop.abort()
  }
}
