/**
 * Goal: a process with hundreds of handlers at work is killed and loses and doubles nothing. Method: kill -9 at random
 * moments while the input is worked through; then every record must have come out once, per key in order, and the count
 * of every key must be the number of its records.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Admin, connect, int64, readAll, TransactionalProducer } from '../../lib/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { realKafka, uniqueName } from './broker.js'

const KEYS = 100
const RECORDS = 20_000
const KILLS = 5
const DEADLINE_MS = 60_000

t.setTimeout(180_000)

t.test('kill -9 amid asynchronous handlers', { timeout: 150_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const id = uniqueName('async-kill')
  const folder = await mkdtemp(join(tmpdir(), 'millrace-async-'))
  const cluster = connect({ brokers: [kafka.bootstrap] })
  let worker: ChildProcess | null = null
  t.teardown(async () => {
    worker?.kill('SIGKILL')
    await cluster.close()
    await rm(folder, { recursive: true, force: true })
  })
  await new Admin(cluster).createTopics(
    ['in', 'out', 'counts'].map((name) => ({ name: `${id}-${name}`, partitions: name === 'in' ? 1 : 2 })),
  )
  await load(kafka.bootstrap, id)

  const random = seededRandom(id)
  let interrupted = 0
  for (let life = 0; life <= KILLS; life++) {
    worker = await started(kafka.bootstrap, id, folder)
    if (life === KILLS) break
    const target = ((life + 1) * RECORDS) / (KILLS + 2)
    const out = () => readAll({ cluster, topic: `${id}-out` })
    await until(async () => (await out()).length >= target)
    await sleep(random.int(30))
    worker.kill('SIGKILL')
    const done = (await out()).length
    if (done > 0 && done < RECORDS) interrupted++
  }
  await until(async () => (await readAll({ cluster, topic: `${id}-counts` })).length >= RECORDS)
  const out = await readAll({ cluster, topic: `${id}-out` })
  t.ok(interrupted >= KILLS - 1, `${interrupted} of ${KILLS} kills came amid the work`)
  const expected = Array.from({ length: KEYS }, (_, key) =>
    Array.from({ length: RECORDS / KEYS }, (_, i) => key + i * KEYS),
  )
  const got = expected.map((_, key) =>
    out.filter((record) => String(record.key) === `k${key}`).map(({ value }) => int64.deserialize(value!, '')),
  )
  t.same(got, expected, 'every record once, per key in order')
  const counts = await readAll({ cluster, topic: `${id}-counts` })
  const last = new Map(counts.map(({ key, value }) => [String(key), int64.deserialize(value!, '')]))
  t.same([...last.values()], Array(KEYS).fill(RECORDS / KEYS), 'the store never counted what was not committed')
})

async function load(bootstrap: string, id: string): Promise<void> {
  const cluster = connect({ brokers: [bootstrap] })
  const producer = new TransactionalProducer({ cluster, transactionalId: `${id}-load` })
  await producer.init()
  producer.begin()
  for (let i = 0; i < RECORDS; i++) {
    await producer.append({ topic: `${id}-in`, key: Buffer.from(`k${i % KEYS}`), value: int64.serialize(i, '') })
  }
  await producer.commit()
  await cluster.close()
}

function started(bootstrap: string, id: string, folder: string): Promise<ChildProcess> {
  const worker = fork(fileURLToPath(new URL('./async-worker.ts', import.meta.url)), [bootstrap, id, folder], {
    execArgv: ['--import=tsx'],
  })
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(worker))
    worker.once('exit', (code) => reject(new Error(`the worker ended with exit code ${code}`)))
  })
}

/** What never comes true fails by what is checked next. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await sleep(20)) if (await holds()) return
}
