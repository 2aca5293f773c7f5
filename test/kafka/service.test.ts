import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { embeddedBroker } from '../../lib/index.js'
import type { Summary } from '../../lib/personalization/report/summary.js'
import { systemClock } from '../../lib/record/clock.js'
import { writeRees46 } from '../personalization/rees46-rows.js'
import { summaryOf } from '../personalization/service-run.js'
import { realKafka, uniqueName } from './broker.js'

const START = fileURLToPath(new URL('../../lib/personalization/cli/start.ts', import.meta.url))
const ROWS = 6_000

interface Life {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; out: string; err: string }>
}

function start(args: readonly string[]): Life {
  const child = spawn(process.execPath, ['--import=tsx', START, '--once', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout!.on('data', (text) => {
    out += text
  })
  child.stderr!.on('data', (text) => {
    err += text
  })
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }))
  })
  return { child, ended }
}

const wait = (ms: number) => new Promise<void>((resolve) => systemClock.setTimer(ms, resolve))

t.test('the service on real Kafka', { timeout: 300_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const folder = t.testdir()
  const broker = await embeddedBroker({ folder: null })
  const expected = await summaryOf({ connection: { broker }, name: 'calm', folder, rows: ROWS })
  await broker.close()
  const file = writeRees46(join(folder, 'input.csv'), ROWS)
  const common = ['--input', file, '--format', 'rees46', '--brokers', kafka.bootstrap, '--partitions', '4']

  t.test('makes the ids that it makes on the embedded broker', { timeout: 120_000 }, async (t) => {
    const name = uniqueName('service')
    const connection = { brokers: [kafka.bootstrap] }
    const summary = await summaryOf({ connection, name, folder: t.testdir(), rows: ROWS })
    t.same({ ...summary, recommender: null }, { ...expected, recommender: null })
  })

  t.test(
    'killed again and again, then two at once with one killed: the same ids, each once',
    { timeout: 120_000 },
    async (t) => {
      const name = uniqueName('killed')
      const args = [...common, '--application-id', name, '--topic-prefix', `${name}-`, '--speed', '1500']
      const state = (instance: string) => ['--state-dir', join(t.testdirName, instance)]
      t.testdir()
      for (const lifeMs of [2_500, 3_000, 2_700]) {
        const life = start([...args, ...state('a')])
        await wait(lifeMs)
        life.child.kill('SIGKILL')
        await life.ended
      }
      const [a, b] = [start([...args, ...state('a')]), start([...args, ...state('b')])]
      await wait(4_000)
      a.child.kill('SIGKILL')
      await a.ended
      const { code, out, err } = await b.ended
      t.equal(code, 0, err)
      const summary = JSON.parse(out.trim().split('\n').at(-1)!) as Summary
      t.equal(summary.decisionIdsSha256, expected.decisionIdsSha256)
      t.equal(summary.duplicateRecommendations, 0)
      t.equal(summary.events, ROWS)
    },
  )

  t.test('the kafkajs transport does the same', { timeout: 120_000 }, async (t) => {
    const name = uniqueName('kafkajs')
    const args = ['--transport', 'kafkajs', '--application-id', name, '--topic-prefix', `${name}-`]
    const { code, out, err } = await start([...common, ...args, '--state-dir', t.testdir()]).ended
    t.equal(code, 0, err)
    const summary = JSON.parse(out.trim().split('\n').at(-1)!) as Summary
    t.equal(summary.decisionIdsSha256, expected.decisionIdsSha256)
  })

  t.test('another input under the same prefix is one line and exit code 1', { timeout: 120_000 }, async (t) => {
    const name = uniqueName('other')
    const args = ['--application-id', name, '--topic-prefix', `${name}-`, '--brokers', kafka.bootstrap]
    const small = writeRees46(join(folder, 'small.csv'), 50)
    const input = (path: string) => ['--input', path, '--format', 'rees46', '--state-dir', t.testdirName]
    t.testdir()
    t.equal((await start([...args, ...input(small)]).ended).code, 0)
    const { code, err } = await start([...args, ...input(file)]).ended
    t.equal(code, 1)
    t.match(err.trim().split('\n'), [/^LOADER_INPUT_CONFLICT: /])
    t.equal(err.trim().split('\n').length, 1)
  })
})
