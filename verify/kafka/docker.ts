/** Starts a real single-node Kafka broker from the `apache/kafka` image, if a container engine runs. */

import type { StartedTestContainer } from 'testcontainers'
import { MillraceError } from '../../lib/errors.js'
import type { KafkaOptions, RunningKafka } from './broker.js'
import { DEVELOPMENT_SETTINGS } from './jvm.js'
import { brokerAnswers } from './probe.js'

const START_TIMEOUT_MS = 120_000

/** The port of the controller inside the container; nobody outside sees it. */
const CONTROLLER_PORT = 29093

/** Why no container engine can be used here, or undefined when one answers. */
export async function dockerProblem(): Promise<string | undefined> {
  try {
    const { getContainerRuntimeClient } = await import('testcontainers')
    await getContainerRuntimeClient()
    return undefined
  } catch (error) {
    return `no container engine answers (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`
  }
}

/**
 * Starts the broker in a container and resolves when it answers. The port is the same inside and outside, because a
 * Kafka client goes to the address that the broker advertises. The container, and its log, go when it stops.
 *
 * @throws KAFKA_START_FAILED when the image cannot be had or the broker stays silent.
 */
export async function startKafkaOnDocker(options: KafkaOptions): Promise<RunningKafka> {
  const { GenericContainer, Wait } = await import('testcontainers')
  const container = new GenericContainer(`apache/kafka:${options.version}`)
    .withExposedPorts({ container: options.port, host: options.port })
    .withEnvironment(brokerEnvironment(options.port, options.settings))
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_TIMEOUT_MS)
  const started = await container.start().catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new MillraceError('KAFKA_START_FAILED', `apache/kafka:${options.version} did not start: ${why}`, {
      cause: error,
    })
  })
  return running(started, options.port)
}

/** The image turns KAFKA_A_B into the setting a.b. */
export function brokerEnvironment(
  port: number,
  settings: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const environment: Record<string, string> = {
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_NODE_ID: '1',
    KAFKA_CONTROLLER_QUORUM_VOTERS: `1@localhost:${CONTROLLER_PORT}`,
    KAFKA_LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:${CONTROLLER_PORT}`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  }
  for (const [name, value] of Object.entries({ ...DEVELOPMENT_SETTINGS, ...settings })) {
    environment[`KAFKA_${name.replaceAll('.', '_').toUpperCase()}`] = value
  }
  return environment
}

async function running(container: StartedTestContainer, port: number): Promise<RunningKafka> {
  const bootstrap = `127.0.0.1:${port}`
  if (!(await brokerAnswers(bootstrap))) {
    await container.stop()
    throw new MillraceError('KAFKA_START_FAILED', `Kafka started in a container but does not answer at ${bootstrap}`)
  }
  let resolveExited: (code: number) => void = () => {}
  const exited = new Promise<number>((resolve) => {
    resolveExited = resolve
  })
  const stop = async () => {
    await container.stop()
    resolveExited(0)
  }
  return { bootstrap, from: 'Docker', exited, stop }
}
