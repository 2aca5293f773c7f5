/** Kafka's own command line tools against the embedded broker, on the machine's Java. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { isMillraceError } from '../../lib/errors.js'
import { KAFKA_VERSION } from '../../verify/kafka/broker.js'
import { commandWorks, kafkaJars } from '../../verify/kafka/jars.js'
import { startedBroker } from './started.js'

const PRODUCER = 'org.apache.kafka.tools.ConsoleProducer'
const CONSUMER = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
const TOPICS = 'org.apache.kafka.tools.TopicCommand'
const GROUPS = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'

/** The class path, or why there is none. */
async function classPath(): Promise<{ jars: string } | { missing: string }> {
  if (!(await commandWorks('java', '-version'))) return { missing: 'there is no Java' }
  try {
    return { jars: join(await kafkaJars(process.env.KAFKA_VERSION ?? KAFKA_VERSION), '*') }
  } catch (error) {
    if (isMillraceError(error, 'KAFKA_UNAVAILABLE')) return { missing: error.message }
    throw error
  }
}

function runTool(jars: string, main: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const flags = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
    const child = spawn('java', [...flags, '-cp', jars, main, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (bytes) => output.push(bytes))
    child.stderr.on('data', (bytes) => errors.push(bytes))
    child.once('error', reject)
    child.once('close', (code) => {
      const text = Buffer.concat(output).toString()
      if (code === 0) resolve(text)
      else reject(new Error(`${main} ended with ${code}: ${Buffer.concat(errors).toString().slice(-2_000)}${text}`))
    })
    child.stdin.end(input)
  })
}

t.test('kafka-topics, console producer and consumer, kafka-consumer-groups', { timeout: 120_000 }, async (t) => {
  const found = await classPath()
  if ('missing' in found) {
    if (process.env.REQUIRE_KAFKA === '1') throw new Error(`REQUIRE_KAFKA=1, but ${found.missing}`)
    t.pass("Kafka's own tools", { skip: `Kafka's own tools: ${found.missing}` })
    return
  }
  const { bootstrap, reports } = await startedBroker(t)
  const at = ['--bootstrap-server', bootstrap]
  const tool = (main: string, args: readonly string[], input?: string) =>
    runTool(found.jars, main, [...at, ...args], input)

  const created = await tool(TOPICS, [
    '--create',
    '--topic',
    'lines',
    '--partitions',
    '3',
    '--config',
    'retention.ms=-1',
  ])
  t.match(created, 'Created topic lines.')
  const described = await tool(TOPICS, ['--describe', '--topic', 'lines'])
  t.match(described, /PartitionCount: 3\s+ReplicationFactor: 1\s+Configs: .*retention.ms=-1/)
  await tool(TOPICS, ['--alter', '--topic', 'lines', '--partitions', '4'])
  t.match(await tool(TOPICS, ['--list']), /^lines$/m)

  const lines = Array.from({ length: 25 }, (_, i) => `line ${i}`)
  await tool(PRODUCER, ['--topic', 'lines'], `${lines.join('\n')}\n`)
  const consumed = await tool(CONSUMER, [
    ...['--topic', 'lines', '--from-beginning', '--group', 'console', '--max-messages', '25'],
    ...['--command-property', 'isolation.level=read_committed', '--timeout-ms', '30000'],
  ])
  t.same(consumed.trim().split('\n').sort(), [...lines].sort(), 'what went in comes out')

  t.match(await tool(GROUPS, ['--list']), /^console$/m)
  const lag = await tool(GROUPS, ['--describe', '--group', 'console'])
  t.match(lag, /console\s+lines\s+\d\s+(\d+)\s+\1\s+0/, 'no lag')
  const reset = ['--reset-offsets', '--group', 'console', '--topic', 'lines', '--to-earliest', '--execute']
  t.match(await tool(GROUPS, reset), /console\s+lines\s+\d\s+0/)
  t.match(await tool(GROUPS, ['--delete', '--group', 'console']), /successful/)

  await tool(TOPICS, ['--delete', '--topic', 'lines'])
  t.notMatch(await tool(TOPICS, ['--list']), /^lines$/m)
  t.same(reports, [])
})
