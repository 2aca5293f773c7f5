/**
 * Kafka Streams' system test StreamsSmokeTest: Kafka's driver feeds 20,000 records over 90 s and verifies every output read
 * committed. The application is the test's own, written on Millrace (`streams-smoke`) or unchanged on the embedded broker
 * (`java-streams-smoke`).
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Admin, connect } from '../../lib/index.js'
import { systemTestJars } from './downloads.js'
import { failure, type Running, saidIn } from './processes.js'
import { RestartedApp } from './restarts.js'
import { judged, type Outcome, type Suite, type SuiteRun } from './suite.js'

const MAIN = 'org.apache.kafka.streams.tests.StreamsSmokeTest'
const PARTITIONS = 5
const TOPICS = ['echo', 'data', 'min', 'min-suppressed', 'min-raw', 'max', 'sum', 'sws-raw', 'sws-suppressed']
TOPICS.push('dif', 'cnt', 'avg', 'wcnt', 'tagg', 'fk', 'fk-result')
/** The driver sends for 90 s and verifies for 6 minutes at most. */
const DRIVER_LIMIT_SECONDS = 500

export const streamsSmoke: Suite = {
  name: 'streams-smoke',
  what: "Kafka's StreamsSmokeTest, on Millrace, with kills",
  brokers: ['embedded', 'kafka'],
  tools: ['java', 'mvn'],
  quick: false,
  limitSeconds: 900,
  async run(run) {
    const driver = await startDriver(run)
    const app = new RestartedApp(run, { app: 'smoke', instances: 2 })
    app.start()
    // The driver verifies as soon as it has sent everything; what is killed then takes long to be verified.
    const sent = saidIn(driver, 'Get some more results')
    await app.killUntil(Promise.race([driver.ended, sent]))
    const verdict = await driverVerdict(run, driver)
    const problem = verdict ?? (await app.stop())
    if (verdict !== undefined) await app.stop()
    return [judged(`every output, ${app.kills} kills`, problem)]
  },
}

export const javaStreamsSmoke: Suite = {
  name: 'java-streams-smoke',
  what: "Kafka Streams' own StreamsSmokeTest, unchanged, on the embedded broker",
  brokers: ['embedded'],
  tools: ['java', 'mvn'],
  quick: false,
  limitSeconds: 900,
  async run(run): Promise<Outcome[]> {
    const driver = await startDriver(run)
    const app = await startJava(run, 'process')
    const verdict = await driverVerdict(run, driver)
    app.signal('SIGTERM')
    const { output } = await app.ended
    const closed = output.includes('SMOKE-TEST-CLIENT-CLOSED') && !output.includes('SMOKE-TEST-CLIENT-EXCEPTION')
    return [
      judged('every output', verdict),
      judged('the application closes in order', closed ? undefined : `see ${app.logFile}`),
    ]
  },
}

async function startDriver(run: SuiteRun): Promise<Running> {
  await createTopics(run.bootstrap, TOPICS, PARTITIONS)
  return startJava(run, 'run')
}

async function startJava(run: SuiteRun, command: string): Promise<Running> {
  const properties = await propertiesFile(run)
  const args = await javaArguments([MAIN, properties, command])
  return run.processes.start(`smoke-${command}`, 'java', args)
}

/** Why the driver does not call it a success, or undefined. */
async function driverVerdict(run: SuiteRun, driver: Running): Promise<string | undefined> {
  const timer = setTimeout(() => driver.signal('SIGKILL'), DRIVER_LIMIT_SECONDS * 1_000)
  const ended = await driver.ended
  clearTimeout(timer)
  const problem = failure(ended, 'the driver')
  if (problem !== undefined) return problem
  const lines = ended.output.split('\n')
  if (lines.includes('SUCCESS') && lines.includes('ALL-RECORDS-DELIVERED')) return undefined
  const said = lines.filter((line) => /^(FAILURE|PROCESSED-|fail|.*NOT EQUAL|.*: (Got|Expected))/i.test(line))
  return `${said.slice(0, 4).join(' | ') || 'no SUCCESS'}: see ${driver.logFile} in ${run.folder}`
}

export async function createTopics(bootstrap: string, names: readonly string[], partitions: number): Promise<void> {
  const cluster = connect({ brokers: [bootstrap] })
  try {
    await new Admin(cluster).createTopics(names.map((name) => ({ name, partitions })))
  } finally {
    await cluster.close()
  }
}

/** What the system tests read: where the broker is, and exactly once. */
export async function propertiesFile({ bootstrap, folder }: SuiteRun): Promise<string> {
  const file = join(folder, 'streams.properties')
  const lines = [
    `bootstrap.servers=${bootstrap}`,
    'processing.guarantee=exactly_once_v2',
    'replication.factor=1',
    'auto.offset.reset=earliest',
    `state.dir=${join(folder, 'java-state')}`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

export async function javaArguments(program: readonly string[]): Promise<string[]> {
  const flags = ['-Xmx384m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
  return [...flags, '-cp', await systemTestJars(), ...program]
}
