/**
 * The programs of Kafka's system tests: VerifiableProducer writes, TransactionalMessageCopier copies with random aborts
 * and is killed in between, VerifiableConsumer reads the result. Each prints JSON lines.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, readAll } from '../../lib/index.js'
import { failure, saidIn } from './processes.js'
import { createTopics, javaArguments } from './streams-smoke.js'
import { judged, type Suite, type SuiteRun } from './suite.js'

const COPIER = 'org.apache.kafka.tools.TransactionalMessageCopier'
const PRODUCER = 'org.apache.kafka.tools.VerifiableProducer'
const CONSUMER = 'org.apache.kafka.tools.VerifiableConsumer'
const MESSAGES = { full: 20_000, quick: 5_000 }
const LIMIT_SECONDS = 120
const PARTITIONS = 2
/** A copier that has said nothing by then is killed all the same. */
const KILL_AFTER_MS = 20_000

export const kafkaTools: Suite = {
  name: 'kafka-tools',
  what: "Kafka's VerifiableProducer, TransactionalMessageCopier (killed several times) and VerifiableConsumer",
  brokers: ['embedded', 'kafka'],
  tools: ['java', 'mvn'],
  quick: true,
  limitSeconds: 400,
  async run(run) {
    const messages = run.quick ? MESSAGES.quick : MESSAGES.full
    await createTopics(run.bootstrap, ['numbers', 'copies', 'group-copies'], PARTITIONS)
    return [
      judged('VerifiableProducer: every message acknowledged', await produce(run, messages)),
      judged('TransactionalMessageCopier: every message once, in order', await copy(run, messages, false)),
      judged('the same in a group', await copy(run, messages, true)),
      judged('VerifiableConsumer: every copy, committed', await consume(run, messages)),
    ]
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

/**
 * One copier for each partition, or as many in a group; all are killed in the middle of their work, and others with the same
 * transactional ids finish it.
 */
async function copy(run: SuiteRun, messages: number, inGroup: boolean): Promise<string | undefined> {
  const output = inGroup ? 'group-copies' : 'copies'
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
  const copiers = await Promise.all(partitions.map((partition) => copierArguments(run, output, partition, inGroup)))
  const killed = copiers.map((java) => run.processes.start(`killed-${output}`, 'java', java))
  for (const copier of killed) {
    await Promise.race([saidIn(copier, 'ProcessLoop'), copier.ended, sleep(KILL_AFTER_MS)])
    copier.signal('SIGKILL')
    await copier.ended
  }
  const limits = { limitSeconds: LIMIT_SECONDS }
  const ends = await Promise.all(copiers.map((java) => run.processes.run(output, 'java', java, limits)))
  const problems = ends.map((ended, i) => failure(ended, `copier ${i}`))
  return problems.find((problem) => problem !== undefined) ?? comparedCopies(run, output, messages)
}

function copierArguments(run: SuiteRun, output: string, partition: number, inGroup: boolean): Promise<string[]> {
  const args = ['--broker-list', run.bootstrap, '--transactional-id', `${output}-${partition}`]
  args.push('--consumer-group', `${output}-copiers`, '--input-topic', 'numbers', '--output-topic', output)
  args.push('--input-partition', String(partition), '--transaction-size', '150', '--transaction-timeout', '10000')
  args.push('--enable-random-aborts', '--use-group-metadata', ...(inGroup ? ['--group-mode'] : []))
  return javaArguments([COPIER, ...args])
}

/** Copies are in the partition of what they copy. */
async function comparedCopies({ bootstrap }: SuiteRun, topic: string, messages: number): Promise<string | undefined> {
  const cluster = connect({ brokers: [bootstrap] })
  try {
    const [numbers, copies] = await Promise.all(
      ['numbers', topic].map(async (name) =>
        (await readAll({ cluster, topic: name })).map(({ value }) => String(value)),
      ),
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
