/** Goal: the tarball works where nothing else is. Method: pack it, install it in an empty folder, run a topology. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { userEnvironment } from './user-environment.js'

const MAX_INSTALLED_BYTES = 60 * 1024 * 1024

function sizeOf(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

/** Files of the package that no export and no command leads to. The page is loaded by a browser. */
function unreachable(paths: readonly string[]): string[] {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, string | { default: string }>
    bin: Record<string, string>
  }
  const entries = [...Object.values(manifest.exports), ...Object.values(manifest.bin)]
  const waiting = entries.map((entry) => join(typeof entry === 'string' ? entry : entry.default))
  const reached = new Set<string>()
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path) || !existsSync(path) || !/\.js$/.test(path)) continue
    reached.add(path)
    // Types lead on too: what a signature mentions must be there.
    for (const text of [path, path.replace(/\.js$/, '.d.ts')]
      .filter(existsSync)
      .map((name) => readFileSync(name, 'utf8'))) {
      for (const [, specifier] of text.matchAll(/['"](\.{1,2}\/[^'"\s]+\.js)['"]/g)) {
        waiting.push(join(dirname(path), specifier!))
      }
    }
  }
  return paths
    .filter((path) => /^dist\/.*\.js$/.test(path) && !path.startsWith('dist/lib/personalization/page/'))
    .filter((path) => !reached.has(path))
}

const PROGRAM = `
import { embeddedBroker, Streams, StreamsBuilder, string } from 'millrace'
import { TopologyTestDriver } from 'millrace/testing'
const builder = new StreamsBuilder()
builder.stream('in', { key: string, value: string }).mapValues((v) => v.toUpperCase()).to('out')
const topology = builder.build()
const driver = new TopologyTestDriver(topology)
driver.createInputTopic('in', string, string).pipe('k', 'works', 0)
console.log(driver.createOutputTopic('out', string, string).read().value)
const broker = await embeddedBroker({ folder: null })
broker.createTopic('in', 1)
broker.createTopic('out', 1)
const streams = new Streams(topology, { applicationId: 'app', broker, stateDir: 'state' })
await streams.start()
console.log(streams.state)
await streams.close()
const other = new Streams(topology, { applicationId: 'app', broker, stateDir: 'state', stateEngine: 'rocksdb' })
console.log(await other.start().catch((error) => error.code))
await broker.close()
`

t.setTimeout(300_000)

t.test('packed, installed and run in an empty folder', { timeout: 180_000 }, async (t) => {
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'ignore', env: userEnvironment() })
  const folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    encoding: 'utf8',
    env: userEnvironment(),
  })
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }]
  t.notOk(
    files.some(({ path }) => /^(test|bench|lib|scripts|verify)\/|^dist\/(bench|verify)\//.test(path)),
    'sources and tests stay at home, and what only proves',
  )
  t.same(unreachable(files.map(({ path }) => path)), [], 'every file can be reached by what is exported')
  const options = { cwd: folder, encoding: 'utf8', env: userEnvironment() } as const
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }')
  execFileSync('npm', ['install', '--no-audit', '--no-fund', `./${filename}`], options)
  const installed = sizeOf(join(folder, 'node_modules'))
  t.comment(`installed: ${(installed / 1024 / 1024).toFixed(1)} MiB`)
  t.ok(installed <= MAX_INSTALLED_BYTES, `${installed} bytes installed`)
  writeFileSync(join(folder, 'app.js'), PROGRAM)
  t.same(execFileSync(process.execPath, ['app.js'], options).trim().split('\n'), [
    'WORKS',
    'running',
    'STATE_ENGINE_MISSING',
  ])
})
