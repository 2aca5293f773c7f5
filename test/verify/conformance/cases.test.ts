/** The comparison itself, and every case of the shared folder where it is at hand. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { CaseRecord, ConformanceCase, EmittedRecord } from '../../../verify/cases/case.js'
import { difference } from '../../../verify/conformance/compare.js'
import { droppedDifference } from '../../../verify/conformance/run.js'
import { verdict } from '../../../verify/conformance/verdict.js'

const record = (key: CaseRecord['key'], value: string | null, ts: number, after = 1) => ({
  topic: 'out',
  key,
  value,
  ts,
  after,
})
const emitted = (key: CaseRecord['key'], value: string | null, ts: number, at = 1): EmittedRecord => ({
  topic: 'out',
  key,
  value,
  ts,
  at,
})
const passed = { kind: 'passed', rules: [] }
const windowed = (key: string, start: number) => ({ key, start, end: start + 10 })

const rows: readonly {
  name: string
  compare: NonNullable<ConformanceCase['compare']>
  expected: readonly CaseRecord[]
  got: readonly EmittedRecord[]
  differs: RegExp | null
}[] = [
  {
    name: 'exact: equal',
    compare: 'exact',
    expected: [record('a', 'x', 1)],
    got: [emitted('a', 'x', 1)],
    differs: null,
  },
  {
    name: 'exact: another time',
    compare: 'exact',
    expected: [record('a', 'x', 1)],
    got: [emitted('a', 'x', 2)],
    differs: /record 1/,
  },
  {
    name: 'exact: one more',
    compare: 'exact',
    expected: [],
    got: [emitted('a', 'x', 2)],
    differs: /nothing more/,
  },
  {
    name: 'exact: one less',
    compare: 'exact',
    expected: [record('a', 'x', 1)],
    got: [],
    differs: /got nothing/,
  },
  {
    name: 'exact: too late',
    compare: 'exact',
    expected: [record('a', 'x', 1, 1)],
    got: [emitted('a', 'x', 1, 2)],
    differs: /due by input 1/,
  },
  {
    name: 'sorted: order between keys does not count, within one it does',
    compare: 'sortedByKeyAndWindowStart',
    expected: [record(windowed('b', 0), 'x', 1), record(windowed('a', 0), 'y', 1)],
    got: [emitted(windowed('a', 0), 'y', 1), emitted(windowed('b', 0), 'x', 1)],
    differs: null,
  },
  {
    name: 'set per window: repeats do not count',
    compare: 'setPerWindow',
    expected: [record(windowed('a', 0), 'x', 1)],
    got: [emitted(windowed('a', 0), 'x', 1), emitted(windowed('b', 0), 'x', 1)],
    differs: null,
  },
  {
    name: 'last per key: a tombstone nobody listed is no difference',
    compare: 'lastPerKey',
    expected: [record(windowed('a', 0), 'y', 2)],
    got: [emitted(windowed('a', 0), 'x', 1), emitted(windowed('a', 0), 'y', 2), emitted(windowed('b', 5), null, 5)],
    differs: null,
  },
  {
    name: 'last per key: a key nobody listed is no difference',
    compare: 'lastPerKey',
    expected: [record(windowed('a', 0), 'y', 2)],
    got: [emitted(windowed('a', 0), 'y', 2), emitted(windowed('b', 5), 'x', 5)],
    differs: null,
  },
  {
    name: 'last per key: another value in the end',
    compare: 'lastPerKey',
    expected: [record(windowed('a', 0), 'y', 2)],
    got: [emitted(windowed('a', 0), 'y', 2), emitted(windowed('a', 0), null, 2)],
    differs: /in the end/,
  },
  {
    name: 'exact: a record without a time may come at any',
    compare: 'exact',
    expected: [{ topic: 'out', key: 'a', value: 'x' }],
    got: [emitted('a', 'x', 7)],
    differs: null,
  },
  {
    name: 'map per checkpoint: the last value of each part counts',
    compare: 'mapPerCheckpoint',
    expected: [record('a', 'y', 0, 1), record('a', 'z', 0, 2)],
    got: [emitted('a', 'x', 5, 1), emitted('a', 'y', 5, 1), emitted('a', 'q', 5, 2)],
    differs: /inputs 2 to 2/,
  },
]
for (const { name, compare, expected, got, differs } of rows) {
  t.test(name, async (t) => {
    const found = difference({ name, compare, expected, checkpoints: [1, 2] }, got)
    if (differs === null) t.equal(found, null)
    else t.match(found, differs)
  })
}

t.test('skipped by name', async (t) => {
  t.match(verdict({ name: 'x', tier: 'legacy' }), { kind: 'skipped', why: /legacy/ })
  t.match(verdict({ name: 'x', arguableKafkaDefect: 'it forgets' }), { kind: 'skipped', why: /it forgets/ })
  t.match(verdict({ name: 'x', config: { 'dsl.store.format': 'HEADERS' } }), { kind: 'skipped', why: /HEADERS/ })
})

const described = (node: object, store: string): ConformanceCase => ({
  name: 'described',
  compare: 'describe',
  topology: [{ id: 't', op: 'table', topic: 'in', ...node }],
  expectedDescribe: `Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-000000000${store === 'store-0' ? 0 : 1} (topics: [in])
      --> KTABLE-SOURCE-000000000${store === 'store-0' ? 1 : 2}
    Processor: KTABLE-SOURCE-000000000${store === 'store-0' ? 1 : 2} (stores: [${store}])
      --> none
      <-- KSTREAM-SOURCE-000000000${store === 'store-0' ? 0 : 1}

`,
})

t.test('a description', async (t) => {
  t.same(verdict(described({ store: { kind: 'versioned', historyRetentionMs: 5 } }, 'store-0')), passed)
  t.same(
    verdict(described({ store: { kind: 'versioned', historyRetentionMs: 5 } }, 'in-STATE-STORE-0000000000')),
    passed,
  )
  const suppressed = (name: string): ConformanceCase => ({
    ...described({}, 'in-STATE-STORE-0000000000'),
    topology: [
      { id: 't', op: 'table', topic: 'in' },
      { id: 's', op: 'suppress', in: 't', until: 'timeLimit', limitMs: 1, name: 'held' },
    ],
    expectedDescribe: described({}, 'in-STATE-STORE-0000000000').expectedDescribe!.replace(
      '--> none\n      <-- KSTREAM-SOURCE-0000000001',
      `--> ${name}
      <-- KSTREAM-SOURCE-0000000001
    Processor: ${name} (stores: [${name === 'held' ? 'held-store' : 'KTABLE-SUPPRESS-STATE-STORE-0000000004'}])
      --> none
      <-- KTABLE-SOURCE-0000000002`,
    ),
  })
  t.same(verdict(suppressed('held')), passed)
  t.same(verdict(suppressed('KTABLE-SUPPRESS-0000000003')), passed, 'the oracle does not name it')
  t.match(verdict(suppressed('other')), { kind: 'failed', why: /describe line 6/ })
  t.match(verdict(described({}, 'other')), { kind: 'failed', why: /describe line 5/ }, 'one failure stops no run')
})

t.test('a case that cannot be read fails, and ends no run', async (t) => {
  const input = { topic: 'in', key: 'a', value: 'x', ts: 0 }
  const source = { id: 's', op: 'stream', topic: 'in' }
  const odd: readonly (readonly [what: string, testCase: Partial<ConformanceCase>])[] = [
    ['an operator nobody knows', { topology: [source, { id: 'x', op: 'flatten', in: 's' }] }],
    ['a function', { topology: [source, { id: 'x', op: 'filter', in: 's', predicate: { fn: 'odd' } }] }],
    ['a node', { topology: [source, { id: 'x', op: 'filter', in: 'nobody' }] }],
    ['a mode', { topology: [source], compare: 'funny' as never }],
    ['no topology', {}],
    ['a text alone', { topology: [source], expectedDescribe: 'other' }],
  ]
  for (const [what, testCase] of odd) {
    const failed = verdict({
      name: what,
      inputs: [input],
      ...(what === 'a text alone' ? {} : { expected: [] }),
      ...testCase,
    })
    t.equal(failed.kind, 'failed', what)
  }
})

t.test('every operator of a case may have a name', async (t) => {
  const topology: ConformanceCase['topology'] = [
    { id: 's', op: 'stream', topic: 'in', name: 'read' },
    { id: 'f', op: 'filter', in: 's', predicate: { fn: 'even' }, name: 'keep' },
    { id: 'k', op: 'selectKey', in: 'f', mapper: { fn: 'value' }, name: 'rekey' },
    { id: 'g', op: 'groupByKey', in: 'k', name: 'group' },
    { id: 'c', op: 'count', in: 'g', named: 'count', store: { name: 'counts' } },
    { id: 't', op: 'toStream', in: 'c', name: 'changes' },
    { id: 'o', op: 'to', in: 't', topic: 'out', name: 'write' },
  ]
  const expectedDescribe = `Topologies:
   Sub-topology: 0
    Source: read (topics: [in])
      --> keep
    Processor: keep (stores: [])
      --> rekey
      <-- read
    Processor: rekey (stores: [])
      --> group-repartition-filter
      <-- keep
    Processor: group-repartition-filter (stores: [])
      --> group-repartition-sink
      <-- rekey
    Sink: group-repartition-sink (topic: group-repartition)
      <-- group-repartition-filter

  Sub-topology: 1
    Source: group-repartition-source (topics: [group-repartition])
      --> count
    Processor: count (stores: [counts])
      --> changes
      <-- group-repartition-source
    Processor: changes (stores: [])
      --> write
      <-- count
    Sink: write (topic: out)
      <-- changes

`
  t.same(verdict({ name: 'named', compare: 'describe', topology, expectedDescribe }), passed)
})

const lostWindow: ConformanceCase = {
  name: 'a window that Kafka Streams loses',
  topology: [
    { id: 's', op: 'stream', topic: 'in' },
    { id: 'g', op: 'groupByKey', in: 's' },
    { id: 'w', op: 'windowedBy', in: 'g', window: { kind: 'tumbling', sizeMs: 10, graceMs: 0 }, emit: 'onWindowClose' },
    { id: 'c', op: 'count', in: 'w' },
    { id: 'to', op: 'to', in: 'c', topic: 'out' },
  ],
  inputs: [0, 12, 500].map((ts) => ({ topic: 'in', key: 'a', value: 'x', ts })),
  checkpoints: [3],
}
const kept = { topic: 'out', key: windowed('a', 0), value: 1, after: 3 }

t.test('a case that breaks a rule passes by it, however it compares', async (t) => {
  for (const [compare, expected] of [
    ['exact', [{ ...kept, ts: 0, at: 2 }]],
    ['setPerWindow', [{ ...kept, ts: 0, at: 2 }]],
    ['sortedByKeyAndWindowStart', [{ ...kept, ts: 0, at: 2 }]],
    ['mapPerCheckpoint', [kept]],
  ] as const) {
    t.same(verdict({ ...lostWindow, compare, expected }), { kind: 'passed', rules: ['everyWindowFinal'] }, compare)
    const wrong = expected.map((each) => ({ ...each, value: 7 }))
    t.match(verdict({ ...lostWindow, compare, expected: wrong }), { kind: 'failed' }, `${compare}: no rule explains 7`)
  }
})

t.test('a buffer that is full shuts down: what came before counts', async (t) => {
  const full: ConformanceCase = {
    name: 'full',
    topology: [
      { id: 't', op: 'table', topic: 'in' },
      { id: 's', op: 'suppress', in: 't', until: 'timeLimit', limitMs: 5, maxRecords: 1, onFull: 'shutDown' },
      { id: 'to', op: 'to', in: 's', topic: 'out' },
    ],
    inputs: [
      { topic: 'in', key: 'a', value: 'x', ts: 0 },
      { topic: 'in', key: 'a', value: 'y', ts: 9 },
      { topic: 'in', key: 'a', value: 'x', ts: 10 },
      { topic: 'in', key: 'b', value: 'x', ts: 11 },
    ],
    expected: [{ topic: 'out', key: 'a', value: 'y', ts: 9, after: 2 }],
  }
  t.match(verdict(full), { kind: 'passed' })
  t.match(verdict({ ...full, expected: [] }), { kind: 'failed' })
})

t.test('our own cases, as Kafka Streams ran them', async (t) => {
  const own = new URL('fixtures/records/', import.meta.url)
  for (const name of readdirSync(own)) {
    const result = verdict(JSON.parse(readFileSync(new URL(name, own), 'utf8')) as ConformanceCase)
    t.match(result, { kind: 'passed' }, name)
  }
})

const folder = process.env.CONFORMANCE_CASES ?? '../shared/conformance/cases'
t.test('the shared cases', { skip: existsSync(folder) ? false : `${folder} is not there` }, async (t) => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const result = verdict(JSON.parse(readFileSync(join(folder, name), 'utf8')) as ConformanceCase)
    t.notMatch(result, { kind: 'failed' }, name)
  }
})

/** Rows a table's `groupBy` leaves out, which Kafka Streams does not count. */
const COUNTED_HERE_ONLY = ['ktable/aggregate-versioned-source']
t.test(
  'dropped records of the shared cases',
  { skip: existsSync(folder) ? false : `${folder} is not there` },
  async (t) => {
    const cases = readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as ConformanceCase)
      .filter((testCase) => testCase.droppedRecords !== undefined && verdict(testCase).kind === 'passed')
    t.ok(process.env.CONFORMANCE_CASES !== undefined || cases.length > 50)
    const different = cases.filter((testCase) => droppedDifference(testCase) !== null)
    t.same(
      different.map(({ name }) => name),
      COUNTED_HERE_ONLY.filter((name) => cases.some((testCase) => testCase.name === name)),
    )
  },
)

t.test('a count that differs is told, in words', async (t) => {
  const testCase: ConformanceCase = {
    name: 'dropped',
    topology: [
      { id: 's', op: 'stream', topic: 'in' },
      { id: 'g', op: 'groupByKey', in: 's' },
      { id: 'c', op: 'count', in: 'g', store: { name: 'c' } },
    ],
    inputs: [
      { topic: 'in', key: null, value: 1, ts: 1 },
      { topic: 'in', key: 'k', value: 1, ts: 2 },
    ],
    expected: [],
    droppedRecords: 1,
  }
  t.equal(droppedDifference(testCase), null)
  t.match(droppedDifference({ ...testCase, droppedRecords: 0 }), /counted 0 dropped records, Millrace 1$/)
})
