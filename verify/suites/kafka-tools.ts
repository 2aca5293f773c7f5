/**
 * The programs of Kafka's system tests: VerifiableProducer writes, TransactionalMessageCopier copies with random aborts and
 * is killed meanwhile, VerifiableConsumer reads back; each prints what it did as JSON lines.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, readAll } from '../../lib/index.js'
import { failure } from './processes.js'
import { createTopics, javaArguments } from './streams-smoke.js'
import { judged, type Outcome, type Suite, type SuiteRun } from './suite.js'

const COPIER = 'org.apache.kafka.tools.TransactionalMessageCopier'
const PRODUCER = 'org.apache.kafka.tools.VerifiableProducer'
const CONSUMER = 'org.apache.kafka.tools.VerifiableConsumer'
const MESSAGES = { full: 20_000, quick: 5_000 }
const LIMIT_SECONDS = 120
const KILLS = 2
/** A copier has started and copied a part by then. */
const COPY_MS = 2_500

export const kafkaTools: Suite = {
  name: 'kafka-tools',
  what: "Kafka's VerifiableProducer, TransactionalMessageCopier (killed meanwhile) and VerifiableConsumer",
  brokers: ['embedded', 'kafka'],
  tools: ['java', 'mvn'],
  quick: true,
  limitSeconds: 400,
  async run(run) {
    const messages = run.quick ? MESSAGES.quick : MESSAGES.full
    await createTopics(run.bootstrap, ['numbers', 'copies'], 1)
    const outcomes = [judged('VerifiableProducer: every message acknowledged', await produce(run, messages))]
    outcomes.push(...(await copy(run, messages)))
    outcomes.push(judged('VerifiableConsumer: every copy, committed', await consume(run, messages)))
    return outcomes
  },
}

async function produce(run: SuiteRun, messages: number): Promise<string | undefined> {
  const args = ['--topic', 'numbers', '--bootstrap-server', run.bootstrap]
  args.push('--max-messages', String(messages), '--acks', '-1', '--value-prefix', '1')
  const java = await javaArguments([PRODUCER, ...args])
  const ended = await run.processes.run('verifiable-producer', 'java', java, { limitSeconds: LIMIT_SECONDS })
  const acknowledged = ended.output.split('\n').filter((line) => line.includes('"name":"producer_send_success"')).length
  return failure(ended, 'the producer') ?? (acknowledged === messages ? undefined : `${acknowledged} of ${messages}`)
}

/** Copies in transactions until nothing remains; the first copiers are killed in the middle of it. */
async function copy(run: SuiteRun, messages: number): Promise<Outcome[]> {
  const args = ['--broker-list', run.bootstrap, '--transactional-id', 'copier', '--consumer-group', 'copiers']
  args.push('--input-topic', 'numbers', '--output-topic', 'copies', '--input-partition', '0')
  args.push('--transaction-size', '150', '--transaction-timeout', '10000', '--enable-random-aborts')
  const java = await javaArguments([COPIER, ...args, '--use-group-metadata'])
  for (let kill = 0; kill < (run.quick ? 1 : KILLS); kill++) {
    const copier = run.processes.start('killed-copier', 'java', java)
    await Promise.race([sleep(COPY_MS), copier.ended])
    copier.signal('SIGKILL')
    await copier.ended
  }
  const ended = await run.processes.run('copier', 'java', java, { limitSeconds: LIMIT_SECONDS })
  const problem = failure(ended, 'the copier') ?? (await comparedCopies(run, messages))
  return [judged('TransactionalMessageCopier: every message once, in order', problem)]
}

async function comparedCopies({ bootstrap }: SuiteRun, messages: number): Promise<string | undefined> {
  const cluster = connect({ brokers: [bootstrap] })
  try {
    const [numbers, copies] = await Promise.all(
      ['numbers', 'copies'].map(async (topic) => (await readAll({ cluster, topic })).map(({ value }) => String(value))),
    )
    if (numbers!.length !== messages) return `${numbers!.length} of ${messages} messages were there to be copied`
    const wrong = numbers!.findIndex((value, i) => copies![i] !== value)
    if (wrong >= 0) return `copy ${wrong} is ${copies![wrong]}, not ${numbers![wrong]}`
    return copies!.length === messages ? undefined : `${copies!.length} copies of ${messages} messages`
  } finally {
    await cluster.close()
  }
}

/** Reads the copies in a group and commits; what it says it committed is what there is. */
async function consume(run: SuiteRun, messages: number): Promise<string | undefined> {
  const args = ['--topic', 'copies', '--bootstrap-server', run.bootstrap, '--group-id', 'verifiable']
  args.push('--max-messages', String(messages), '--reset-policy', 'earliest')
  const java = await javaArguments([CONSUMER, ...args])
  const ended = await run.processes.run('verifiable-consumer', 'java', java, { limitSeconds: LIMIT_SECONDS })
  const said = ended.output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Event] : []))
  const consumed = said.reduce((sum, { name, count = 0 }) => (name === 'records_consumed' ? sum + count : sum), 0)
  const failed = said.find(({ name, success }) => name === 'offsets_committed' && success === false)
  if (failed !== undefined) return `a commit failed: ${JSON.stringify(failed)}`
  return failure(ended, 'the consumer') ?? (consumed === messages ? undefined : `${consumed} of ${messages} consumed`)
}

interface Event {
  readonly name: string
  readonly count?: number
  readonly success?: boolean
}
