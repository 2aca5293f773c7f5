/** Starts a real single-node Kafka broker (KRaft, broker and controller in one process) on the machine's Java. */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { MillraceError } from '../../lib/errors.js'
import { delay, systemClock } from '../../lib/record/clock.js'
import type { KafkaNode, KafkaOptions, RunningKafka } from './broker.js'
import { commandWorks, kafkaJars } from './jars.js'
import { brokerAnswers, freePorts } from './probe.js'

/** Any 16 bytes in base64url do; a fixed one makes every development folder look alike. */
const CLUSTER_ID = 'TWlsbHJhY2VEZXZLYWZrYQ'

/** A cold first start takes about 15 s on a busy machine; one that recovers its log after a kill -9, more than a minute on an overloaded one. */
const START_TIMEOUT_MS = 180_000

/** A broker closes its log in a second or two; after this it is killed. */
const STOP_TIMEOUT_MS = 20_000

/** One collector thread: the broker shares the machine with what is being developed. */
const JAVA_FLAGS = ['-Xms128m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.showDateTime=true']
const DEFAULT_HEAP_MB = 512

/**
 * Starts the broker and resolves when it answers.
 *
 * @throws KAFKA_UNAVAILABLE without Java or jars; KAFKA_START_FAILED when the broker ends or stays silent.
 */
export async function startKafkaOnJvm(options: KafkaOptions): Promise<RunningKafka> {
  if (!(await commandWorks('java', '-version'))) {
    throw new MillraceError('KAFKA_UNAVAILABLE', 'Java 17 or newer is needed to run Kafka: install it, or start Docker')
  }
  const jars = await kafkaJars(options.version)
  const dataDir = resolve(options.dataDir)
  await mkdir(dataDir, { recursive: true })
  const pidFile = join(dataDir, 'broker.pid')
  await refuseSecondBroker(pidFile)
  const node = options.node ?? (await onlyNode())
  const flags = [...JAVA_FLAGS, `-Xmx${options.heapMb ?? DEFAULT_HEAP_MB}m`]
  const propertiesFile = join(dataDir, 'server.properties')
  await writeFile(propertiesFile, serverProperties(options.port, node, join(dataDir, 'log'), options.settings))
  const logFile = join(dataDir, 'broker.log')
  const classPath = join(jars, '*')
  if (!existsSync(join(dataDir, 'log', 'meta.properties'))) {
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', propertiesFile]
    const child = startJava([...flags, '-XX:TieredStopAtLevel=1', '-cp', classPath, ...format], logFile)
    if ((await ended(child)) !== 0) throw await startFailure('formatting its storage failed', logFile)
  }
  const child = startJava([...flags, '-cp', classPath, 'kafka.Kafka', propertiesFile], logFile)
  await writeFile(pidFile, String(child.pid))
  const killWithParent = () => child.kill('SIGKILL')
  process.once('exit', killWithParent)
  const exited = ended(child).finally(() => {
    process.removeListener('exit', killWithParent)
    return rm(pidFile, { force: true })
  })
  const bootstrap = `127.0.0.1:${options.port}`
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  try {
    await untilItAnswers(child, bootstrap, logFile)
  } catch (error) {
    // Whoever retries finds its folder free.
    await kill()
    throw error
  }
  return { bootstrap, from: 'Maven jars', exited, stop: () => stop(child, exited), kill }
}

async function onlyNode(): Promise<KafkaNode> {
  const [controllerPort = 0] = await freePorts(1)
  return { id: 1, controllerPort, voters: [{ id: 1, port: controllerPort }] }
}

/** Kafka locks its folder too, but only after reading files that the other broker is writing. */
async function refuseSecondBroker(pidFile: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'))
  if (pid === 0) return
  try {
    process.kill(pid, 0)
  } catch {
    return
  }
  throw new MillraceError(
    'KAFKA_START_FAILED',
    `Process ${pid} runs a broker on this data folder: choose another folder, or delete ${pidFile} if no such broker runs`,
  )
}

/** The settings of a development broker: broker and controller in one, few internal partitions, no waiting for members. */
export function serverProperties(
  port: number,
  node: KafkaNode,
  logDir: string,
  settings: Readonly<Record<string, string>> = {},
): string {
  const { id, controllerPort, voters } = node
  return `process.roles=broker,controller
node.id=${id}
controller.quorum.voters=${voters.map((voter) => `${voter.id}@127.0.0.1:${voter.port}`).join(',')}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${logDir}
${Object.entries({ ...DEVELOPMENT_SETTINGS, ...settings })
  .map(([name, value]) => `${name}=${value}`)
  .join('\n')}
`
}

/** What differs from Kafka's defaults, whichever way the broker is started. */
export const DEVELOPMENT_SETTINGS: Readonly<Record<string, string>> = {
  'auto.create.topics.enable': 'false',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'offsets.topic.num.partitions': '4',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'log.cleaner.dedupe.buffer.size': '33554432',
}

function startJava(javaArguments: string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'a')
  const child = spawn('java', javaArguments, { stdio: ['ignore', log, log] })
  closeSync(log)
  return child
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((done) => {
    child.once('error', () => done(1))
    child.once('exit', (code) => done(code ?? 1))
  })
}

async function untilItAnswers(child: ChildProcess, bootstrap: string, logFile: string): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + START_TIMEOUT_MS
  while (child.exitCode === null && child.signalCode === null) {
    if (await brokerAnswers(bootstrap)) return
    if (systemClock.monotonicMs() > deadlineMs) {
      throw await startFailure(`it did not answer within ${START_TIMEOUT_MS / 1000} s`, logFile)
    }
    await delay(systemClock, 100)
  }
  throw await startFailure('it ended at once', logFile)
}

async function startFailure(what: string, logFile: string): Promise<MillraceError> {
  const log = await readFile(logFile, 'utf8').catch(() => '')
  const reason = log.split('\n').findLast((line) => /Exception|ERROR|error/.test(line) && !line.startsWith('\tat '))
  const said = reason === undefined ? '' : ` (${reason.trim().slice(0, 200)})`
  return new MillraceError('KAFKA_START_FAILED', `Kafka did not start: ${what}${said}; read ${logFile}`)
}

async function stop(child: ChildProcess, exited: Promise<number>): Promise<void> {
  child.kill('SIGTERM')
  const cancel = systemClock.setTimer(STOP_TIMEOUT_MS, () => child.kill('SIGKILL'))
  await exited
  cancel()
}
