/** A Kafka cluster on this machine whose nodes can be killed and started again on their data: one node, or three. */
import { join } from 'node:path'
import { delay, systemClock } from '../../lib/record/clock.js'
import type { KafkaNode, KafkaOptions, RunningKafka } from './broker.js'
import { startKafkaOnJvm } from './jvm.js'
import { brokerAnswers, freePorts } from './probe.js'

/** Several nodes share the machine. */
const HEAP_MB = 320
const ANSWER_TIMEOUT_MS = 60_000
const POLL_MS = 100
/** A killed node's port may linger for a moment. */
const START_TRIES = 3

/** Everything on three nodes, and two of them enough to write. */
const REPLICATED: Readonly<Record<string, string>> = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'share.coordinator.state.topic.replication.factor': '3',
  'share.coordinator.state.topic.min.isr': '2',
  // A node that is gone is noticed after this instead of 9 s.
  'broker.session.timeout.ms': '4000',
  'broker.heartbeat.interval.ms': '500',
}

export class KafkaCluster {
  readonly #options: readonly KafkaOptions[]
  readonly #running: (RunningKafka | null)[]
  readonly #starting: (Promise<void> | null)[]

  private constructor(options: readonly KafkaOptions[]) {
    this.#options = options
    this.#running = options.map(() => null)
    this.#starting = options.map(() => null)
  }

  /** @throws KAFKA_UNAVAILABLE, KAFKA_START_FAILED */
  static async start(nodes: number, folder: string, version: string): Promise<KafkaCluster> {
    const ports = await freePorts(2 * nodes)
    const voters = Array.from({ length: nodes }, (_, i) => ({ id: i + 1, port: ports[nodes + i]! }))
    const settings = nodes === 1 ? {} : REPLICATED
    const options = voters.map(({ id, port: controllerPort }, i) => {
      const node: KafkaNode = { id, controllerPort, voters }
      return { port: ports[i]!, dataDir: join(folder, `node-${id}`), version, heapMb: HEAP_MB, node, settings }
    })
    const cluster = new KafkaCluster(options)
    try {
      // A quorum forms only when several are there.
      await Promise.all(options.map((_, index) => cluster.startNode(index)))
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  get nodes(): number {
    return this.#options.length
  }

  /** HOST:PORT of every node. */
  get bootstrap(): readonly string[] {
    return this.#options.map(({ port }) => `127.0.0.1:${port}`)
  }

  runs(index: number): boolean {
    return this.#running[index] !== null
  }

  /** Kill -9. `index` from 0. */
  async kill(index: number): Promise<void> {
    await this.#running[index]?.kill?.()
    this.#running[index] = null
  }

  /** On the data it had. Resolves when it answers; who asks again meanwhile waits with the first. @throws KAFKA_START_FAILED */
  async startNode(index: number): Promise<void> {
    this.#starting[index] ??= this.#startNode(index).finally(() => {
      this.#starting[index] = null
    })
    await this.#starting[index]
  }

  async #startNode(index: number): Promise<void> {
    let first: unknown
    for (let attempt = 1; ; attempt++) {
      try {
        this.#running[index] = await startKafkaOnJvm(this.#options[index]!)
        break
      } catch (error) {
        // What later attempts say may only follow from it.
        first ??= error
        if (attempt === START_TRIES) throw first
        await delay(systemClock, 1_000)
      }
    }
    const deadlineMs = systemClock.monotonicMs() + ANSWER_TIMEOUT_MS
    while (!(await brokerAnswers(this.bootstrap[index]!)) && systemClock.monotonicMs() < deadlineMs) {
      await delay(systemClock, POLL_MS)
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((node) => node?.stop()))
  }
}
