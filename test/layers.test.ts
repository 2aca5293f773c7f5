/** Imports point one way: the drawing in the architecture notes, as a table that every import of lib is held against. */

import { readFileSync } from 'node:fs'
import t from 'tap'
import { type SourceFile, sourceFile, sourceFiles, target } from './source-files.js'

/** Part of lib → the parts directly to its right. What those may import, it may import too. */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  cli: ['index', 'personalization', 'testing'],
  personalization: ['index'],
  index: ['dsl', 'streams', 'client', 'embedded-broker', 'config'],
  streams: ['runtime', 'client', 'config'],
  'embedded-broker': ['broker', 'config'],
  dsl: ['topology'],
  runtime: ['task', 'client', 'config'],
  task: ['operators', 'client'],
  // Operators are built from the topology's nodes, which are plain data.
  operators: ['state', 'topology', 'windows', 'serde'],
  // A topology declares stores by their kinds, which are rows of the state: decision record 0007.
  topology: ['windows', 'serde', 'state'],
  broker: ['protocol', 'state'],
  // A topic with its serdes is what readers and producers take.
  client: ['protocol', 'transport', 'serde'],
  state: ['serde'],
  // A windowed key holds a window.
  serde: ['windows'],
  // The names of the engines.
  config: ['state'],
  windows: [],
  protocol: [],
  transport: [],
  telemetry: ['record'],
  record: ['errors'],
  errors: [],
}

/** Open to everybody. */
const OPEN = ['record', 'errors', 'telemetry']

const KAFKA_CLIENTS = ['@platformatic/kafka', 'kafkajs']
const NATIVE_STORES = [
  'level',
  'classic-level',
  'abstract-level',
  'memory-level',
  'leveldown',
  '@nxtedition/rocksdb',
  'lmdb',
]

function partOf(path: string): string {
  return path.match(/^lib\/([^/.]+)/)?.[1] ?? path
}

function allowed(part: string, seen = new Set<string>()): Set<string> {
  if (part === 'testing')
    return new Set(Object.keys(EDGES).filter((name) => name !== 'cli' && name !== 'personalization'))
  for (const next of [...(EDGES[part] ?? []), ...OPEN]) {
    if (seen.has(next)) continue
    seen.add(next)
    if (!OPEN.includes(next)) for (const further of allowed(next, seen)) seen.add(further)
  }
  return seen
}

/** Every import of `files` that goes against the arrows, as text. */
function wrongDirections(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const part = partOf(file.path)
    const reach = allowed(part)
    return file.imports.flatMap(({ specifier, line }) => {
      if (!specifier.startsWith('.')) return []
      const other = partOf(target(file.path, specifier))
      return other === part || reach.has(other) ? [] : [`${file.path}:${line} imports ${other}`]
    })
  })
}

const lib = sourceFiles('lib')

function packagesOf(file: SourceFile): { name: string; line: number }[] {
  return file.imports
    .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map(({ specifier, line }) => ({ name: specifier.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? specifier, line }))
}

function naming(names: readonly string[], owner: RegExp): string[] {
  return lib
    .filter((file) => !owner.test(file.path))
    .flatMap((file) => packagesOf(file).map((used) => ({ path: file.path, ...used })))
    .filter(({ name }) => names.includes(name))
    .map(({ path, name, line }) => `${path}:${line} names ${name}`)
}

t.test('every part of lib is in the table', async (t) => {
  const parts = new Set(lib.map((file) => partOf(file.path)))
  const unknown = [...parts].filter((part) => part !== 'testing' && EDGES[part] === undefined)
  t.same(unknown, [])
})

t.test('imports follow the arrows', async (t) => {
  t.same(wrongDirections(lib), [])
})

t.test('the topology sees of the state only the kinds of stores', async (t) => {
  const others = lib
    .filter((file) => ['topology', 'dsl'].includes(partOf(file.path)))
    .flatMap((file) =>
      file.imports
        .filter(({ specifier, typeOnly }) => !typeOnly && /\/state\//.test(specifier))
        .filter(({ specifier }) => target(file.path, specifier) !== 'lib/state/stores/index.ts')
        .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}`),
    )
  t.same(others, [])
})

t.test('the configuration sees of the state only the names of the engines', async (t) => {
  const others = lib
    .filter((file) => partOf(file.path) === 'config')
    .flatMap((file) =>
      file.imports.filter(({ specifier }) => /\/state\//.test(specifier)).map(({ specifier }) => specifier),
    )
    .filter((specifier) => !specifier.endsWith('/state/engine/index.js'))
  t.same(others, [])
})

t.test('the check sees what it should', async (t) => {
  const rows: [string, string, number][] = [
    ['lib/dsl/a.ts', "import { x } from '../topology/b.js'", 0],
    ['lib/dsl/a.ts', "import { x } from '../record/b.js'", 0],
    ['lib/task/a.ts', "import { x } from '../serde/b.js'", 0],
    ['lib/personalization/a.ts', "import { x } from '../topology/b.js'", 0],
    ['lib/testing/a.ts', "import { x } from '../broker/b.js'", 0],
    ['lib/topology/a.ts', "import { x } from '../dsl/b.js'", 1],
    ['lib/topology/a.ts', "import type { X } from '../runtime/b.js'", 1],
    ['lib/operators/a.ts', "import {\n  x,\n} from '../client/b.js'", 1],
    ['lib/transport/a.ts', "const { x } = await import('../broker/b.js')", 1],
    ['lib/broker/a.ts', "import { x } from '../client/b.js'", 1],
    ['lib/runtime/a.ts', "import { x } from '../testing/b.js'", 1],
    ['lib/testing/a.ts', "import { x } from '../personalization/b.js'", 1],
    ['lib/errors.ts', "import { x } from './config.js'", 1],
    ['lib/task/a.ts', "// import { x } from '../runtime/b.js'", 0],
  ]
  for (const [path, text, wrong] of rows) t.equal(wrongDirections([sourceFile(path, text)]).length, wrong, text)
})

t.test('streams loads the embedded broker only when it is used', async (t) => {
  const eager = lib
    .filter((file) => ['streams', 'embedded-broker'].includes(partOf(file.path)))
    .flatMap((file) =>
      file.imports.filter(({ specifier, typeOnly, lazy }) => /\/broker\//.test(specifier) && !typeOnly && !lazy),
    )
  t.same(eager, [])
})

t.test('only transport names a Kafka client', async (t) => {
  t.same(naming(KAFKA_CLIENTS, /^lib\/transport\//), [])
})

t.test('only the engines name a native store', async (t) => {
  t.same(naming(NATIVE_STORES, /^lib\/state\/engine\/[^/]*-engine\.ts$/), [])
})

t.test('the library itself imports only its dependencies; an optional peer is loaded when asked for', async (t) => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }
  const foreign = lib
    .filter((file) => !/^lib\/(cli|personalization)\//.test(file.path))
    .flatMap((file) =>
      file.imports
        .filter(({ specifier, typeOnly, lazy }) => !/^(\.|node:)/.test(specifier) && !typeOnly && !lazy)
        .map(({ specifier }) => specifier.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? specifier)
        .filter((name) => manifest.dependencies[name] === undefined)
        .map((name) => `${file.path} imports ${name}`),
    )
  t.same(foreign, [])
})

t.test('nothing imports what only proves it', async (t) => {
  const users = ['lib', 'examples']
    .flatMap(sourceFiles)
    .flatMap((file) =>
      file.imports
        .filter(({ specifier }) => specifier.startsWith('.') && target(file.path, specifier).startsWith('verify/'))
        .map(({ line }) => `${file.path}:${line}`),
    )
  t.same(users, [])
})

t.test('examples import the package, never its files', async (t) => {
  const inside = sourceFiles('examples').flatMap((file) =>
    file.imports.filter(({ specifier }) => /\/(lib|dist)\//.test(specifier)).map(({ line }) => `${file.path}:${line}`),
  )
  t.same(inside, [])
})

t.test('the service imports of the library its public entry, and nothing else', async (t) => {
  const inside = lib
    .filter((file) => partOf(file.path) === 'personalization')
    .flatMap((file) =>
      file.imports
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier, line }) => ({ line, to: target(file.path, specifier), path: file.path }))
        .filter(({ to }) => partOf(to) !== 'personalization' && !/^lib\/index(\.ts|\.js)?$/.test(to))
        .map(({ path, line, to }) => `${path}:${line} imports ${to}`),
    )
  t.same(inside, [])
})
