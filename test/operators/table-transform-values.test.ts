/** `transformValues` on tables: a run captured from Kafka Streams 4.3.1, stores and life cycle. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import type { ValueTransformer } from '../../lib/topology/processor.js'
import { goldenTopologies } from '../topology/golden-topologies.js'

const text = { key: string, value: string }

t.test('what Kafka Streams gives', async (t) => {
  const driver = new TopologyTestDriver(goldenTopologies['table-transform-values']!(), { cacheBytes: 0 })
  const out = ['plain', 'kept-out', 'joined', 'counts'].map((topic) => driver.createOutputTopic(topic, string, string))
  const captured = readFileSync(new URL('fixtures/table-transform-values.txt', import.meta.url), 'utf8').trim()
  const got: string[] = []
  for (const line of captured.split('\n').filter((each) => each.startsWith('> '))) {
    const [, topic, key, value, timestamp] = line.split(' ')
    driver.createInputTopic(topic!, string, string).pipe(key!, value === 'null' ? null : value!, Number(timestamp))
    got.push(line)
    for (const reader of out) {
      for (const record of reader.readAll()) {
        got.push(`${reader.topic} ${record.key} ${record.value} ${record.timestamp}`)
      }
    }
  }
  t.same(got, captured.split('\n'))
})

t.test('a transformer has its stores and no others, and is closed', async (t) => {
  let closed = 0
  class Previous implements ValueTransformer<string, string, string> {
    #store: KeyValueStore<string, string> | null = null
    init({ getStateStore }: Parameters<NonNullable<ValueTransformer['init']>>[0]) {
      t.throws(() => getStateStore('other'), { code: 'TOPOLOGY_STORE_UNKNOWN' })
      this.#store = getStateStore('previous')
    }
    transform(key: string, value: string | null) {
      const before = this.#store!.get(key)?.value ?? 'nothing'
      this.#store!.put(key, value, 0)
      return `${before} -> ${value}`
    }
    close() {
      closed++
    }
  }
  const b = new StreamsBuilder()
  b.addStateStore({ name: 'previous', ...text }).addStateStore({ name: 'other', ...text })
  b.table('in', text)
    .transformValues(() => new Previous(), { stores: ['previous'] })
    .toStream()
    .to('out')
  const driver = new TopologyTestDriver(b.build())
  const input = driver.createInputTopic('in', string, string)
  for (const value of ['a', null, 'b']) input.pipe('k', value, 1)
  t.same(
    driver
      .createOutputTopic('out', string, string)
      .readAll()
      .map(({ value }) => value),
    ['nothing -> a', 'a -> null', 'nothing -> b'],
  )
  driver.close()
  t.equal(closed, 1)
})
