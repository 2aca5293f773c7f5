/** User code that really holds the main thread up, longer than the session, with the broker in another process. */
import { spawn } from 'node:child_process'
import t, { type Test } from 'tap'
import { Progress } from '../../lib/client/heartbeat/progress.js'
import { heartbeatsBeside } from '../../lib/client/heartbeat/thread/thread-heartbeats.js'
import {
  Admin,
  type Cluster,
  connect,
  readAll,
  Streams,
  StreamsBuilder,
  string,
  systemClock,
  TransactionalProducer,
} from '../../lib/index.js'
import { silentLog } from '../../lib/telemetry/log.js'

t.setTimeout(120_000)

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** The broker as a process of its own: its clock goes on while this thread stands still. */
async function brokerProcess(t: Test): Promise<string> {
  const child = spawn(process.execPath, ['--import=tsx', 'lib/cli/broker.ts', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill())
  for await (const chunk of child.stdout) {
    const address = /answers at (\S+),/.exec(String(chunk))?.[1]
    if (address !== undefined) return address
  }
  throw new Error('the broker did not start')
}

/** Resolves when the process's thread for heartbeats runs: a stranger's heartbeat has been refused. */
async function threadRuns(cluster: Cluster): Promise<void> {
  const make = await heartbeatsBeside({ cluster, clock: systemClock, log: silentLog, progress: new Progress() })
  const who = { groupId: 'strangers', groupInstanceId: null }
  const times = { sessionTimeoutMs: 60_000, heartbeatIntervalMs: 10, maxPollIntervalMs: 60_000 }
  await new Promise<void>((resolve, reject) => {
    const heartbeats = make({ ...who, ...times }, { onRefused: () => heartbeats.close().then(resolve), onLost: reject })
    heartbeats.start({ ...who, memberId: 'nobody', generationId: 1 })
  })
}

async function blockedLoop(t: Test, settings: { readonly maxPollIntervalMs?: number }, blockMs: number) {
  const brokers = [await brokerProcess(t)]
  const cluster = connect({ brokers })
  t.teardown(() => cluster.close())
  await new Admin(cluster).createTopics(['in', 'out'].map((name) => ({ name, partitions: 1 })))
  const producer = new TransactionalProducer({ cluster, transactionalId: 'input' })
  await producer.init()
  let calls = 0
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .mapValues(
      (value) => {
        if (value === 'slow' && ++calls === 1) block(blockMs)
        return value
      },
      { name: 'think' },
    )
    .to('out')
  const errors: object[] = []
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    brokers,
    sessionTimeoutMs: 6_000,
    heartbeatIntervalMs: 300,
    transactionTimeoutMs: 60_000,
    log: { ...silentLog, error: (fields: object) => errors.push(fields) },
    ...settings,
  })
  t.teardown(() => streams.close().catch(() => undefined))
  await streams.start()
  await threadRuns(cluster)
  producer.begin()
  for (const value of ['fast', 'slow', 'after']) {
    await producer.append({ topic: 'in', key: Buffer.from('k'), value: Buffer.from(value) })
  }
  await producer.commit()
  const output = async () => (await readAll({ cluster, topic: 'out' })).map(({ value }) => String(value))
  while ((await output()).length < 3) await new Promise((resolve) => setImmediate(resolve))
  return { output: await output(), calls, errors }
}

t.test('a record longer than the session: the group keeps the member', async (t) => {
  const { output, calls, errors } = await blockedLoop(t, {}, 9_000)
  t.same(output, ['fast', 'slow', 'after'])
  t.equal(calls, 1, 'processed once')
  t.same(errors, [])
})

t.test('a record longer than maxPollIntervalMs: the member leaves, the record is named, nothing doubled', async (t) => {
  const { output, calls, errors } = await blockedLoop(t, { maxPollIntervalMs: 3_000 }, 6_000)
  t.same(output, ['fast', 'slow', 'after'])
  t.equal(calls, 2, 'its first run was not committed')
  t.match(errors, [
    { code: 'GROUP_POLL_INTERVAL', taskId: '0_0', topic: 'in', partition: 0, offset: Number, node: /think/ },
  ])
})
