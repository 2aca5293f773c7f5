/** What a new version of a topology would cost, edit by edit. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { BuildOptions } from '../../lib/dsl/plan/build.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { describe } from '../../lib/topology/describe.js'
import { describeAsData } from '../../lib/topology/description.js'
import { diffTopologies } from '../../lib/topology/diff.js'
import type { Topology } from '../../lib/topology/topology.js'
import { tumbling } from '../../lib/windows/definitions.js'
import { goldenTopologies } from './golden-topologies.js'

const text = { key: string, value: string }
type Write = (builder: StreamsBuilder) => void

function built(write: Write, options?: BuildOptions): Topology {
  const builder = new StreamsBuilder()
  write(builder)
  return builder.build(options)
}

const counted: Write = (b) => {
  b.stream('in', text)
    .groupBy((_k, v) => v!, { name: 'by-value' })
    .count({ store: { name: 'counts' } })
}
const unnamed: Write = (b) => {
  b.stream('in', text)
    .groupBy((_k, v) => v!)
    .count()
}
const windowed =
  (sizeMs: number, retentionMs = 1000): Write =>
  (b) => {
    b.stream('in', text)
      .groupByKey()
      .windowedBy(tumbling({ sizeMs, graceMs: 0 }))
      .count({ name: 'counting', store: { name: 'windows', retentionMs } })
  }
const table =
  (topic: string): Write =>
  (b) => {
    b.table(topic, { ...text, store: { name: 'rows' } })
  }
const foreign =
  (right: string): Write =>
  (b) => {
    const left = b.table('left', { ...text, store: { name: 'left' } })
    const other = b.table(right, { ...text, store: { name: 'right' } })
    left.join(other, { foreignKey: (v) => v, joiner: (l, r) => l + r, name: 'fk', store: { name: 'joined' } })
  }

/** Before, after, and per change: `+` where nothing is lost, `-` where something is. */
const ROWS: readonly (readonly [what: string, before: Topology, after: Topology, changes: readonly string[]])[] = [
  ['nothing', built(counted), built(counted), []],
  [
    'an operator in front that names nothing explicit',
    built(unnamed),
    built((b) => {
      b.stream('other', text).mapValues((v) => v)
      unnamed(b)
    }),
    [
      '-renamed store KSTREAM-AGGREGATE-STATE-STORE-0000000002',
      '-orphaned repartition topic KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition',
      '+added repartition topic KSTREAM-AGGREGATE-STATE-STORE-0000000004-repartition',
    ],
  ],
  [
    'the same with names',
    built(counted),
    built((b) => {
      b.stream('other', text).mapValues((v) => v)
      counted(b)
    }),
    ['+moved store counts'],
  ],
  [
    'a store that goes',
    built(counted),
    built(table('t')),
    ['-orphaned store counts', '-orphaned repartition topic by-value-repartition', '+added store rows'],
  ],
  [
    'another key',
    built(counted),
    built((b) => {
      b.stream('in', text)
        .groupByKey()
        .count({ store: { name: 'counts' } })
    }),
    ['-rekeyed store counts', '-orphaned repartition topic by-value-repartition', '+moved store counts'],
  ],
  ['another source', built(table('a')), built(table('b')), ['-rekeyed store rows']],
  [
    'one source more',
    built((b) =>
      b
        .stream('a', text)
        .groupByKey()
        .count({ store: { name: 'counts' } }),
    ),
    built((b) =>
      b
        .stream('a', text)
        .merge(b.stream('b', text))
        .groupByKey()
        .count({ store: { name: 'counts' } }),
    ),
    ['+changed store counts'],
  ],
  [
    'another key serde',
    built((b) =>
      b
        .stream('a', text)
        .groupByKey()
        .count({ store: { name: 'counts' } }),
    ),
    built((b) =>
      b
        .stream('a', { key: int64, value: string })
        .groupByKey()
        .count({ store: { name: 'counts' } }),
    ),
    ['-rekeyed store counts'],
  ],
  ['another window', built(windowed(10)), built(windowed(20)), ['-retyped store windows']],
  ['less retention', built(windowed(10)), built(windowed(10, 500)), ['-retyped store windows']],
  ['more retention', built(windowed(10)), built(windowed(10, 5000)), []],
  [
    'another name for a windowed operator',
    built(windowed(10)),
    built((b) => {
      b.stream('in', text)
        .groupByKey()
        .windowedBy(tumbling({ sizeMs: 10, graceMs: 0 }))
        .count({ name: 'recount', store: { name: 'windows', retentionMs: 1000 } })
    }),
    ['+moved operator counting'],
  ],
  [
    'more partitions',
    built((b) => b.stream('in', text).repartition({ name: 'r', partitions: 2 }).to('out')),
    built((b) => b.stream('in', text).repartition({ name: 'r', partitions: 4 }).to('out')),
    ['-rekeyed repartition topic r-repartition'],
  ],
  ['reuse of the source topic', built(table('a')), built(table('a'), { optimize: 'all' }), ['+moved store rows']],
  ['and no more', built(table('a'), { optimize: 'all' }), built(table('a')), ['-moved store rows']],
  [
    'another other table of a foreign-key join',
    built(foreign('right')),
    built(foreign('also')),
    ['-rekeyed store right', '+changed store joined'],
  ],
]

for (const [what, before, after, expected] of ROWS) {
  t.test(what, async (t) => {
    const changes = diffTopologies(describeAsData(before), describeAsData(after))
    t.same(
      changes.map(({ kind, what, name, loses }) => `${loses ? '-' : '+'}${kind} ${what} ${name}`),
      expected,
    )
    for (const { message } of changes) t.match(message, /\w{4}/)
  })
}

t.test('a store that is not logged cannot move', async (t) => {
  const unlogged: Write = (b) =>
    b
      .stream('in', text)
      .groupByKey()
      .count({ store: { name: 'counts', logged: false } })
  const after = built((b) => {
    b.stream('first', text).to('out')
    unlogged(b)
  })
  const changes = diffTopologies(describeAsData(built(unlogged)), describeAsData(after))
  t.match(changes, [{ kind: 'moved', loses: true, name: 'counts' }])
})

t.test('every captured topology survives JSON, and differs from itself in nothing', async (t) => {
  for (const [name, build] of Object.entries(goldenTopologies)) {
    const data = JSON.parse(describe(build(), 'json'))
    t.same(data, JSON.parse(JSON.stringify(describeAsData(build()))), name)
    t.same(diffTopologies(data, describeAsData(build())), [], name)
    const nodes = build().nodes.length
    t.equal((describe(build(), 'mermaid').match(/^ {4}n\d+\["/gm) ?? []).length, nodes, name)
  }
})

t.test('the command', async (t) => {
  const folder = t.testdir({ 'bad.json': '{}', 'worse.json': '{' })
  const write = (name: string, topology: Topology) => writeFile(join(folder, name), describe(topology, 'json'))
  await write('old.json', built(counted))
  await write('new.json', built(unnamed))
  const run = async (...args: string[]) => {
    const command = ['--import=tsx', 'lib/cli/millrace.ts', ...args]
    const done = promisify(execFile)(process.execPath, command)
    return done.then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
  }
  const file = (name: string) => join(folder, name)
  const same = await run('diff', file('old.json'), file('old.json'))
  t.match(same, { code: 0, stdout: '0 changes, 0 that lose state\n' })
  const lost = await run('diff', file('old.json'), file('new.json'))
  t.match(lost, { code: 1, stdout: /^LOST renamed store counts: .*counts-changelog is no longer used/ })
  t.match(await run('diff', '--json', file('old.json'), file('new.json')), { code: 1, stdout: /"kind": "renamed"/ })
  for (const args of [
    ['diff', file('old.json')],
    ['diff', file('old.json'), file('none.json')],
    ['diff', file('bad.json'), file('old.json')],
    ['diff', file('old.json'), file('worse.json')],
    ['undiff'],
    [],
  ]) {
    t.match(await run(...args), { code: 1, stderr: /^CONFIG_INVALID: / }, args.join(' '))
  }
})
