/** What the Dockerfile runs and copies, checked without a container engine. */

import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { sourceFiles } from './source-files.js'

interface Manifest {
  readonly dependencies: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly scripts: Record<string, string>
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const lines = readFileSync('Dockerfile', 'utf8')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
const stages = lines
  .join('\n')
  .split(/^FROM /m)
  .slice(1)
const [build = '', runtime = ''] = stages

function instruction(stage: string, name: string): string[] {
  return stage
    .split('\n')
    .filter((line) => line.startsWith(`${name} `))
    .map((line) => line.slice(name.length + 1))
}

t.test('the build stage copies what exists and runs scripts that exist', async (t) => {
  for (const copy of instruction(build, 'COPY')) {
    for (const source of copy.split(' ').slice(0, -1)) t.ok(existsSync(source), source)
  }
  for (const run of instruction(build, 'RUN')) {
    const script = run.match(/npm run ([\w-]+)/)?.[1]
    if (script !== undefined) t.ok(manifest.scripts[script], `npm run ${script}`)
    const file = run.match(/\bnode (scripts\/\S+)/)?.[1]
    if (file !== undefined) t.ok(existsSync(file), file)
  }
  const ignored = readFileSync('.dockerignore', 'utf8').split('\n')
  for (const needed of ['lib', 'schemas', 'scripts', '.npmrc']) t.notOk(ignored.includes(needed), `${needed} is sent`)
})

t.test('the image runs the compiled service as an unprivileged user with its state on a volume', async (t) => {
  t.equal(stages.length, 2)
  const entry = JSON.parse(instruction(runtime, 'ENTRYPOINT')[0] ?? '[]') as string[]
  t.equal(entry[0], 'node')
  const source = entry[1]?.replace(/^dist\//, '').replace(/\.js$/, '.ts') ?? ''
  t.ok(existsSync(source), `${source} compiles to ${entry[1]}`)
  t.same(instruction(runtime, 'USER'), ['node'])
  const [volume] = instruction(runtime, 'VOLUME')
  t.equal(entry[entry.indexOf('--state-dir') + 1], volume)
  t.ok(
    instruction(runtime, 'RUN').some((run) => run.includes(`mkdir -p -m 0700 ${volume} && chown node:node ${volume}`)),
    'only the user may read and write there',
  )
})

/** Folders below `folder` and itself that others than the owner can enter or read. */
function openToOthers(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const own = (statSync(folder).mode & 0o077) === 0 ? [] : [folder]
  return [...own, ...below.flatMap(({ name }) => openToOthers(join(folder, name)))]
}

t.test(
  'what the image runs answers on all addresses, and keeps its state to itself',
  { timeout: 120_000 },
  async (t) => {
    const [, program = '', ...flags] = JSON.parse(instruction(runtime, 'ENTRYPOINT')[0] ?? '[]') as string[]
    const [volume = ''] = instruction(runtime, 'VOLUME')
    const folder = join(t.testdir(), 'state')
    const source = program.replace(/^dist\//, '').replace(/\.js$/, '.ts')
    const args = flags.map((flag) => (flag === volume ? folder : flag))
    const child = spawn(process.execPath, ['--import=tsx', source, ...args, '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exit = new Promise((ended) => child.once('exit', ended))
    t.teardown(() => child.kill('SIGKILL'))
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const address = new URL(/http:\S+/.exec(String((await lines.next()).value))?.[0] ?? 'none:')
    t.match((await lines.next()).value, /any visitor may be any user/, 'the log says that it is a demonstration')
    const outside = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
    if (outside.length === 0) t.comment('this machine has no address besides its own')
    for (const host of ['127.0.0.1', ...outside.map((each) => each.address)]) {
      t.equal((await fetch(`http://${host}:${address.port}/health`)).status, 200, host)
    }
    t.same(openToOthers(folder), [])
    t.ok(readdirSync(folder).includes('broker') && readdirSync(folder).includes('tasks'))
    child.kill('SIGTERM')
    t.equal(await exit, 0)
  },
)

t.test('the health check asks the path and port that the service answers on by default', async (t) => {
  const [health = ''] = instruction(runtime, 'HEALTHCHECK')
  const url = new URL(health.match(/http:[^']+/)?.[0] ?? 'http://none')
  t.same(instruction(runtime, 'EXPOSE'), [url.port])
  const service = sourceFiles('lib/personalization')
  t.ok(
    service.some((file) => file.text.includes(`'${url.pathname}'`)),
    `a route ${url.pathname}`,
  )
  t.ok(
    service.some((file) => new RegExp(`\\b${url.port}\\b`).test(file.text.replaceAll('_', ''))),
    `port ${url.port}`,
  )
})

t.test('the health check command exits 0 on an answer and 1 without one', async (t) => {
  const [health = ''] = instruction(runtime, 'HEALTHCHECK')
  const [, ...command] = JSON.parse(health.slice(health.indexOf('['))) as string[]
  const unused = command.map((part) => part.replace('http://127.0.0.1:8080', 'http://127.0.0.1:9'))
  t.throws(() => execFileSync(process.execPath, unused, { stdio: 'ignore' }))
  const answering = command.map((part) => part.replace(/'http:[^']+'/, "'data:,healthy'"))
  t.doesNotThrow(() => execFileSync(process.execPath, answering, { stdio: 'ignore' }))
})

t.test('the manifest of the image has what the service loads, and no development tools', async (t) => {
  const folder = t.testdir({})
  copyFileSync('package.json', `${folder}/package.json`)
  execFileSync(process.execPath, [resolve('scripts/image-manifest.mjs')], { cwd: folder })
  const image = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest
  t.equal(image.devDependencies, undefined)
  const loaded = new Set(
    sourceFiles('lib')
      .filter((file) => !/^lib\/(testing|cli)\//.test(file.path))
      .flatMap((file) => file.imports.filter(({ typeOnly }) => !typeOnly).map(({ specifier }) => specifier))
      .filter((specifier) => !/^(\.|node:)/.test(specifier))
      .map((specifier) => specifier.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? specifier),
  )
  // The service keeps its state in LevelDB.
  loaded.delete('@nxtedition/rocksdb')
  t.same(
    [...loaded].filter((name) => image.dependencies[name] === undefined),
    [],
  )
})
