/**
 * Goal: what docs/from-kafkajs.md shows works, on both sides. Method: its programs are run as they are, on an embedded broker
 * that listens on a TCP port; both ways of counting must give the same counts.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import t from 'tap'
import { Admin } from '../../lib/client/admin.js'
import { Producer } from '../../lib/client/producer/plain-producer.js'
import { readTopic } from '../../lib/client/reader.js'
import { connect, embeddedBroker, Streams, StreamsBuilder, silentLog, string } from '../../lib/index.js'
import { userEnvironment } from '../user-environment.js'

/** Below dist, so that `millrace` is this package, and kafkajs the one installed here. */
const FOLDER = join('dist', 'docs-from-kafkajs', String(process.pid))
const PAGES = ['home', 'about', 'home', 'home', 'about', 'jobs']
const COUNTS = { home: '3', about: '2', jobs: '1' }

t.setTimeout(300_000)

const fences = readFileSync('docs/from-kafkajs.md', 'utf8').matchAll(/^```js (\S+)\n([\s\S]*?)^```$/gm)
const programs = new Map([...fences].map(([, name, text]) => [name!, text!]))

async function ended(program: ChildProcess): Promise<number | null> {
  if (program.exitCode !== null) return program.exitCode
  return new Promise((resolve) => program.once('exit', resolve))
}

t.before(() => {
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'ignore', env: userEnvironment() })
  mkdirSync(FOLDER, { recursive: true })
})
t.teardown(() => rmSync(FOLDER, { recursive: true, force: true }))

for (const name of ['before.mjs', 'after.mjs', 'transport.mjs']) {
  t.test(`${name} does what the page says`, { timeout: 120_000 }, async (t) => {
    const broker = await embeddedBroker({ folder: null })
    t.teardown(() => broker.close())
    const { port } = await broker.listen({ host: '127.0.0.1', port: 0 })
    const cluster = connect({ broker })
    t.teardown(() => cluster.close())
    await new Admin(cluster).createTopics(['views', 'views-per-page'].map((topic) => ({ name: topic, partitions: 2 })))
    const producer = new Producer({ cluster })
    await Promise.all(PAGES.map((page) => producer.send('views', { key: Buffer.from(page), value: Buffer.from('') })))
    await producer.close()

    writeFileSync(join(FOLDER, name), programs.get(name)!)
    const env = userEnvironment({ BROKERS: `127.0.0.1:${port}`, KAFKAJS_NO_PARTITIONER_WARNING: '1' })
    const program = spawn(process.execPath, [name], { cwd: FOLDER, env })
    t.teardown(() => program.kill('SIGKILL'))
    let output = ''
    let errors = ''
    program.stdout.on('data', (bytes) => {
      output += String(bytes)
    })
    program.stderr.on('data', (bytes) => {
      errors += String(bytes)
    })
    if (name === 'transport.mjs') {
      t.equal(await ended(program), 0, errors)
      t.equal(output, '2 partitions\n')
      return
    }
    const counts: Record<string, string> = {}
    const isOver = new AbortController()
    program.once('exit', () => isOver.abort())
    for await (const { records } of readTopic({
      cluster,
      topic: 'views-per-page',
      until: 'never',
      signal: isOver.signal,
    })) {
      for (const { key, value } of records) counts[String(key)] = String(value)
      if (JSON.stringify(Object.entries(counts).sort()) === JSON.stringify(Object.entries(COUNTS).sort())) break
    }
    t.same(counts, COUNTS, errors)
    program.kill('SIGTERM')
    t.equal(await ended(program), 0, errors)
  })
}

t.test('an instance continues where a kafkajs group has stopped', { timeout: 60_000 }, async (t) => {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const { port } = await broker.listen({ host: '127.0.0.1', port: 0 })
  broker.createTopic('in', 1)
  broker.createTopic('out', 1)
  const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING })
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 'in', messages: [{ value: 'one' }, { value: 'two' }] })
  const consumer = kafka.consumer({ groupId: 'mover', maxWaitTimeInMs: 10 })
  await consumer.connect()
  await consumer.subscribe({ topic: 'in', fromBeginning: true })
  const read: string[] = []
  await new Promise<void>((resolve) => {
    consumer.on(consumer.events.COMMIT_OFFSETS, () => resolve())
    void consumer.run({
      autoCommitThreshold: 2,
      eachMessage: async ({ message }) => void read.push(`${message.value}`),
    })
  })
  await consumer.disconnect()
  t.same(read, ['one', 'two'])
  await producer.send({ topic: 'in', messages: [{ value: 'three' }] })
  await producer.disconnect()

  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: string }).to('out')
  const streams = new Streams(builder.build(), { applicationId: 'mover', broker, log: silentLog })
  const first = new Promise<string>((resolve) => {
    streams.onCommitted('out', ([record]) => resolve(String(record?.value)))
  })
  await streams.start()
  t.equal(await first, 'three')
  await streams.close()
})
