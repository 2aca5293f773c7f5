/** The real Kafka of a checking command: the one in KAFKA_BROKERS, or a new one that is removed afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMillraceError } from '../../lib/errors.js'
import { KAFKA_VERSION, startKafka } from './broker.js'
import { freePorts } from './probe.js'

export interface CheckingBroker {
  /** HOST:PORT. */
  readonly bootstrap: string
  /** How the broker was had. */
  readonly from: string
  /** A folder for state, removed afterwards. */
  readonly folder: string
}

/**
 * Answers what `run` answers, or `{ skipped }` with the reason where no Kafka can be had.
 * @throws KAFKA_UNAVAILABLE with REQUIRE_KAFKA=1; what `run` throws
 */
export async function withRealKafka<T>(
  name: string,
  run: (broker: CheckingBroker) => Promise<T>,
): Promise<T | { readonly skipped: string }> {
  const folder = await mkdtemp(join(tmpdir(), `millrace-${name}-`))
  const given = process.env.KAFKA_BROKERS?.split(',')[0]
  try {
    if (given) return await run({ bootstrap: given, from: 'KAFKA_BROKERS', folder })
    const [port = 0] = await freePorts(1)
    const version = process.env.KAFKA_VERSION ?? KAFKA_VERSION
    const kafka = await startKafka({ port, dataDir: join(folder, 'kafka'), version })
    try {
      return await run({ bootstrap: kafka.bootstrap, from: `Kafka ${version}, ${kafka.from}`, folder })
    } finally {
      await kafka.stop()
    }
  } catch (error) {
    if (!isMillraceError(error, 'KAFKA_UNAVAILABLE') || process.env.REQUIRE_KAFKA === '1') throw error
    return { skipped: error.message }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
