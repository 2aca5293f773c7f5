/** What the nodes the DSL appends do with records: the functions inside them, and the repartitions between them. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import type { Node } from '../../lib/topology/node.js'
import { session } from '../../lib/windows/definitions.js'

const text = { key: string, value: string }
const other = (_key: string, value: string | null) => value!

type Kind = Node['kind']

function nodes<K extends Kind>(kind: K, describe: (b: StreamsBuilder) => unknown): Extract<Node, { kind: K }>[] {
  const builder = new StreamsBuilder()
  describe(builder)
  return builder.build().nodes.filter((node): node is Extract<Node, { kind: K }> => node.kind === kind)
}

t.test('a repartition drops null keys, unless a left join below needs them', async (t) => {
  const joiner = (left: string, right: string | null) => `${left}${right}`
  const drops = (describe: (b: StreamsBuilder) => unknown) =>
    nodes('filter', describe).map((node) => [node.name, !node.predicate(null, 'v'), !node.predicate('k', null)])
  t.same(
    drops((b) => {
      const table = b.table('t', text)
      b.stream('a', text).repartition({ name: 'plain' }).to('x')
      b.stream('b', text).repartition({ name: 'inner' }).join(table, { joiner }).to('x')
      b.stream('c', text)
        .repartition({ name: 'left' })
        .mapValues((v) => v)
        .leftJoin(table, { joiner })
        .to('x')
    }),
    [
      ['plain-repartition-filter', true, false],
      ['inner-repartition-filter', true, false],
      ['left-repartition-filter', false, false],
    ],
  )
})

t.test('joins of one rekeyed stream share its repartition topic', async (t) => {
  const sinks = nodes('sink', (b) => {
    const joiner = (left: string, right: string) => left + right
    const stream = b.stream('a', text).selectKey(other)
    stream.join(b.table('t', text), { joiner }).to('x')
    stream.join(b.table('u', text), { joiner }).to('y')
  })
  t.same(
    sinks.map((sink) => sink.topic),
    ['KSTREAM-KEY-SELECT-0000000001-repartition', 'x', 'y'],
  )
})

t.test('a joiner gets left, right, key', async (t) => {
  const [join] = nodes('streamTableJoin', (b) =>
    b
      .stream('a', text)
      .join(b.table('t', text), { joiner: (left, right, key) => `${key}:${left}:${right}` })
      .to('x'),
  )
  t.equal(join!.joiner('k', 'l', 'r'), 'k:l:r')
  const [global] = nodes('streamGlobalTableJoin', (b) =>
    b
      .stream('a', text)
      .leftJoin(b.globalTable('g', text), { keySelector: other, joiner: (l, r, key) => `${key}:${l}:${r}` })
      .to('x'),
  )
  t.equal(global!.joiner('k', 'l', null), 'k:l:null')
  const tables = nodes('tableJoin', (b) =>
    b.table('l', text).outerJoin(b.table('r', text), { joiner: (l, r, key) => `${key}:${l}:${r}` }),
  )
  for (const side of tables) t.equal(side.joiner('k', null, 'r'), 'k:null:r', 'both sides call it the same way round')
})

t.test('folds', async (t) => {
  const [count, reduce] = nodes('aggregate', (b) => {
    const grouped = b.stream('a', text).groupByKey()
    grouped.count()
    grouped.reduce((aggregate, value) => `${aggregate}-${value}`)
  })
  t.equal(count!.fold.initializer!(), 0)
  t.equal(count!.fold.adder('k', 'v', 4), 5)
  t.equal(reduce!.fold.initializer, null)
  t.equal(reduce!.fold.adder('k', 'v', 'a'), 'a-v')
  const [sessionCount, sessionReduce] = nodes('sessionAggregate', (b) => {
    const windows = b
      .stream('a', text)
      .groupByKey()
      .windowedBy(session({ gapMs: 5 }))
    windows.count()
    windows.reduce((aggregate, value) => `${aggregate}-${value}`)
  })
  t.equal(sessionCount!.merger('k', 2, 3), 5)
  t.equal(sessionReduce!.merger('k', 'a', 'b'), 'a-b')
  t.equal(sessionReduce!.merger('k', null, 'b'), 'b', 'a session that had no value yet')
  const [tableCount, tableReduce] = nodes('tableAggregate', (b) => {
    const grouped = b.table('t', text).groupBy((key, value) => [value, key])
    grouped.count()
    grouped.reduce({ adder: (all, value) => all + value, subtractor: (all, value) => all.replace(value, '') })
  })
  t.equal(tableCount!.subtractor('k', 'v', 4), 3)
  t.equal(tableReduce!.fold.adder('k', 'v', 'a'), 'av')
  t.equal(tableReduce!.subtractor('k', 'v', 'av'), 'a')
})

t.test('a split sends to the branch of the first predicate', async (t) => {
  const describe = (b: StreamsBuilder) =>
    b
      .stream('a', text)
      .split({ name: 's' })
      .branch((_k, v) => v! > 'm', { name: '-late' })
      .branch((_k, v) => v! > 'a')
      .defaultBranch({ name: '-rest' })
  const [split] = nodes('split', describe)
  t.same(split!.branches, ['s-late', 's2'])
  t.equal(split!.defaultBranch, 's-rest')
  t.same(
    split!.predicates.map((predicate) => predicate('k', 'b')),
    [false, true],
  )
  t.same([...describe(new StreamsBuilder()).keys()], ['s-late', 's2', 's-rest'])
})

t.test('a branch goes into a function and out of the result; its names come first', async (t) => {
  const builder = new StreamsBuilder()
  const rest = builder
    .stream('a', text)
    .split({ name: 's' })
    .branch((_k, v) => v! > 'm', { name: '-late', into: (late) => late.mapValues((v) => v!.toUpperCase()).to('x') })
    .branch(() => true, { name: '-early' })
    .defaultBranch({ into: (others) => others.to('y') })
  t.same([...rest.keys()], ['s-early'])
  const names = builder.build().nodes.map(({ name }) => name)
  t.same(names, [
    'KSTREAM-SOURCE-0000000000',
    's',
    's-late',
    'KSTREAM-MAPVALUES-0000000003',
    'KSTREAM-SINK-0000000004',
    's-early',
    's0',
    'KSTREAM-SINK-0000000007',
  ])
})

t.test('a builder may go on after a build', async (t) => {
  const builder = new StreamsBuilder()
  const stream = builder.stream('a', text)
  stream.to('x')
  t.equal(builder.build().nodes.length, 2)
  stream.to('y')
  t.equal(builder.build().nodes.length, 3)
})

t.test('print writes a line per record', async (t) => {
  const lines: string[] = []
  const write = (line: string) => lines.push(line)
  const windowed = { key: 'a', window: { startMs: 0, endMs: 10 } }
  const rows: readonly (readonly [unknown, unknown])[] = [
    ['k', 'v'],
    [null, null],
    [{ id: 1n }, [1, 'x']],
    [windowed, Buffer.from([1, 255])],
  ]
  const [plain, labelled] = nodes('peek', (b) => {
    const stream = b.stream('in', text)
    stream.print(write)
    stream.print(write, { name: 'n', label: 'seen', mapper: (key, value) => `${value}<${key}` })
  })
  for (const [key, value] of rows) plain!.action(key, value)
  labelled!.action('k', 'v')
  const name = 'KSTREAM-SOURCE-0000000000'
  t.same(lines, [
    `[${name}]: k, v`,
    `[${name}]: null, null`,
    `[${name}]: {"id":"1"}, [1,"x"]`,
    `[${name}]: [a@0/10], 01ff`,
    '[seen]: v<k',
  ])
})
