/**
 * Kafka Streams' system test StreamsEosTest: Kafka's generator writes until it is stopped; its verifier then compares every
 * single update of the application, on Millrace, with the committed input.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin, connect } from '../../lib/index.js'
import { failure, type Processes, type Running } from './processes.js'
import { RestartedApp } from './restarts.js'
import { createTopics, javaArguments, propertiesFile } from './streams-smoke.js'
import { judged, type Outcome, type Suite, type SuiteRun } from './suite.js'

const MAIN = 'org.apache.kafka.streams.tests.StreamsEosTest'
const PARTITIONS = 5
const TOPICS = ['data', 'echo', 'min', 'sum', 'repartition', 'max', 'cnt']
const GENERATE_MS = { full: 60_000, quick: 20_000 }
const CATCH_UP_LIMIT_MS = 90_000
const POLL_MS = 500
/** The verifier gives up by itself after 10 minutes without anything new. */
const VERIFY_LIMIT_SECONDS = 240

export const streamsEos: Suite = eosSuite('streams-eos', false)
export const streamsEosComplex: Suite = eosSuite('streams-eos-complex', true)

function eosSuite(name: string, complex: boolean): Suite {
  const which = complex ? 'process-complex and verify-complex' : 'process and verify'
  return {
    name,
    what: `Kafka's StreamsEosTest (run, ${which}), on Millrace, with kills`,
    brokers: ['embedded', 'kafka'],
    tools: ['java', 'mvn'],
    quick: !complex,
    limitSeconds: 600,
    run: (run) => runEos(run, complex),
  }
}

async function runEos(run: SuiteRun, complex: boolean): Promise<Outcome[]> {
  await createTopics(run.bootstrap, TOPICS, PARTITIONS)
  const generator = await startGenerator(run)
  const app = new RestartedApp(run, { app: 'eos', args: complex ? ['--complex'] : [], instances: 2 })
  app.start()
  await app.killUntil(sleep(run.quick ? GENERATE_MS.quick : GENERATE_MS.full))
  generator.signal('SIGTERM')
  const { output } = await generator.ended
  const produced = /^(\d+) records produced$/m.exec(output.split('\n').reverse().join('\n'))?.[1]
  const behind = await untilCaughtUp(run.bootstrap, complex ? ['data', 'repartition'] : ['data'])
  const stopped = await app.stop()
  const verdict = await verify(run, run.processes, complex ? 'verify-complex' : 'verify')
  return [
    judged('all input is processed after the last kill', behind),
    judged('instances run until they are closed', stopped),
    judged(`every update of ${produced ?? 'some'} records, ${app.kills} kills`, verdict),
  ]
}

async function startGenerator(run: SuiteRun): Promise<Running> {
  const args = await javaArguments([MAIN, await propertiesFile(run), 'run'])
  return run.processes.start('eos-run', 'java', args)
}

async function verify(run: SuiteRun, processes: Processes, command: string): Promise<string | undefined> {
  const args = await javaArguments([MAIN, await propertiesFile(run), command])
  const ended = await processes.run(`eos-${command}`, 'java', args, { limitSeconds: VERIFY_LIMIT_SECONDS })
  if (ended.output.split('\n').includes('ALL-RECORDS-DELIVERED')) return failure(ended, 'the verifier')
  const why = ended.output.split('\n').find((line) => /Exception|FAIL/.test(line)) ?? 'no ALL-RECORDS-DELIVERED'
  return why.slice(0, 400)
}

/** The verifier wants an offset of every partition. What is missing after the limit, or undefined. */
async function untilCaughtUp(bootstrap: string, topics: readonly string[]): Promise<string | undefined> {
  const cluster = connect({ brokers: [bootstrap] })
  const admin = new Admin(cluster)
  const numbers = Array.from({ length: PARTITIONS }, (_, partition) => partition)
  const partitions = topics.flatMap((topic) => numbers.map((partition) => ({ topic, partition })))
  try {
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      const ends = await admin.listOffsets(partitions, 'latest', 'readCommitted')
      const committed = await admin.groupOffsets('EosTest', partitions)
      const behind = ends.filter(({ topic, partition, offset }) => {
        const at = committed.find((other) => other.topic === topic && other.partition === partition)
        // The marker of the last transaction is after the last record.
        return at === undefined || at.offset < 0 || offset - at.offset > 1
      })
      if (behind.length === 0) return undefined
      const names = behind.map(({ topic, partition }) => `${topic}-${partition}`).join(', ')
      if (waitedMs >= CATCH_UP_LIMIT_MS) return `${names} still behind after ${CATCH_UP_LIMIT_MS / 1_000} s`
      await sleep(POLL_MS)
    }
  } finally {
    await cluster.close()
  }
}
