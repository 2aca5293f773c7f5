/** Circles of imports at run time: there are none but those a decision record names. Types do not count, lazy imports do. */
import t from 'tap'
import { type SourceFile, sourceFile, sourceFiles, target } from './source-files.js'

/** The fluent classes of the DSL, each of which makes the next: docs/decisions/0015-circles.md. */
const LISTED: readonly (readonly string[])[] = [
  [
    'lib/dsl/cogrouped-stream.ts',
    'lib/dsl/grouped-stream.ts',
    'lib/dsl/grouped-table.ts',
    'lib/dsl/session-windowed-stream.ts',
    'lib/dsl/split-stream.ts',
    'lib/dsl/stream.ts',
    'lib/dsl/table.ts',
    'lib/dsl/windowed-stream.ts',
  ],
]

/** The files of each circle in order of name: strongly connected components of more than one file, or of one that imports itself. */
function circles(files: readonly SourceFile[], types = false): string[][] {
  const imports = new Map(
    files.map(({ path, imports }) => [
      path,
      imports
        .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && (types || !typeOnly))
        .map(({ specifier }) => target(path, specifier)),
    ]),
  )
  const reached = new Map([...imports.keys()].map((path) => [path, reach(path, imports)]))
  const found = new Map<string, string[]>()
  for (const [path, from] of reached) {
    if (!from.has(path)) continue
    const circle = [...from].filter((other) => reached.get(other)?.has(path)).sort()
    found.set(circle[0]!, circle)
  }
  return [...found.values()].sort()
}

/** All files that importing `start` loads in the end; itself only if one of them imports it. */
function reach(start: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>()
  const open = [...(imports.get(start) ?? [])]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path) || !imports.has(path)) continue
    seen.add(path)
    open.push(...imports.get(path)!)
  }
  return seen
}

const lib = sourceFiles('lib')

t.test('at run time lib has the listed circles and no other', async (t) => {
  t.same(circles(lib), LISTED)
})

/** Where types make no circle either: plain data, and what is computed from it. */
const WITHOUT_TYPES = /^lib\/(dsl\/plan|operators|record|serde|task|topology|windows)\//

t.test('nodes, plans and operators do not even name each other in a circle', async (t) => {
  t.same(
    circles(lib, true).filter((circle) => circle.some((path) => WITHOUT_TYPES.test(path))),
    [],
  )
})

t.test('what the classes of the DSL do knows no class', async (t) => {
  const upward = lib
    .filter(({ path }) => path.startsWith('lib/dsl/plan/'))
    .flatMap(({ path, imports }) => imports.map(({ specifier }) => ({ path, file: target(path, specifier) })))
    .filter(({ file }) => file.startsWith('lib/dsl/') && !file.startsWith('lib/dsl/plan/'))
  t.same(upward, [])
})

t.test('the check sees what it should', async (t) => {
  const rows: readonly [name: string, files: Readonly<Record<string, string>>, circles: string[][]][] = [
    ['none', { 'a.ts': "import { b } from './b.js'", 'b.ts': '' }, []],
    ['two', { 'a.ts': "import { b } from './b.js'", 'b.ts': "import { a } from './a.js'" }, [['a.ts', 'b.ts']]],
    ['itself', { 'a.ts': "import { a } from './a.js'" }, [['a.ts']]],
    [
      'three, and one outside that imports them',
      {
        'a.ts': "import { b } from './b.js'",
        'b.ts': "import { c } from './x/c.js'",
        'x/c.ts': "import { a } from '../a.js'",
        'd.ts': "import { a } from './a.js'",
      },
      [['a.ts', 'b.ts', 'x/c.ts']],
    ],
    ['a type', { 'a.ts': "import type { B } from './b.js'", 'b.ts': "import { a } from './a.js'" }, []],
    ['types in braces', { 'a.ts': "import { type B } from './b.js'", 'b.ts': "import { a } from './a.js'" }, []],
    [
      'a value beside a type',
      { 'a.ts': "import { type B, b } from './b.js'", 'b.ts': "import { a } from './a.js'" },
      [['a.ts', 'b.ts']],
    ],
    ['a re-export', { 'a.ts': "export { b } from './b.js'", 'b.ts': "import { a } from './a.js'" }, [['a.ts', 'b.ts']]],
    ['all re-exported', { 'a.ts': "export * from './b.js'", 'b.ts': "import { a } from './a.js'" }, [['a.ts', 'b.ts']]],
    ['types re-exported', { 'a.ts': "export type { B } from './b.js'", 'b.ts': "import { a } from './a.js'" }, []],
    ['for its effects', { 'a.ts': "import './b.js'", 'b.ts': "import { a } from './a.js'" }, [['a.ts', 'b.ts']]],
    [
      'a lazy import',
      { 'a.ts': "const { b } = await import('./b.js')", 'b.ts': "import { a } from './a.js'" },
      [['a.ts', 'b.ts']],
    ],
    ['in a comment', { 'a.ts': "// import { b } from './b.js'", 'b.ts': "import { a } from './a.js'" }, []],
    [
      'two circles',
      {
        'a.ts': "import { b } from './b.js'",
        'b.ts': "import { a } from './a.js'\nimport { c } from './c.js'",
        'c.ts': "import { d } from './d.js'",
        'd.ts': "import { c } from './c.js'",
      },
      [
        ['a.ts', 'b.ts'],
        ['c.ts', 'd.ts'],
      ],
    ],
  ]
  for (const [name, files, expected] of rows) {
    t.same(circles(Object.entries(files).map(([path, text]) => sourceFile(path, text))), expected, name)
  }
})
