/** `diff`, edit by edit of what is no parent of an operator: tables that a join asks, branches of a split, partition counts. */
import t from 'tap'
import type { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { describeAsData, type TopologyDescription } from '../../lib/topology/description.js'
import { diffTopologies } from '../../lib/topology/diff.js'

const text = { key: string, value: string }
type Write = (builder: StreamsBuilder) => void

function built(write: Write): TopologyDescription {
  const builder = new StreamsBuilder()
  write(builder)
  return describeAsData(builder.build())
}

/** Counts of one stream joined with one table after the other. */
const lookups =
  (...topics: readonly ('t' | 'u')[]): Write =>
  (b) => {
    const table = (topic: string) => b.table(topic, { ...text, store: { name: topic } })
    const tables = { t: table('t'), u: table('u') }
    const stream = b.stream('in', text)
    for (const topic of topics)
      stream
        .join(tables[topic], { joiner: () => '', value: string })
        .groupByKey(text)
        .count()
  }
const globalLookups =
  (...topics: readonly ('t' | 'u')[]): Write =>
  (b) => {
    const table = (topic: string) => b.globalTable(topic, { ...text, store: { name: topic } })
    const tables = { t: table('t'), u: table('u') }
    const stream = b.stream('in', text)
    const options = { joiner: () => '', keySelector: (key: string) => key }
    for (const topic of topics) stream.join(tables[topic], options).groupByKey(text).count()
  }
/** A named count of a stream joined with a table of this topic. */
const lookup =
  (topic: string): Write =>
  (b) => {
    const table = b.globalTable(topic, { ...text, store: { name: 'table' } })
    const joined = b.stream('in', text).join(table, { joiner: () => '', keySelector: (key) => key })
    joined.groupByKey(text).count({ store: { name: 'counts' } })
  }
/** Counts of one branch after the other. */
const branches =
  (...names: readonly ('x' | 'y')[]): Write =>
  (b) => {
    const split = b.stream('in', text).split({ name: 'by-' })
    const two = split.branch(() => true, { name: 'x' }).branch(() => true, { name: 'y' })
    const streams = two.noDefaultBranch()
    for (const name of names) streams.get(`by-${name}`).groupByKey().count()
  }
const namedBranches =
  (...names: readonly string[]): Write =>
  (b) => {
    const split = b.stream('in', text).split({ name: 'by-' })
    for (const name of names) {
      const into = (stream: KStream<string, string | null>) => {
        stream.groupByKey(text).count({ store: { name } })
      }
      split.branch(() => true, { name, into })
    }
    split.noDefaultBranch()
  }
const spread =
  (name: string, partitions?: number): Write =>
  (b) => {
    const settings = partitions === undefined ? { name } : { name, partitions }
    const stream = b.stream('in', text).repartition(settings)
    stream.groupByKey().count({ store: { name: 'counts' } })
  }
const retyped = (...numbers: readonly string[]) =>
  numbers.map((n) => `-retyped store KSTREAM-AGGREGATE-STATE-STORE-00000000${n}`)
const renamed = ['-orphaned repartition topic r-repartition', '+added repartition topic q-repartition']

/** Before, after, and per change: `+` where nothing is lost, `-` where something is. */
const EDITS: readonly (readonly [what: string, before: Write, after: Write, changes: readonly string[]])[] = [
  ['counts of two joins that change places', lookups('t', 'u'), lookups('u', 't'), retyped('06', '09')],
  [
    'counts of two joins with global tables that change places',
    globalLookups('t', 'u'),
    globalLookups('u', 't'),
    retyped('06', '09'),
  ],
  ['another global table', lookup('t'), lookup('u'), ['+changed store counts']],
  ['counts of two branches that change places', branches('x', 'y'), branches('y', 'x'), retyped('04', '06')],
  ['a branch before others', namedBranches('x'), namedBranches('new', 'x'), ['+added store new']],
  [
    'another number of partitions',
    spread('r', 2),
    spread('r', 4),
    ['-rekeyed store counts', '-rekeyed repartition topic r-repartition'],
  ],
  ['and another name', spread('r', 2), spread('q', 4), ['-rekeyed store counts', ...renamed]],
  ['another name only', spread('r', 2), spread('q', 2), renamed],
  ['another name, and as many partitions as the sources have', spread('r'), spread('q'), renamed],
]

for (const [what, before, after, expected] of EDITS) {
  t.test(what, async (t) => {
    const changes = diffTopologies(built(before), built(after))
    t.same(
      changes.map(({ kind, what, name, loses }) => `${loses ? '-' : '+'}${kind} ${what} ${name}`),
      expected,
    )
    for (const { message } of changes) t.match(message, /\w{4}/)
    t.same(diffTopologies(built(after), built(after)), [])
  })
}
