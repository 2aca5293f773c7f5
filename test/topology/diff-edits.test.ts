/** `diff`, edit by edit of windows, joins, stores and generated names. */
import t from 'tap'
import type { BuildOptions } from '../../lib/dsl/plan/build.js'
import type { StoreSettings } from '../../lib/dsl/plan/store-options.js'
import { type Suppressed, untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import { describeAsData, type TopologyDescription } from '../../lib/topology/description.js'
import { diffTopologies } from '../../lib/topology/diff.js'
import type { StoreOptions, TimerTime } from '../../lib/topology/store-definition.js'
import {
  hopping,
  type SlidingWindows,
  session,
  sliding,
  type TimeWindows,
  tumbling,
} from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'
import type { Windowed } from '../../lib/windows/window.js'

const text = { key: string, value: string }
type Write = (builder: StreamsBuilder) => void

function built(write: Write, options?: BuildOptions): TopologyDescription {
  const builder = new StreamsBuilder()
  write(builder)
  return describeAsData(builder.build(options))
}

const counted: Write = (b) => {
  b.stream('in', text)
    .groupBy((_k, v) => v!, { name: 'by-value' })
    .count({ store: { name: 'counts' } })
}
const inWindows =
  (windows: TimeWindows | SlidingWindows, name = 'counting'): Write =>
  (b) => {
    b.stream('in', text)
      .groupByKey()
      .windowedBy(windows)
      .count({ name, store: { name: 'windows', retentionMs: 1000 } })
  }
const inSessions =
  (gapMs: number): Write =>
  (b) => {
    const store = { name: 'windows', retentionMs: 1000 }
    b.stream('in', text).groupByKey().windowedBy(session({ gapMs })).count({ name: 'counting', store })
  }
const held =
  (suppressed: Suppressed<Windowed<string>>): Write =>
  (b) => {
    b.stream('in', text)
      .groupByKey()
      .windowedBy(tumbling({ sizeMs: 10 }))
      .count({ store: { name: 'windows' } })
      .suppress(suppressed, { name: 'hold' })
  }
/** The first count is of all records, the second of some, or the other way round. */
const inTurn =
  (...steps: readonly ('all' | 'some')[]): Write =>
  (b) => {
    const stream = b.stream('in', text)
    for (const step of steps) (step === 'all' ? stream : stream.filter(() => true)).groupByKey().count()
  }
const paired =
  (kind: 'join' | 'leftJoin' | 'outerJoin', beforeMs: number, other = 'b'): Write =>
  (b) => {
    const options = {
      window: joinWindow({ beforeMs, afterMs: 5 }),
      joiner: () => '',
      name: 'pair',
      store: { name: 'kept' },
    }
    const stream = b.stream('a', text)
    const join = stream[kind].bind(stream) as typeof stream.join
    join(other === 'a' ? stream : b.stream(other, text), options)
  }
const repartitioned =
  (value: Serde<never>): Write =>
  (b) => {
    const group = b.stream('in', text).groupBy((key) => key, { name: 'group', value: value as never })
    group.count({ store: { name: 'counts' } })
  }
const stored =
  (store: Partial<StoreOptions<string, string>>): Write =>
  (b) => {
    b.addStateStore({ name: 'rows', ...text, ...store } as StoreOptions<string, string>)
    b.stream('in', text).process(() => ({ process() {} }), { name: 'process', stores: ['rows'] })
  }
const timed =
  (time: TimerTime): Write =>
  (b) => {
    b.addTimerStore({ name: 'timers', key: string, time })
    b.stream('in', text).process(() => ({ process() {} }), { name: 'process', stores: ['timers'] })
  }
const rows =
  (store: StoreSettings): Write =>
  (b) => {
    b.table('t', { ...text, store: { name: 'rows', ...store } })
  }
const waiting =
  (graceMs: number, name = 'join'): Write =>
  (b) => {
    const table = b.table('t', { ...text, store: { name: 'rows', versioned: { historyRetentionMs: 100 } } })
    b.stream('in', text).join(table, { joiner: () => '', graceMs, name })
  }
const cogrouped =
  (...topics: readonly string[]): Write =>
  (b) => {
    const [first, ...more] = topics.map((topic) => b.stream(topic, text).groupByKey())
    let all = first!.cogroup<string>(() => '')
    for (const group of more) all = all.cogroup(group, () => '')
    all.aggregate({ initializer: () => '', store: { name: 'all', value: string } })
  }

type Edit = readonly [what: string, before: TopologyDescription, after: TopologyDescription, changes: readonly string[]]

/** Before, after, and per change: `+` where nothing is lost, `-` where something is. */
const EDITS: readonly Edit[] = [
  [
    'generated names that pass to one another',
    built(inTurn('all', 'some')),
    built(inTurn('some', 'all')),
    [
      '-orphaned store KSTREAM-AGGREGATE-STATE-STORE-0000000001',
      '-retyped store KSTREAM-AGGREGATE-STATE-STORE-0000000004',
      '+added store KSTREAM-AGGREGATE-STATE-STORE-0000000002',
    ],
  ],
  [
    'a generated name that passes to another computation',
    built((b) =>
      b
        .stream('in', text)
        .mapValues((v) => v)
        .groupByKey()
        .count(),
    ),
    built((b) =>
      b
        .stream('in', text)
        .filter(() => true)
        .groupByKey()
        .count(),
    ),
    ['-retyped store KSTREAM-AGGREGATE-STATE-STORE-0000000002'],
  ],
  [
    'an operator in front of a named store',
    built(counted),
    built((b) => {
      b.stream('in', text)
        .filter(() => true)
        .groupBy((_k, v) => v!, { name: 'by-value' })
        .count({ store: { name: 'counts' } })
    }),
    ['+changed store counts'],
  ],
  [
    'windows that overlap now',
    built(inWindows(tumbling({ sizeMs: 10 }))),
    built(inWindows(hopping({ sizeMs: 10, advanceMs: 5 }))),
    ['-retyped store windows'],
  ],
  [
    'windows that slide now',
    built(inWindows(tumbling({ sizeMs: 10 }))),
    built(inWindows(sliding({ timeDifferenceMs: 10 }))),
    ['-retyped store windows'],
  ],
  [
    'another grace',
    built(inWindows(tumbling({ sizeMs: 10, graceMs: 9 }))),
    built(inWindows(tumbling({ sizeMs: 10, graceMs: 5 }))),
    ['+changed store windows'],
  ],
  ['another gap', built(inSessions(10)), built(inSessions(20)), ['+changed store windows']],
  ['a longer wait', built(held(untilTimeLimit(5))), built(held(untilTimeLimit(50))), ['+changed operator hold']],
  [
    'final results instead',
    built(held(untilTimeLimit(5))),
    built(held(untilWindowCloses())),
    ['+changed operator hold'],
  ],
  [
    'another join window',
    built(paired('join', 5)),
    built(paired('join', 0)),
    ['+changed operator pair-this-join', '+changed operator pair-other-join'],
  ],
  [
    'an outer side more',
    built(paired('join', 5)),
    built(paired('leftJoin', 5)),
    [
      '-renamed store kept-other-join-store',
      '+added store kept-left-shared-join-store',
      '+changed operator pair-this-join',
    ],
  ],
  [
    'a self join on one store',
    built(paired('join', 5, 'a')),
    built(paired('join', 5, 'a'), { optimize: 'all' }),
    ['+orphaned store kept-other-join-store'],
  ],
  [
    'another serde on the way',
    built(repartitioned(string as never)),
    built(repartitioned(int64 as never)),
    ['-retyped repartition topic group-repartition'],
  ],
  ['a row that lives for a time', built(stored({})), built(stored({ ttlMs: 5 })), ['-retyped store rows']],
  ['a row that lives longer', built(stored({ ttlMs: 5 })), built(stored({ ttlMs: 6 })), []],
  ['rows with timestamps', built(stored({})), built(stored({ kind: 'timestampedKeyValue' })), ['+moved store rows']],
  [
    'the same without a changelog',
    built(stored({ logged: false })),
    built(stored({ logged: false, kind: 'timestampedKeyValue' })),
    ['-moved store rows'],
  ],
  ['a limit of rows', built(rows({})), built(rows({ maxEntries: 5 })), ['-retyped store rows']],
  ['versions', built(rows({})), built(rows({ versioned: { historyRetentionMs: 5 } })), ['+moved store rows']],
  ['timers of another clock', built(timed('streamTime')), built(timed('wallClockTime')), ['-retyped store timers']],
  ['timers that are taken', built(timed('streamTime')), built(timed('processorTime')), ['-retyped store timers']],
  ['a longer grace of a join', built(waiting(5)), built(waiting(50)), ['+changed operator join']],
  [
    'another name for a join that waits',
    built(waiting(5)),
    built(waiting(5, 'again')),
    ['-renamed store join-Buffer', '+moved operator join'],
  ],
  ['a stream more in a cogroup', built(cogrouped('a')), built(cogrouped('a', 'b')), ['+changed store all']],
  ['one less', built(cogrouped('a', 'b')), built(cogrouped('a')), ['-rekeyed store all']],
]

for (const [what, before, after, expected] of EDITS) {
  t.test(what, async (t) => {
    const changes = diffTopologies(before, after)
    t.same(
      changes.map(({ kind, what, name, loses }) => `${loses ? '-' : '+'}${kind} ${what} ${name}`),
      expected,
    )
    for (const { message } of changes) t.match(message, /\w{4}/)
    t.same(diffTopologies(after, after), [])
  })
}
