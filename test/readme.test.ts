/**
 * Goal: what the README tells a stranger to type works. Method: each command in it must stand in the table below with a
 * way to run it; the program in it is run as written, on the embedded broker and, where one can be had, on Kafka.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { realKafka } from './kafka/broker.js'
import { userEnvironment } from './user-environment.js'

const readme = readFileSync('README.md', 'utf8')
const fences = [...readme.matchAll(/```(\w*)\n([\s\S]*?)```/g)].map(([, language, text]) => ({ language, text: text! }))

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', env: userEnvironment(env), timeout: 110_000 })
  // Without a log of its own an application tells its life on standard error: no part of what it prints, and nothing to warn about.
  const trouble = result.stderr.split('\n').filter((line) => !/^\S+ INFO millrace: /.test(line))
  return { status: result.status, output: `${result.stdout}${trouble.join('\n')}` }
}

/** Long-running commands are run by the test named; the others here, in the smallest size that shows that they work. */
const COMMANDS: Readonly<
  Record<string, { readonly testedBy: string } | { readonly args: readonly string[]; readonly says: RegExp }>
> = {
  'npm install millrace': { testedBy: 'test/package.test.ts' },
  'git clone <this repository> && cd millrace': { testedBy: '.ci/run' },
  'npm ci && npm start': { testedBy: 'test/personalization/cli/start.test.ts' },
  'npm test': { testedBy: 'scripts/test.ts' },
  'npm run kafka -- --port 9092': { testedBy: 'test/verify/kafka.test.ts' },
  'npm run broker -- --port 9092': { testedBy: 'test/broker/cli.test.ts' },
  'npm run conformance -- DIR': { testedBy: 'test/verify/conformance/cases.test.ts' },
  'npm run sim -- --seeds 20': { args: ['run', '-s', 'sim', '--', '--seeds', '2'], says: /^2 passed, 0 failed/m },
  'npm run differential -- --scripts 100': { testedBy: 'test/kafka/differential.test.ts' },
  'npm run chaos -- --faults all --rounds 50': { testedBy: 'test/kafka/chaos.test.ts' },
  'npm run suites -- --quick': { testedBy: 'test/verify/suites.test.ts' },
  'npm run bench -- count --vs java --json': { testedBy: 'test/kafka/bench.test.ts' },
}

t.setTimeout(300_000)

t.test('every command of the README is run by a test', async (t) => {
  const commands = fences
    .filter(({ language }) => language === '')
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')
  t.same(commands.sort(), Object.keys(COMMANDS).sort())
  for (const [command, how] of Object.entries(COMMANDS)) {
    if ('testedBy' in how) t.ok(existsSync(how.testedBy), `${command}: ${how.testedBy}`)
    else {
      const { status, output } = run('npm', how.args)
      t.equal(status, 0, `${command}: ${output.slice(-500)}`)
      t.match(output, how.says)
    }
  }
})

t.test('the flags of the README are flags of npm start', async (t) => {
  const { output } = run('npm', ['run', '-s', 'start', '--', '--help'])
  const table = readme.slice(readme.indexOf('| what | flags |'), readme.indexOf('`npm start -- --help`'))
  for (const [flag] of table.matchAll(/--[a-z][a-z-]*/g)) t.ok(output.includes(flag), flag)
})

/** The README's program as written, then one line in and its count out. */
function wordCount(word: string): string {
  const program = fences.find(({ language }) => language === 'js')!.text
  return `${program}
import { Producer, readTopic } from 'millrace'
const producer = new Producer({ connection })
await producer.send(lines, { value: '${word} twice ${word}' })
for await (const { records } of readTopic(connection, words, { until: 'never' })) {
  if (records.some(({ key, value }) => key === '${word}' && value === 2)) break
}
console.log('counted')
await producer.close()
await streams.close({ leaveGroup: true })
await connection.close?.()
process.exit(0)
`
}

t.test('the word count of the README runs on the embedded broker and on Kafka', { timeout: 120_000 }, async (t) => {
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'ignore', env: userEnvironment() })
  const folder = join('dist', 'readme-test')
  mkdirSync(folder, { recursive: true })
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'word-count.mjs')
  const word = `w${Date.now().toString(36)}`
  writeFileSync(file, wordCount(word))
  const program = fences.find(({ language }) => language === 'js')!.text
  t.ok(program.split('\n').filter((line) => line.trim() !== '').length <= 16, 'it stays short')
  t.match(run(process.execPath, [file], { BROKERS: '' }).output, /counted/)
  const kafka = await realKafka(t)
  if (kafka !== null) t.match(run(process.execPath, [file], { BROKERS: kafka.bootstrap }).output, /counted/)
})

t.test('the examples do what they say', { timeout: 60_000 }, async (t) => {
  t.match(run(process.execPath, ['examples/word-count.mjs']).output, /^the 4$/m)
  const charts = run(process.execPath, ['examples/charts.mjs']).output.trim().split('\n')
  t.same(charts.sort(), ['folk: Tailrace 2, Millstone 1', 'punk: Sluice 1'])
  t.same(run(process.execPath, ['examples/orders.mjs']).output.trim().split('\n'), [
    'accepted: o1 {"customer":"ann","item":"grain","email":"ann@example.com"}',
    'refused: o2 refused by stock',
    'refused: o3 there is no customer eve',
    'orders-dead: o4 grain for ann',
  ])
  const fastify = spawn(process.execPath, ['examples/fastify.mjs'], { env: userEnvironment({ PORT: '0' }) })
  t.teardown(() => fastify.kill('SIGKILL'))
  const address = await new Promise<string>((resolve, reject) => {
    fastify.once('exit', () => reject(new Error('examples/fastify.mjs ended')))
    fastify.stdout.on('data', (bytes) => {
      const found = /http:\S+/.exec(String(bytes))
      if (found !== null) resolve(found[0])
    })
  })
  for (let i = 0; i < 3; i++) await fetch(`${address}/pages/home/views`, { method: 'POST' })
  let views = 0
  for (const deadline = Date.now() + 10_000; views < 3 && Date.now() < deadline; ) {
    views = ((await (await fetch(`${address}/pages/home/views`)).json()) as { views: number }).views
  }
  t.equal(views, 3)
  const ended = new Promise((resolve) => fastify.once('exit', resolve))
  fastify.kill('SIGTERM')
  t.equal(await ended, 0)
})
