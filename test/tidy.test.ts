/** Style as a test: what a reviewer would otherwise have to say again and again. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { filesUnder, lineAt, type SourceFile, sourceFile, sourceFiles, target } from './source-files.js'

/** Of lib and verify; files that a decision lists with a reason, and others, may have more. */
const MAX_FILE_LINES = 300
const MAX_LISTED_LINES = 400
const MAX_FUNCTION_LINES = 70

const lib = sourceFiles('lib')
const verify = sourceFiles('verify')
const ours = [...['lib', 'test', 'bench', 'examples', 'scripts'].flatMap(sourceFiles), ...verify]

/** Commands and the service's edge: they meet the terminal, the disk and the network on purpose. */
const EDGE = /^lib\/cli\/|^lib\/personalization\/(cli|doors|page)\//

interface Rule {
  readonly what: string
  readonly pattern: RegExp
  /** The files that may, because it is their job. */
  readonly owners: readonly (RegExp | string)[]
  /** Where the pattern is looked for; `imports` are the specifiers. */
  readonly within: 'code' | 'imports'
}

const RULES: readonly Rule[] = [
  {
    what: 'the clock',
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/g,
    owners: ['lib/record/clock.ts'],
    within: 'code',
  },
  {
    what: 'timers',
    pattern:
      /\b(setTimeout|setInterval|setImmediate)\b(?!\()|\b(?<![.\w])(setTimeout|setInterval|setImmediate)\(|\bAbortSignal\.timeout\b/g,
    owners: ['lib/record/clock.ts'],
    within: 'code',
  },
  {
    what: 'randomness',
    pattern: /\bMath\.random\b|\brandom(Bytes|UUID|Int|FillSync|Fill)\b|\bgetRandomValues\b|\bnanoid\b/g,
    owners: ['lib/record/random.ts'],
    within: 'code',
  },
  {
    what: 'the console',
    pattern: /\bconsole\.|\bprocess\.std(out|err|in)\b/g,
    owners: [EDGE, 'lib/telemetry/stderr-log.ts'],
    within: 'code',
  },
  {
    what: 'the process',
    pattern: /(?<![.\w])process\.(env|argv|exit|on|once|kill|cwd)\b/g,
    owners: [EDGE, 'lib/broker/storage/folder-lock.ts'],
    within: 'code',
  },
  {
    what: 'the disk',
    pattern: /^(node:)?fs(\/promises)?$/,
    owners: [
      EDGE,
      'lib/personalization/erasure/byte-search.ts',
      'lib/personalization/catalogue/item-catalogue.ts',
      'lib/personalization/input/loader/input-files.ts',
      'lib/personalization/records/schemas.ts',
      'lib/state/engine/task-folders.ts',
      'lib/state/engine/open-databases.ts',
      'lib/state/engine/set-aside.ts',
      'lib/state/engine/open-files-limit.ts',
      'lib/state/engine/leveldb/check-folder.ts',
      'lib/broker/storage/folder-lock.ts',
      'lib/broker/storage/node-files.ts',
      'lib/runtime/state-folder.ts',
      // Standard error, past the thread that is held up.
      'lib/client/heartbeat/thread/entry.ts',
    ],
    within: 'imports',
  },
  {
    what: 'the network',
    pattern: /^(node:)?(net|tls|dgram|dns|http|https|http2)(\/promises)?$/,
    owners: [EDGE, 'lib/transport/plain-connection.ts', 'lib/transport/secured-connection.ts', 'lib/broker/tcp.ts'],
    within: 'imports',
  },
  {
    what: 'the network by globals',
    pattern: /((=|\bawait|\breturn)\s+fetch|\bglobalThis\.fetch|\bnew (WebSocket|EventSource))\(/g,
    owners: [EDGE, /^lib\/transport\//, /^lib\/personalization\/page\//],
    within: 'code',
  },
  {
    what: 'other processes and threads',
    pattern: /^(node:)?(child_process|worker_threads|cluster|timers)(\/promises)?$/,
    owners: [EDGE, 'lib/client/heartbeat/thread/thread.ts', 'lib/client/heartbeat/thread/entry.ts'],
    within: 'imports',
  },
]

function violations(rule: Rule, files: readonly SourceFile[]): string[] {
  return files
    .filter(
      (file) => !rule.owners.some((owner) => (typeof owner === 'string' ? owner === file.path : owner.test(file.path))),
    )
    .flatMap((file) => {
      if (rule.within === 'code') return places(file, file.code, rule.pattern)
      const wrong = file.imports.filter(({ specifier, typeOnly }) => !typeOnly && rule.pattern.test(specifier))
      return wrong.map(({ specifier, line }) => `${file.path}:${line} ${specifier}`)
    })
}

function places(file: SourceFile, text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => `${file.path}:${lineAt(text, match.index)} ${match[0].trim()}`)
}

/**
 * Functions longer than the limit. The formatter guarantees that a block ends at the first line that starts with a
 * closing brace as deep as the line that opened it.
 */
function longFunctions(file: SourceFile): string[] {
  const lines = file.code.split('\n')
  return lines.flatMap((line, index) => {
    const opens =
      /(=>|\)(: [^={]*| is .*)?) \{$/.test(line) && !/^\s*(\}? ?else )?(if|for|while|switch|catch)\b/.test(line)
    if (!opens) return []
    const indent = line.match(/^ */)?.[0] ?? ''
    const end = lines.findIndex((other, later) => later > index && other.startsWith(`${indent}}`))
    const length = end - index + 1
    return length > MAX_FUNCTION_LINES ? [`${file.path}:${index + 1} ${length} lines`] : []
  })
}

for (const rule of RULES) {
  t.test(`${rule.what}: only where it belongs`, async (t) => {
    t.same(violations(rule, lib), [])
  })
}

t.test(`no file over ${MAX_FILE_LINES} lines but for a reason, no function over ${MAX_FUNCTION_LINES}`, async (t) => {
  const decision = readFileSync('docs/decisions/0016-files-over-300-lines.md', 'utf8')
  const listed = [...decision.matchAll(/^- `([^`]+)`: \S/gm)].map((match) => match[1]!)
  const over = (files: readonly SourceFile[], lines: number) =>
    files.filter((file) => file.text.trimEnd().split('\n').length > lines).map((file) => file.path)
  t.same(over([...lib, ...verify], MAX_FILE_LINES).sort(), [...listed].sort(), 'longer files are listed, and no others')
  t.same(over(ours, MAX_LISTED_LINES), [])
  t.same(ours.filter((file) => !file.path.startsWith('test/')).flatMap(longFunctions), [])
})

t.test('every file of lib and verify begins with what it is for', async (t) => {
  const silent = [...lib, ...verify].filter((file) => !/^(#!.*\n)?\/\*\*\s*(\n \* )?\S/.test(file.text))
  t.same(
    silent.map((file) => file.path),
    [],
  )
})

t.test('no line of a comment is there twice in a row', async (t) => {
  const twice = ours.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, i, lines) => {
      const isComment = /^\s*(\/\*\*|\*|\/\/).*\w/.test(line)
      return isComment && line === lines[i - 1] ? [`${path}:${i + 1}`] : []
    }),
  )
  t.same(twice, [])
})

t.test('names say what a thing is', async (t) => {
  // "Transaction manager" is Kafka's own word for the thing.
  const fileName = /(^|[/-])(utils?|helpers?|(?<!transaction-)managers?|common|misc|impl)(-|\.|\/)/i
  const declared =
    /\b(class|interface|type|function|const|let)\s+(\w+(Impl|Utils?|Helpers?|(?<!Transaction)Manager)|I[A-Z][a-z]\w*)\b/g
  t.same(
    ours.map((file) => file.path).filter((path) => fileName.test(path)),
    [],
  )
  t.same(
    ours.flatMap((file) => places(file, file.code, declared)),
    [],
  )
  t.same(
    lib.flatMap((file) => places(file, file.code, /\bexport default\b/g)),
    [],
    'no default exports',
  )
})

t.test('no any', async (t) => {
  const anything = /(:|\bas|<|\||,|=>|=)\s*any\b(?!\s*[:(=.])|\bany\[\]/g
  t.same(
    ours.flatMap((file) => places(file, file.code, anything)),
    [],
  )
})

t.test('no promises instead of work, no trace of the machine it was written on', async (t) => {
  const words = [
    'TO' + 'DO',
    'FIX' + 'ME',
    'X' + 'XX',
    'not imple' + 'mented',
    'for n' + 'ow',
    'simpli' + 'fied',
    'st' + 'ub(s|bed)?',
  ]
  const promises = new RegExp(`\\b(${words.join('|')})\\b`, 'gi')
  const machine = new RegExp(
    `(?<![\\w.])/(${['wo' + 'rk', 'fa' + 'rm', 'ro' + 'ot'].join('|')})/|registry\\.npm${'js'}|repo1?\\.ma${'ven'}`,
    'g',
  )
  const pages = ['docs', 'schemas', 'examples', '.ci'].flatMap((folder) =>
    filesUnder(folder, '.md', '.avsc', '.json', 'run'),
  )
  const rootFiles = readdirSync('.').filter(
    (name) => /\.(md|json)$|^Dockerfile$/.test(name) && name !== 'package-lock.json',
  )
  const texts = [...pages, ...rootFiles].map((path) => sourceFile(path, readFileSync(path, 'utf8')))
  for (const pattern of [promises, machine]) {
    t.same(
      [...ours, ...texts].flatMap((file) => places(file, file.text, pattern)),
      [],
    )
  }
})

t.test('no dead files: what lib and verify hold is an entry point or imported by one', async (t) => {
  const manifest = readFileSync('package.json', 'utf8')
  const commands = JSON.parse(readFileSync('scripts/commands.json', 'utf8')) as Record<string, string>
  const entries = [...manifest.matchAll(/\.\/dist\/([^"]+)\.js"/g)].map((match) => `${match[1]}.ts`)
  for (const match of manifest.matchAll(/scripts\/run\.mjs ([\w-]+)|(verify\/\w+\/[\w-]+\.ts)/g)) {
    entries.push(match[2] ?? commands[match[1]!]!)
  }
  const files = new Map(['lib', 'bench', 'verify'].flatMap(sourceFiles).map((file) => [file.path, file]))
  const live = new Set<string>()
  const waiting = entries.filter((path) => files.has(path))
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = files.get(path)
    if (file === undefined || live.has(path)) continue
    live.add(path)
    waiting.push(
      ...file.imports.filter((used) => used.specifier.startsWith('.')).map((used) => target(file.path, used.specifier)),
    )
  }
  // A declaration describes a package that ships none; the page is a bundle of its own, loaded by the browser; an
  // application under a borrowed suite is a process of its own.
  const exempt = /\.d\.ts$|^lib\/personalization\/page\/|^verify\/suites\/apps\//
  t.same(
    [...lib, ...verify].map((file) => file.path).filter((path) => !live.has(path) && !exempt.test(path)),
    [],
  )
})

t.test('the checks see what they should', async (t) => {
  const finds = (what: string, path: string, text: string) =>
    violations(RULES.find((rule) => rule.what === what)!, [sourceFile(path, text)]).length
  const rows: [string, string, string, number][] = [
    ['the clock', 'lib/task/a.ts', 'const now = Date.now()', 1],
    ['the clock', 'lib/task/a.ts', '// Date.now()', 0],
    ['the clock', 'lib/task/a.ts', "const text = 'Date.now()'", 0],
    ['the clock', 'lib/task/a.ts', 'const text = `at $' + '{Date.now()}`', 1],
    ['the clock', 'lib/record/clock.ts', 'Date.now()', 0],
    ['the clock', 'lib/task/a.ts', 'new Date(ms)', 0],
    ['timers', 'lib/task/a.ts', 'setTimeout(f, 1)', 1],
    ['timers', 'lib/task/a.ts', 'socket.setTimeout(1)', 0],
    ['timers', 'lib/task/a.ts', 'const later = setTimeout', 1],
    ['randomness', 'lib/task/a.ts', 'Math.random()', 1],
    ['randomness', 'lib/task/a.ts', "import { randomUUID } from 'node:crypto'", 1],
    ['timers', 'lib/task/a.ts', 'AbortSignal.timeout(5)', 1],
    ['the network by globals', 'lib/task/a.ts', 'await fetch(url)', 1],
    ['the network by globals', 'lib/task/a.ts', 'void this.fetch(leader)', 0],
    ['the disk', 'lib/task/a.ts', "import { readFile } from 'node:fs/promises'", 1],
    ['the disk', 'lib/state/engine/task-folders.ts', "import { rm } from 'node:fs/promises'", 0],
    ['the network', 'lib/client/a.ts', "import { connect } from 'node:net'", 1],
    ['the console', 'lib/task/a.ts', 'const quoted = /[\'"]/; console.log(quoted)', 1],
  ]
  for (const [what, path, text, count] of rows) t.equal(finds(what, path, text), count, text)
  const body = 'x()\n'.repeat(MAX_FUNCTION_LINES - 1)
  for (const head of ['function a() {', 'const a = (b: B): C => {', '  a(b: B): Promise<C> {', ') {']) {
    const indent = head.match(/^ */)?.[0] ?? ''
    const text = (more: string) => `${head}\n${body}${more}${indent}}\n`
    t.equal(longFunctions(sourceFile('lib/a.ts', text(''))).length, 1, head)
    t.equal(longFunctions(sourceFile('lib/a.ts', text('').replace('x()\n', ''))).length, 0, head)
  }
  t.ok(existsSync('lib/errors.ts'), 'run from the root of the repository')
})
