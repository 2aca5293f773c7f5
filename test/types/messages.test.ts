/** What the compiler says of a call that lacks a serde, a window or a joiner: words that name what to pass. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { userEnvironment } from '../user-environment.js'

const GIVEN = `
import { int32, joinWindow, StreamsBuilder, string } from '${resolve('lib/index.js')}'
const b = new StreamsBuilder()
const names = b.stream('names', { key: string, value: string }).filterNotNull()
const sizes = b.stream('sizes', { key: string, value: int32 }).filterNotNull()
const numbered = b.stream('numbered', { key: int32, value: string }).filterNotNull()
const rows = b.table('rows', { key: string, value: int32 })
const whole = b.globalTable('whole', { key: int32, value: string })
const window = joinWindow({ beforeMs: 1, afterMs: 1 })
const lengths = names.mapValues((name) => name.length)
const rekeyed = names.selectKey((key) => key.length)
const both = names.map((key, value) => [key.length, value.length])
export { b, both, lengths, names, numbered, rekeyed, rows, sizes, whole, window }
`

const VALUE = 'pass { value: serde } in the options, because the type of the value changed'
const KEY = 'pass { key: serde } in the options, because the type of the key changed'
const STREAMS = 'a join of two streams takes { window, joiner }'

const SNIPPETS: readonly (readonly [call: string, says: string])[] = [
  ["lengths.to('out')", VALUE],
  ["rekeyed.to('out')", KEY],
  ["both.to('out')", 'pass { key: serde, value: serde } in the options, because both types changed'],
  ["lengths.to('out', {})", "Property 'value' is missing"],
  ['lengths.repartition()', VALUE],
  ['rekeyed.repartition()', KEY],
  ['lengths.toTable()', VALUE],
  ['rekeyed.groupByKey()', KEY],
  ['names.groupBy((key) => key.length)', KEY],
  ['lengths.groupByKey().reduce((a) => a)', 'pass { store: { value: serde } } in the options'],
  ['names.groupByKey().aggregate({ initializer: () => 0, adder: () => 1 })', "Property 'store' is missing"],
  ["names.join(sizes, { joiner: () => '' })", STREAMS],
  ['names.join(sizes, { window })', STREAMS],
  ["names.leftJoin(sizes, { joiner: () => '' })", STREAMS],
  ["names.outerJoin(sizes, { joiner: () => '' })", "Property 'window' is missing"],
  ["lengths.join(sizes, { window, joiner: () => '' })", `${STREAMS}, and ${VALUE}`],
  [
    "sizes.join(lengths, { window, joiner: () => '' })",
    '{ otherValue: serde }, because the type of the other value changed',
  ],
  [
    "names.join(numbered, { window, joiner: () => '' })",
    'both sides of a join need keys of the same type: use selectKey',
  ],
  ['names.join(rows, {})', 'a join with a table takes { joiner }'],
  [
    "lengths.selectKey((key) => key.length).join(b.table('t', { key: int32, value: string }), { joiner: () => '' })",
    '{ joiner }, and pass',
  ],
  ["names.join(whole, { joiner: () => '' })", 'a join with a global table takes { keySelector, joiner }'],
  ["names.join('rows', { joiner: () => '' })", 'a stream is joined with a stream, a table or a global table'],
  ['rows.join(rows, {})', "Property 'joiner' is missing"],
  [
    "rows.mapValues((n) => 'x', { store: { name: 'x' } })",
    'pass { value: serde } in store, because the type of the value changed',
  ],
  ['rows.groupBy((key, n) => [n, key])', 'pass { key: serde, value: serde } in the options, for the types that differ'],
  [
    "b.table('t', { key: string, value: int32 }).filter(() => true).toStream().mapValues((n) => n + 1)",
    "'n' is possibly 'null'",
  ],
]

t.setTimeout(120_000)

t.test('the words of the compiler', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-messages-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const lines = GIVEN.split('\n').length
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'calls.ts'), [GIVEN, ...SNIPPETS.map(([call]) => call)].join('\n'))
  const config = {
    extends: resolve('tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, typeRoots: [resolve('node_modules/@types')] },
    include: ['calls.ts', resolve('lib/**/*.d.ts')],
    exclude: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const compiler = resolve('node_modules/typescript/lib/tsc.js')
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
    env: userEnvironment(),
  })
  const said = stdout.split(/^(?=\S+calls\.ts\(|calls\.ts\()/m)
  for (const [i, [call, says]] of SNIPPETS.entries()) {
    const about = said.filter((text) => text.includes(`calls.ts(${lines + 1 + i},`)).join('')
    t.ok(about.includes(says), call, { found: about })
  }
})
