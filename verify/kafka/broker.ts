/** A real Kafka broker for development and tests: from Docker if an engine runs, otherwise from Maven jars. */

import { MillraceError } from '../../lib/errors.js'
import { dockerProblem, startKafkaOnDocker } from './docker.js'
import { startKafkaOnJvm } from './jvm.js'
import { isPortFree } from './probe.js'

/** The version started when none is asked for. */
export const KAFKA_VERSION = '4.3.1'

export interface KafkaOptions {
  /** TCP port on 127.0.0.1. */
  readonly port: number
  /** Folder for settings, log and data (jars only; a container keeps its data to itself). */
  readonly dataDir: string
  /** Kafka's version, e.g. `4.3.1`. */
  readonly version: string
  /** More settings of server.properties, over those of a development broker. */
  readonly settings?: Readonly<Record<string, string>>
  /** Largest heap (jars only). Default 512. */
  readonly heapMb?: number
  /** Its place in a cluster (jars only). Default: the only node of one. */
  readonly node?: KafkaNode
}

/** One of a cluster's nodes, each broker and controller at once. */
export interface KafkaNode {
  readonly id: number
  /** TCP port on 127.0.0.1. */
  readonly controllerPort: number
  /** Controller ports of all nodes, this one's too. */
  readonly voters: readonly { readonly id: number; readonly port: number }[]
}

export interface RunningKafka {
  /** HOST:PORT for clients. */
  readonly bootstrap: string
  readonly from: 'Docker' | 'Maven jars'
  /** Resolves with the exit code when the broker ended, asked or not. */
  readonly exited: Promise<number>
  /** Stops the broker; resolves when it is gone. */
  stop(): Promise<void>
  /** Kill -9, where the broker is a process of this machine; resolves when it is gone. */
  readonly kill?: () => Promise<void>
}

/**
 * Starts one broker.
 *
 * @throws PORT_IN_USE; KAFKA_UNAVAILABLE naming both reasons when there is neither Docker nor Java with Maven;
 * KAFKA_START_FAILED.
 */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  if (!(await isPortFree(options.port))) {
    throw new MillraceError('PORT_IN_USE', `Port ${options.port} of 127.0.0.1 is taken: choose another with --port`)
  }
  const noDocker = await dockerProblem()
  if (noDocker === undefined) return startKafkaOnDocker(options)
  try {
    return await startKafkaOnJvm(options)
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'KAFKA_UNAVAILABLE') throw error
    throw new MillraceError('KAFKA_UNAVAILABLE', `${error.message}; ${noDocker}`, { cause: error })
  }
}
