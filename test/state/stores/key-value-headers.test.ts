/** Key-value stores that keep headers: what they answer, what their changelogs carry, and what a restore brings back. */
import t from 'tap'
import {
  bytes,
  type Headers,
  type HeadersKeyValueStore,
  NO_HEADERS,
  type ProcessorContext,
  type StreamRecord,
  Streams,
  string,
  TopologyBuilder,
} from '../../../lib/index.js'
import { headersOf, joinHeaders, valueBytes } from '../../../lib/serde/with-headers.js'
import { MemoryEngines } from '../../../lib/state/memory-engine.js'
import { TopologyTestDriver } from '../../../lib/testing/index.js'
import { storeDefinition } from '../../../lib/topology/store-definition.js'
import { embedded } from '../../runtime/embedded.js'

const text = { key: string, value: string }
const header = (key: string, value: string | null) => ({ key, value: value === null ? null : Buffer.from(value) })

const HEADERS: Readonly<Record<string, Headers>> = {
  none: NO_HEADERS,
  one: [header('h', '0')],
  several: [header('h', 'a'), header('h', 'b'), header('', ''), header('null', null), header('ключ', 'ü€😀')],
  long: [header('k'.repeat(300), 'v'.repeat(70_000))],
}

t.test('bytes and back', async (t) => {
  for (const [what, headers] of Object.entries(HEADERS)) {
    for (const value of ['', 'x', 'y'.repeat(1_000)]) {
      const stored = joinHeaders(Buffer.from(value), headers)
      t.same(headersOf(stored), headers, what)
      t.equal(valueBytes(stored).toString(), value)
    }
  }
})

type Store = HeadersKeyValueStore<string, string>

const show = (headers: Headers) => headers.map(({ key, value }) => `${key}=${value}`).join()

/** Forwards what stood, as `value@timestamp headers`, and puts what comes. */
const supplier = () => {
  let context: ProcessorContext<string, string>
  let store: Store
  return {
    init(given: ProcessorContext<string, string>) {
      context = given
      store = given.getStateStore('kept')
    },
    process({ key, value, timestamp, headers }: StreamRecord<string, string>) {
      const answer = () => {
        if (value === 'delete') return store.delete(key)
        if (value === 'absent') return store.putIfAbsent(key, value, timestamp, headers)
        const stood = store.get(key)
        if (value === 'bare') store.put(key, value, timestamp)
        else store.put(key, value, timestamp, headers)
        return stood
      }
      const stood = answer()
      const said = stood === null ? 'nothing' : `${stood.value}@${stood.timestamp} ${show(stood.headers)}`
      context.forward({ key, value: said, timestamp, headers: NO_HEADERS })
    },
  }
}

function topology(options: { readonly headers?: boolean; readonly ordered?: boolean } = { headers: true }) {
  return new TopologyBuilder()
    .addSource({ name: 'in', topics: ['in'], ...text })
    .addProcessor({ name: 'node', parents: ['in'], supplier })
    .addStateStore({ name: 'kept', ...text, ...options }, 'node')
    .addSink({ name: 'out', parents: ['node'], topic: 'out', ...text })
    .build()
}

t.test('as Kafka Streams’ store with headers; a tombstone carries none', async (t) => {
  const driver = new TopologyTestDriver(topology(), { applicationId: 'app' })
  const input = driver.createInputTopic('in', string, string)
  const steps: readonly [value: string | null, headers: Headers, stood: string][] = [
    ['one', [header('h', '0')], 'nothing'],
    ['two', [header('h', '1')], 'one@1 h=0'],
    [null, [header('h', '2')], 'two@2 h=1'],
    ['three', [header('h', '3'), header('n', null)], 'nothing'],
    ['bare', [header('h', '4')], 'three@4 h=3,n=null'],
    ['absent', [header('h', '5')], 'bare@5 '],
    ['delete', [header('h', '6')], 'bare@5 '],
    ['absent', [header('h', '7')], 'nothing'],
    ['last', NO_HEADERS, 'absent@8 h=7'],
  ]
  const out = driver.createOutputTopic('out', string, string)
  steps.forEach(([value, headers, stood], i) => {
    input.pipe('k', value, i + 1, headers)
    t.equal(out.read()!.value, stood)
  })
  const changelog = driver.createOutputTopic('app-kept-changelog', string, bytes).readAll()
  t.same(
    changelog.map(({ value, timestamp, headers }) => `${value}@${timestamp} ${show(headers)}`),
    ['one@1 h=0', 'two@2 h=1', 'null@3 ', 'three@4 h=3,n=null', 'bare@5 ', 'null@5 ', 'absent@8 h=7', 'last@9 '],
  )
})

t.test('walks show headers too', async (t) => {
  const driver = new TopologyTestDriver(topology({ headers: true, ordered: true }))
  const input = driver.createInputTopic('in', string, string)
  input.pipe('b', 'x', 1, HEADERS.one!)
  input.pipe('a', 'y', 2)
  const rows = [...driver.store<Store & { all(): Iterable<unknown> }>('kept').all()]
  t.same(rows, [
    { key: 'a', value: 'y', timestamp: 2, headers: [] },
    { key: 'b', value: 'x', timestamp: 1, headers: HEADERS.one },
  ])
})

t.test('what they cannot be', async (t) => {
  for (const wrong of [
    { kind: 'window', windowSizeMs: 1, retentionMs: 1 },
    { kind: 'session', retentionMs: 1 },
    { kind: 'versioned', retentionMs: 1 },
    { ttlMs: 1 },
    { maxEntries: 1 },
  ] as const) {
    t.throws(() => storeDefinition({ name: 's', ...text, headers: true, ...wrong }), {
      code: 'CONFIG_INVALID',
      message: /headers/,
    })
  }
})

t.test('restart, lost disk, and headers no longer or newly kept', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const kept = new MemoryEngines()
  const lives: readonly [what: string, engines: MemoryEngines, keeps: boolean, value: string, stood: string][] = [
    ['first', kept, true, 'a', 'nothing'],
    ['same disk', kept, true, 'b', 'a h=a'],
    ['lost', new MemoryEngines(), true, 'c', 'b h=b'],
    ['old disk found again', kept, true, 'd', 'c h=c'],
    ['headers no longer kept', kept, false, 'e', 'd undefined'],
    ['newly kept, of a changelog without', kept, true, 'f', 'e '],
  ]
  for (const [what, engines, headers, value, stood] of lives) {
    const said: string[] = []
    const built = new TopologyBuilder()
      .addSource({ name: 'in', topics: ['in'], ...text })
      .addProcessor({
        name: 'node',
        parents: ['in'],
        supplier: () => {
          let store: Store
          return {
            init(context: ProcessorContext<never, never>) {
              store = context.getStateStore('kept')
            },
            process({ key, value, timestamp }: StreamRecord<string, string>) {
              const row = store.get(key)
              said.push(row === null ? 'nothing' : `${row.value} ${row.headers && show(row.headers)}`)
              store.put(key, value, timestamp, [header('h', value)])
            },
          }
        },
      })
      .addStateStore({ name: 'kept', ...text, ...(headers && { headers }) }, 'node')
      .build()
    const streams = new Streams(built, { applicationId: 'app', broker: world.broker, engines })
    await streams.start()
    await world.send([{ topic: 'in', key: 'k', value }])
    const query = () => streams.queries.keyValue<string, string>('kept').get('k')
    for (let i = 0; i < 500 && (await query())?.value !== value; i++) await new Promise((r) => setTimeout(r, 10))
    t.same(said, [stood], what)
    t.match(await query(), { value, ...(headers && { headers: [header('h', value)] }) }, `${what}: queries`)
    await streams.close({ leaveGroup: true })
  }
})
