/** Serdes of the application that reuse memory, answer other bytes than Buffers, or no value at all: on topics and in stores. */
import t from 'tap'
import { json, type KeyValueStore, StreamsBuilder, string, TopologyBuilder } from '../../lib/index.js'
import { checked, own } from '../../lib/serde/checked.js'
import type { Serde } from '../../lib/serde/serde.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { TaskHarness, writtenBy } from '../task/harness.js'
import { record } from '../task/records.js'

/** Serdes of text that keep to the contract in what they say, and not in how. */
function peculiar(): Record<string, Serde<string>> {
  const memory = Buffer.alloc(64)
  const write = (value: string) => memory.subarray(0, memory.write(value))
  const encoder = new TextEncoder()
  return {
    'one buffer for all values': { name: 'reused', serialize: write, deserialize: (bytes) => bytes.toString() },
    'bytes that are no Buffer': {
      name: 'encoded',
      serialize: (value) => encoder.encode(value) as Buffer,
      deserialize: (bytes) => bytes.toString(),
    },
    'one built from another': {
      ...string,
      name: 'spread',
      serialize: write,
      byteString: undefined as never,
      keeps: () => false,
    },
    'an object of a class': new (class {
      readonly name = 'classy'
      readonly #memory = Buffer.alloc(64)
      serialize(value: string): Buffer {
        return this.#memory.subarray(0, this.#memory.write(value))
      }
      deserialize(bytes: Buffer): string {
        return `${bytes}`
      }
    })(),
  }
}

for (const [what, serde] of Object.entries(peculiar())) {
  t.test(what, async (t) => {
    const builder = new StreamsBuilder()
    const both = { key: serde, value: serde }
    const rows = builder.table('in', { ...both, store: { name: 'rows' } })
    rows.toStream().to('copy', both)
    const without = (list: string, gone: string) => list.split('+').filter((each) => each !== gone)
    rows
      .groupBy((key, value) => [value, key], both)
      .reduce({
        adder: (a: string, b: string) => [...a.split('+'), b].sort().join('+'),
        subtractor: (a: string, b: string) => without(a, b).join('+'),
        store: { name: 'keys' },
      })
      .toStream()
      .to('keys', both)
    const driver = new TopologyTestDriver(builder.build())
    const input = driver.createInputTopic('in', string, string)
    for (const [key, value] of [
      ['a', 'x'],
      ['b', 'x'],
      ['a', 'y'],
    ] as const)
      input.pipe(key, value)
    const read = (topic: string) =>
      driver
        .createOutputTopic(topic, string, string)
        .readAll()
        .map(({ key, value }) => `${key}=${value}`)
    t.same(read('copy'), ['a=x', 'b=x', 'a=y'])
    t.same(read('keys').slice(-2).sort(), ['x=b', 'y=a'])
    const store = driver.store<KeyValueStore<string, string>>('rows')
    t.same([store.get('a')?.value, store.get('b')?.value], ['y', 'x'])
  })
}

const text = { key: string, value: string }
const odd = (answer: unknown): Serde<string> => ({
  ...string,
  name: 'odd',
  deserialize: (bytes) => (`${bytes}` === 'bad' ? (answer as string) : `${bytes}`),
  deserializeAt: undefined as never,
})

t.test('a value that is none, or a promise of one, cannot be read', async (t) => {
  for (const answer of [undefined, Promise.resolve('x'), Promise.reject(new Error('never seen'))]) {
    for (const serde of [odd(answer), json<string>(() => answer as unknown as string)]) {
      const builder = new StreamsBuilder()
      builder.stream('in', { key: string, value: serde }).to('out', text)
      const seen: unknown[] = []
      const onDeserializationError = (failure: unknown) => {
        seen.push(failure)
        return 'skip' as const
      }
      const harness = new TaskHarness(builder.build(), { onDeserializationError })
      harness.add('in', [record('a', serde.name === 'odd' ? 'bad' : '1')], 40)
      harness.task.process(10)
      t.match(seen, [
        { offset: 40, error: { code: 'DESERIALIZE_FAILED', cause: { message: /returned (undefined|a promise)/ } } },
      ])
    }
  }
})

t.test('what a serde answers for a store that it may not', async (t) => {
  for (const [answer, message] of [
    ['text', /the serde odd returned a string instead of bytes/],
    [undefined, /returned undefined/],
    [5, /returned/],
    [Promise.reject(new Error('never seen')), /returned a promise/],
    [null, /returned null for a key/],
  ] as const) {
    for (const [which, serdes] of [
      ['key', { key: { name: 'odd', serialize: () => answer, deserialize: String }, value: string }],
      ['value', { key: string, value: { name: 'odd', serialize: () => answer, deserialize: String } }],
    ] as const) {
      if (answer === null && which === 'value') continue
      const builder = new StreamsBuilder()
      builder
        .stream('in', text)
        .groupByKey()
        .reduce((_a, b) => b, { store: { name: 'rows', ...(serdes as never as typeof text) } })
      const seen: unknown[] = []
      const onProcessingError = (failure: unknown) => {
        seen.push(failure)
        return 'skip' as const
      }
      const harness = new TaskHarness(builder.build(), { onProcessingError })
      harness.add('in', [record('a', 'b')], 40)
      harness.task.process(10)
      t.match(seen, [{ offset: 40, error: { code: 'PROCESS_FAILED', cause: { message } } }], which)
    }
  }
})

t.test('a null that a serializer answers is a tombstone', async (t) => {
  const builder = new StreamsBuilder()
  const nulls = { ...string, name: 'nulls', serialize: () => null as never, keeps: () => false }
  builder.stream('in', text).to('out', { value: nulls })
  const harness = new TaskHarness(builder.build())
  harness.add('in', [record('a', 'b')], 40)
  harness.task.process(10)
  t.equal(writtenBy(harness.task.collectCommit()!)[0]!.value, null)
})

t.test('our own serdes are used as they are, others are one serde however often they are named', async (t) => {
  for (const serde of [string, json(), own({ ...string })]) t.equal(checked(serde), serde)
  const mine = { ...string }
  t.equal(checked(mine), checked(mine))
  t.not(checked(mine), mine)
  t.equal(checked(checked(mine)), checked(mine))
  for (const nothing of [null, undefined, 5, 'string', () => string, { serialize() {} }])
    t.equal(checked(nothing as never), nothing)
  const topology = new TopologyBuilder().addSource({ name: 's', topics: ['in'], key: mine, value: mine }).build()
  t.match(topology.nodes[0], { keySerde: checked(mine), valueSerde: checked(mine) })
})
