/** The brokers that suites run on, a fresh one for each run: the embedded broker on a TCP port, and a real Kafka. */
import { join } from 'node:path'
import { createBroker, MemoryStorage } from '../../lib/broker/index.js'
import { systemClock, systemRandom } from '../../lib/index.js'
import { startKafka } from '../kafka/broker.js'
import { freePorts } from '../kafka/probe.js'

/** `none`: the suite starts what it needs, or needs nothing. */
export type BrokerKind = 'embedded' | 'kafka'

/** The newest release when this was written; KAFKA_VERSION names another. */
const KAFKA_VERSION = '4.4.0'

export interface BrokerNeeds {
  /** Whether Metadata creates topics; default false. */
  readonly autoCreateTopics?: boolean
  /** Partitions of such topics; default 1. */
  readonly partitions?: number
  /** More settings of Kafka's server.properties. */
  readonly kafkaSettings?: Readonly<Record<string, string>>
}

/** Runs `use` with a broker that is gone afterwards. KAFKA_UNAVAILABLE, KAFKA_START_FAILED. */
export async function withBroker<T>(
  kind: BrokerKind,
  needs: BrokerNeeds,
  folder: string,
  use: (bootstrap: string) => Promise<T>,
): Promise<T> {
  return kind === 'embedded' ? withEmbedded(needs, use) : withKafka(needs, folder, use)
}

async function withEmbedded<T>(needs: BrokerNeeds, use: (bootstrap: string) => Promise<T>): Promise<T> {
  const { autoCreateTopics = false, partitions = 1 } = needs
  const broker = await createBroker({
    clock: systemClock,
    random: systemRandom,
    storage: new MemoryStorage(),
    settings: { autoCreateTopics, defaultPartitions: partitions },
  })
  try {
    const { port } = await broker.listen({ host: '127.0.0.1', port: 0 })
    return await use(`127.0.0.1:${port}`)
  } finally {
    await broker.close()
  }
}

async function withKafka<T>(needs: BrokerNeeds, folder: string, use: (bootstrap: string) => Promise<T>): Promise<T> {
  const [port = 0] = await freePorts(1)
  const { autoCreateTopics = false, partitions = 1, kafkaSettings = {} } = needs
  const kafka = await startKafka({
    port,
    dataDir: join(folder, 'kafka'),
    version: process.env.KAFKA_VERSION ?? KAFKA_VERSION,
    settings: {
      'auto.create.topics.enable': String(autoCreateTopics),
      'num.partitions': String(partitions),
      ...kafkaSettings,
    },
  })
  try {
    return await use(kafka.bootstrap)
  } finally {
    await kafka.stop()
  }
}
