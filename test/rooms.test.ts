/** Rooms as a test: where a file stands, what it is called, and what it lets out. */

import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { type SourceFile, sourceFile, sourceFiles, target } from './source-files.js'

const lib = sourceFiles('lib')
const verify = sourceFiles('verify')
const users = [...lib, ...verify, ...['bench', 'examples', 'scripts'].flatMap(sourceFiles)]
const tests = sourceFiles('test')

/** Rooms whose files are the members of one registry and carry its names, which the field gives. */
const REGISTRIES = ['lib/operators', 'lib/protocol/api', 'lib/broker/api']
/** Words that begin a name without dividing it: a stream or a table is what an operator works on, a key value is one word. */
const WHOLE_WORDS = ['stream', 'table', 'key']

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\..*$/, '')
}

/** Folder and prefix, for each prefix that three files of one folder share. */
function sharedPrefixes(paths: readonly string[]): string[] {
  const seen = new Map<string, Set<string>>()
  for (const path of paths) {
    const folder = folderOf(path)
    if (REGISTRIES.includes(folder)) continue
    const [prefix = ''] = nameOf(path).split('-')
    if (WHOLE_WORDS.includes(prefix)) continue
    const place = `${folder}/${prefix}`
    seen.set(place, (seen.get(place) ?? new Set()).add(nameOf(path)))
  }
  return [...seen].filter(([, names]) => names.size > 2).map(([place, names]) => `${place}: ${[...names].join(', ')}`)
}

/** Two ends of one thing may share its name: the folders of both ends, and why. */
const TWO_ENDS: readonly { readonly folders: readonly RegExp[]; readonly why: string }[] = [
  {
    folders: [/^lib\/(protocol|broker)\/api$/, /^lib\/(broker\/api|client)$/],
    why: 'layout of a request, and who answers or asks it',
  },
  { folders: [/^lib\/testing\/simulation$/, /./], why: 'a thing, and what stands for it in the simulation' },
  { folders: [/^lib\/cli$/, /./], why: 'a thing, and the command about it' },
  { folders: [/^lib\/state\/ports$/, /^lib\/(serde|state\/stores)$/], why: 'a port, and its bytes or its store' },
  { folders: [/^lib\/dsl\/plan$/, /^lib\/operators$/], why: 'a part of the plan, and the operator it becomes' },
  { folders: [/^lib\/operators$/, /^lib\/windows$/], why: 'an operator, and the window it works with' },
  { folders: [/^lib$/, /^lib\/personalization$/], why: 'what the library has, and what the service has of its own' },
  {
    folders: [/^lib(\/personalization)?$/, /^lib\/personalization\/doors$/],
    why: 'errors that code throws, and errors that clients get',
  },
  { folders: [/^lib\/topology$/, /^lib\/personalization$/], why: 'what a topology is, and the one of the service' },
]

function sharedNames(paths: readonly string[]): string[] {
  const byName = new Map<string, string[]>()
  for (const path of paths) {
    if (nameOf(path) === 'index') continue
    byName.set(nameOf(path), [...(byName.get(nameOf(path)) ?? []), path])
  }
  return [...byName.values()].flatMap((same) =>
    same.flatMap((path, i) =>
      same
        .slice(i + 1)
        .filter((other) => !areTwoEnds(path, other))
        .map((other) => `${path} and ${other}`),
    ),
  )
}

function areTwoEnds(a: string, b: string): boolean {
  return TWO_ENDS.some(({ folders: [one, other] }) => {
    const [left, right] = [folderOf(a), folderOf(b)]
    return (one!.test(left) && other!.test(right)) || (one!.test(right) && other!.test(left))
  })
}

interface Export {
  readonly path: string
  readonly name: string
  /** The name stands in its file a second time: it is used there. */
  readonly usedAtHome: boolean
  /** A type or class that only describes what its file exports belongs to it: declarations name it. */
  readonly isType: boolean
}

function exportsOf(file: SourceFile): Export[] {
  const pattern = /^export (?:declare |abstract |async )*(class|interface|type|function\*?|const|let|enum) (\w+)/gm
  return [...file.code.matchAll(pattern)].map(([, kind, name = '']) => ({
    path: file.path,
    name,
    isType: kind !== 'function' && kind !== 'const',
    usedAtHome: [...file.code.matchAll(new RegExp(`(?<![\\w.])${name}\\b`, 'g'))].length > 1,
  }))
}

/** `file#name` for each name that `files` import, or let through. */
function importedNames(files: readonly SourceFile[]): Set<string> {
  const found = new Set<string>()
  const statement = /(?:import|export)\s+(?:type\s+)?(?:\{([^}]*)\}|\*(?:\s+as\s+\w+)?)\s+from\s+'(\.[^']+)'/g
  for (const file of files) {
    for (const [, names, specifier = ''] of file.text.matchAll(statement)) {
      const from = target(file.path, specifier)
      for (const name of names?.split(',') ?? ['*']) {
        found.add(
          `${from}#${name
            .trim()
            .replace(/^type\s+/, '')
            .replace(/\s+as\s.*$/, '')}`,
        )
      }
    }
    for (const [, names, specifier = ''] of file.text.matchAll(/\{([^}]*)\}\s*=\s*await import\(\s*'(\.[^']+)'/g)) {
      for (const name of names!.split(','))
        found.add(`${target(file.path, specifier)}#${name.trim().replace(/:.*$/, '')}`)
    }
    for (const [, specifier = '', name] of file.text.matchAll(/import\(\s*'(\.[^']+)'\s*\)\s*\)?\.(\w+)/g)) {
      found.add(`${target(file.path, specifier)}#${name}`)
    }
  }
  return found
}

/** Exports of `files` that no other file has use for, and those that live for their tests alone. */
function deadExports(files: readonly SourceFile[], used: Set<string>, tested: Set<string>): string[] {
  return files.flatMap(exportsOf).flatMap(({ path, name, usedAtHome, isType }) => {
    if (used.has(`${path}#${name}`) || used.has(`${path}#*`)) return []
    if (!tested.has(`${path}#${name}`) && !(isType && usedAtHome))
      return [`${path} exports ${name}, which nobody imports`]
    return usedAtHome ? [] : [`${path} exports ${name}, which only tests use`]
  })
}

t.test('a prefix that three files share is a folder', async (t) => {
  t.same(sharedPrefixes([...lib, ...verify].map(({ path }) => path)), [])
  t.same(sharedPrefixes(['lib/a/x-1.ts', 'lib/a/x-2.ts', 'lib/b/x-3.ts', 'lib/a/xy.ts']), [])
  t.same(sharedPrefixes(['lib/a/x-1.ts', 'lib/a/x.ts', 'lib/a/x-y-z.ts']), ['lib/a/x: x-1, x, x-y-z'])
})

t.test('two files share a name only as two ends of one thing', async (t) => {
  t.same(sharedNames(lib.map(({ path }) => path)), [])
  t.same(sharedNames(['lib/client/fetch.ts', 'lib/protocol/api/fetch.ts']), [])
  t.same(sharedNames(['lib/a/x.ts', 'lib/b/x.ts']), ['lib/a/x.ts and lib/b/x.ts'])
})

t.test('no name is exported twice', async (t) => {
  // Kafka's names for its primitive types, which both the protocol's fields and the serdes carry.
  const primitives = ['bytes', 'int32', 'int64', 'string']
  const homes = new Map<string, string[]>()
  for (const { path, name } of lib.flatMap(exportsOf)) homes.set(name, [...new Set([...(homes.get(name) ?? []), path])])
  t.same(
    [...homes].filter(([name, paths]) => paths.length > 1 && !primitives.includes(name)),
    [],
  )
})

t.test('what is exported is used', async (t) => {
  t.same(deadExports([...lib, ...verify], importedNames(users), importedNames(tests)), [])
  const rows: [string, string, string, number][] = [
    ['export const x = 1', "import { x } from '../lib/a.js'", '', 0],
    ['export const x = 1', "export { type y, x as z } from '../lib/a.js'", '', 0],
    ['export const x = 1', "const { x } = await import('../lib/a.js')", '', 0],
    ['export const x = 1', "import { y } from '../lib/a.js'", '', 1],
    ['export const x = 1', '', "import { x } from '../lib/a.js'", 1],
    ['export const x = 1\nexport const y = x', "import { y } from '../lib/a.js'", "import { x } from '../lib/a.js'", 0],
    ['export interface X {}', "// import { X } from '../lib/b.js'", '', 1],
  ]
  for (const [text, user, test, dead] of rows) {
    const found = deadExports(
      [sourceFile('lib/a.ts', text)],
      importedNames([sourceFile('bench/b.ts', user)]),
      importedNames([sourceFile('test/b.ts', test)]),
    )
    t.equal(found.length, dead, `${text} ${user} ${test}`)
  }
})

t.test('what a class keeps to itself begins with #', async (t) => {
  const written = /^\s+private\s(?!constructor\()/gm
  t.same(
    [...users, ...tests].filter(({ code }) => code.match(written) !== null).map(({ path }) => path),
    [],
  )
})

t.test('the table of where to find things names files that exist', async (t) => {
  const page = readFileSync('CONTRIBUTING.md', 'utf8')
  const [, table = ''] = page.split('## Where to find things')
  const paths = [...(table.split('\n## ')[0] ?? '').matchAll(/`(lib\/[^`]+)`/g)].map(([, path = '']) => path)
  t.ok(paths.length > 10)
  t.same(
    paths.filter((path) => !existsSync(path)),
    [],
  )
})
