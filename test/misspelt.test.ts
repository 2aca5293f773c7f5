/** Options that are misspelt, or of another type: refused with the names that are known. */
import t from 'tap'
import {
  hopping,
  joinWindow,
  readTopic,
  StreamsBuilder,
  session,
  sliding,
  string,
  tumbling,
  unlimited,
} from '../lib/index.js'
import { embedded } from './runtime/embedded.js'

t.test('windows', async (t) => {
  for (const [make, message] of [
    [() => tumbling({ sizeMs: 5, grace: 5 } as never), /tumbling has no option grace: known: sizeMs, graceMs/],
    [() => tumbling({ sizeMs: 5, advanceMs: 1 } as never), /tumbling has no option advanceMs/],
    [() => hopping({ sizeMs: 5, advanceMs: 1, gracems: 5 } as never), /hopping has no option gracems/],
    [() => session({ gapMs: 5, inactivityGap: 5 } as never), /session has no option/],
    [() => sliding({ timeDifferenceMs: 5, grace: 1 } as never), /sliding has no option/],
    [() => unlimited({ start: 5 } as never), /unlimited has no option/],
    [() => joinWindow({ beforeMs: 1, afterMs: 1, grace: 1 } as never), /joinWindow has no option grace/],
    ...[tumbling, hopping, session, sliding, joinWindow].flatMap((make) =>
      [undefined, null, 5, '5', []].map(
        (nothing) => [() => make(nothing as never), new RegExp(`${make.name} takes an object of options`)] as const,
      ),
    ),
  ] as const) {
    t.throws(make, { code: 'WINDOW_INVALID', message })
  }
})

t.test('a window may be made of another', async (t) => {
  t.same(tumbling(tumbling({ sizeMs: 5 })), tumbling({ sizeMs: 5 }))
  t.match(hopping({ ...tumbling({ sizeMs: 5 }), advanceMs: 1 }), { sizeMs: 5, advanceMs: 1 })
  t.match(joinWindow(joinWindow({ beforeMs: 1, afterMs: 2 })), { beforeMs: 1, afterMs: 2 })
})

t.test('stores of operators', async (t) => {
  for (const [store, message] of [
    [{ nam: 'x' }, /store .* has no option nam: known: name, logged/],
    [{ name: 'x', retention: 500 }, /store x has no option retention/],
    [{ name: 'x', ttlMs: 5 }, /store x has no option ttlMs/],
    ['counts', /takes an object of options .*not a string/],
    [{ name: 'x', logged: 'no' }, /store x: logged is a string: use true or false/],
    [{ name: 'x', cached: 0 }, /cached/],
    [{ name: 'x', ordered: 'false' }, /ordered is a string/],
    [{ name: 'x', topicConfig: 'cleanup.policy=delete' }, /topicConfig has string values/],
    [{ name: 'x', topicConfig: { 'retention.ms': 5 } }, /topicConfig has string values/],
  ] as const) {
    const options = { store: store as never }
    const text = { key: string, value: string }
    const stream = () => new StreamsBuilder().stream('in', text)
    const makers = [
      () => stream().groupByKey().count(options),
      () =>
        stream()
          .groupByKey()
          .windowedBy(tumbling({ sizeMs: 5 }))
          .count(options),
      () =>
        stream()
          .groupByKey()
          .windowedBy(session({ gapMs: 5 }))
          .count(options),
      () => new StreamsBuilder().table('in', { ...text, ...options }),
      () => stream().toTable(options as never),
      () =>
        stream()
          .toTable({ name: 't' })
          .filter(() => true, options as never),
      () =>
        stream()
          .toTable({ name: 't' })
          .mapValues((value) => value, options as never),
    ]
    for (const make of makers) t.throws(make, { code: 'CONFIG_INVALID', message })
  }
})

t.test('reading a topic', async (t) => {
  const { broker } = await embedded(t, { in: 1 })
  const { connect } = await import('../lib/index.js')
  const cluster = connect({ broker })
  t.teardown(() => cluster.close())
  const good = { cluster, topic: 'in', until: 'now' }
  for (const [options, message] of [
    [undefined, /takes an object of options/],
    [{ ...good, until: 'end' }, /until of reading a topic is not 'now' or 'never'/],
    [{ ...good, until: null }, /until/],
    [{ ...good, cluster: { broker } }, /option cluster must be a value that `connect` returned/],
    [{ ...good, connection: { broker } }, /give either cluster or connection/],
    [{ topic: 'in' }, /give either cluster or connection/],
    [{ ...good, topic: 5 }, /topic .* a name/],
    [{ ...good, isolation: 'committed' }, /isolation/],
    [{ ...good, elseFrom: 'first' }, /elseFrom/],
    [{ ...good, partitions: 0 }, /partitions/],
    [{ ...good, partitions: ['0'] }, /partitions/],
    [{ ...good, from: { 0: 5 } }, /from .* a Map/],
    [{ ...good, from: new Map([[0, -1]]) }, /from/],
    [{ ...good, form: new Map() }, /has no option form/],
  ] as const) {
    await t.rejects(readTopic(options as never).next(), { code: 'CONFIG_INVALID', message })
  }
})
