/** The Kafka broker of a benchmark: the one in KAFKA_BROKERS, or a new one that is removed afterwards. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KAFKA_VERSION, startKafka } from '../verify/kafka/broker.js'
import { freePorts } from '../verify/kafka/probe.js'

export interface Bench {
  readonly bootstrap: string
  /** A folder for state, removed afterwards. */
  readonly folder: string
  /** How the broker was had. */
  readonly broker: string
}

export async function withKafka<T>(run: (bench: Bench) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const given = process.env.KAFKA_BROKERS?.split(',')[0]
  try {
    if (given) return await run({ bootstrap: given, folder, broker: 'KAFKA_BROKERS' })
    const [port = 0] = await freePorts(1)
    const kafka = await startKafka({ port, dataDir: join(folder, 'kafka'), version: KAFKA_VERSION })
    try {
      return await run({ bootstrap: kafka.bootstrap, folder, broker: `Kafka ${KAFKA_VERSION}, ${kafka.from}` })
    } finally {
      await kafka.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
