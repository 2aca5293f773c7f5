/** Waiting for schemas: pauses that grow, a limit in time, other work goes on, and what can never come is a bad record. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { MillraceError } from '../../lib/errors.js'
import { confluentAvro } from '../../lib/serde/avro/confluent-avro.js'
import type { SchemaRegistry } from '../../lib/serde/avro/schema-registry.js'
import { string } from '../../lib/serde/primitive.js'
import { SchemaPending, type Serde } from '../../lib/serde/serde.js'
import { type HarnessOptions, TaskHarness, writtenBy } from './harness.js'

const SCHEMA = { type: 'record', name: 'V', fields: [{ name: 'a', type: 'string' }] }
const OTHER = 9
const minute = 60_000

/** Promises that have settled get their turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

async function registryWith(answer: SchemaRegistry['schema']) {
  const asked = { times: 0 }
  const registry: SchemaRegistry = {
    register: async () => 1,
    schema(id) {
      asked.times++
      return answer(id)
    },
  }
  return { asked, serde: await confluentAvro<{ a: string }>({ schema: SCHEMA, registry, subject: 's' }) }
}

function value(id: number): Buffer {
  const head = Buffer.alloc(5)
  head.writeInt32BE(id, 1)
  return Buffer.concat([head, Buffer.from([2, 0x78])])
}

const recordOf = (id: number) => ({ key: Buffer.from('k'), value: value(id), timestamp: 7 })

function harnessOf(serde: Serde<{ a: string }>, options: HarnessOptions = {}) {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: serde, name: 'source' })
    .mapValues((value) => value!.a)
    .to('out', { key: string, value: string })
  const harness = new TaskHarness(builder.build(), { deadLetterTopic: 'dead', ...options })
  /** Lets the time go on, and the task take its turns as the loop would. Returns how many records were processed. */
  const passes = async (ms: number, stepMs = 10) => {
    let processed = 0
    for (let at = 0; at < ms; at += stepMs) {
      harness.clock.advance(stepMs)
      await turn()
      if (harness.task.hasRunnable()) processed += harness.task.process(10)
    }
    return processed
  }
  return { harness, passes }
}

const failing: readonly (readonly [what: string, answer: SchemaRegistry['schema']])[] = [
  ['rejects at once', async () => Promise.reject(new Error('schema 9 is no Avro schema'))],
  [
    'throws',
    () => {
      throw new Error('not now')
    },
  ],
  ['rejects without an error', async () => Promise.reject(undefined)],
  [
    'does not answer',
    async () => Promise.reject(new MillraceError('SERDE_REGISTRY_UNAVAILABLE', 'status 503', { retriable: true })),
  ],
]
for (const [what, answer] of failing) {
  t.test(
    `a registry that ${what} is asked again after pauses that grow, and no longer than taskTimeoutMs`,
    async (t) => {
      const { asked, serde } = await registryWith(answer)
      const logged: object[] = []
      const log = { warn: (fields: object) => logged.push({ ...fields, atMs: harness.clock.now() }) }
      const { harness, passes } = harnessOf(serde, { taskTimeoutMs: minute, log, onDeserializationError: 'deadLetter' })
      harness.add('in', [recordOf(OTHER), recordOf(1)], 40)
      await passes(1_000)
      const early = asked.times
      t.ok(early >= 3 && early <= 6, `${early} times in the first second`)
      await passes(minute - 2_000, 100)
      t.ok(asked.times - early <= 12, `${asked.times} times in a minute`)
      t.ok(logged.length >= 3 && logged.length <= 15)
      t.match(logged[0], { topic: 'in', partition: 0, offset: 40, attempt: 1 })
      t.equal(harness.task.collectCommit()?.offsets[0]?.offset, 40, 'the offset stays before it')
      await t.rejects(passes(2_000, 100), {
        code: 'SERDE_REGISTRY_UNAVAILABLE',
        topic: 'in',
        partition: 0,
        offset: 40,
      })
      t.same(harness.drops, [], 'the record is not at fault')
    },
  )
}

t.test('a serde that is never done, although it says so, is read again after pauses too', async (t) => {
  let read = 0
  const never: Serde<{ a: string }> = {
    name: 'never',
    serialize: () => Buffer.alloc(0),
    deserialize() {
      read++
      throw new SchemaPending(Promise.resolve())
    },
  }
  const { harness, passes } = harnessOf(never, { taskTimeoutMs: minute })
  harness.add('in', [recordOf(OTHER)], 0)
  await passes(minute - 1_000, 50)
  t.ok(read > 5 && read < 20, `${read} times`)
  await t.rejects(passes(3_000, 50), { code: 'SERDE_REGISTRY_UNAVAILABLE' })
})

t.test('an answer that does not come is given up, and asked for anew', async (t) => {
  let hung = true
  const { asked, serde } = await registryWith(() => (hung ? new Promise(() => {}) : Promise.resolve(SCHEMA)))
  const { harness, passes } = harnessOf(serde)
  harness.add('in', [recordOf(OTHER), recordOf(1)], 0)
  t.equal(await passes(29_000, 1_000), 0)
  t.equal(asked.times, 1)
  hung = false
  t.equal(await passes(2_000, 100), 2)
  t.equal(asked.times, 2)
})

t.test('when the registry is back, records go on in their order', async (t) => {
  let down = true
  const { serde } = await registryWith(async () => {
    if (down) throw new Error('status 503')
    return SCHEMA
  })
  const { harness, passes } = harnessOf(serde)
  harness.add('in', [recordOf(OTHER), recordOf(1), recordOf(OTHER)], 0)
  t.equal(await passes(5 * minute, 1_000), 0, 'without a time-out it waits for as long as it takes')
  down = false
  t.equal(await passes(11_000, 100), 3)
  t.equal(harness.task.collectCommit()?.offsets[0]?.offset, 3)
})

const lasting: readonly (readonly [what: string, answer: SchemaRegistry['schema'], code: string])[] = [
  ['unknown to the registry', async () => null, 'SERDE_SCHEMA_UNKNOWN'],
  ['no Avro schema', async () => ({ type: 'object', properties: {} }), 'SERDE_SCHEMA_INVALID'],
  ['nothing at all', async () => undefined as never, 'SERDE_SCHEMA_UNKNOWN'],
  ['of another kind', async () => '42', 'SERDE_SCHEMA_INVALID'],
  [
    'refused by the registry',
    async () => Promise.reject(new MillraceError('SERDE_SCHEMA_INVALID', 'schema 9 is of kind JSON')),
    'SERDE_SCHEMA_INVALID',
  ],
  ['one that cannot be resolved', async () => ({ ...SCHEMA, fields: [] }), 'SERDE_SCHEMA_INVALID'],
]
for (const [what, answer, code] of lasting) {
  t.test(`a schema that is ${what}: its record is a dead letter, the next one is read`, async (t) => {
    const { asked, serde } = await registryWith(answer)
    const causes: unknown[] = []
    const { harness, passes } = harnessOf(serde, {
      onDeserializationError({ error, offset }) {
        causes.push([offset, error.code, (error.cause as MillraceError).code])
        return 'deadLetter'
      },
    })
    harness.add('in', [recordOf(OTHER), recordOf(OTHER), recordOf(1)], 0)
    t.equal(await passes(100), 1)
    t.same(causes, [
      [0, 'DESERIALIZE_FAILED', code],
      [1, 'DESERIALIZE_FAILED', code],
    ])
    t.equal(asked.times, 1, 'what can never come is asked for once')
    t.same(
      writtenBy(harness.task.collectCommit()!)
        .map(({ topic }) => topic)
        .sort(),
      ['dead', 'dead', 'out'],
    )
  })
}

t.test('where the policy says fail, it is the task that throws, in its turn', async (t) => {
  const { serde } = await registryWith(async () => null)
  const { harness, passes } = harnessOf(serde)
  harness.add('in', [recordOf(OTHER)], 3)
  await t.rejects(passes(100), { code: 'DESERIALIZE_FAILED', topic: 'in', partition: 0, offset: 3, node: 'source' })
})

t.test('credentials that are wrong end the instance, whatever the policy says, and can be corrected', async (t) => {
  let wrong = true
  const { serde } = await registryWith(async () => {
    if (wrong) throw new MillraceError('SERDE_REGISTRY_REJECTED', 'status 401')
    return SCHEMA
  })
  const { harness, passes } = harnessOf(serde, { onDeserializationError: 'skip' })
  harness.add('in', [recordOf(OTHER)], 3)
  await t.rejects(passes(100), { code: 'SERDE_REGISTRY_REJECTED', topic: 'in', partition: 0, offset: 3 })
  t.same(harness.drops, [])
  wrong = false
  harness.task.commitAborted()
  harness.add('in', [recordOf(OTHER)], 3)
  t.equal(await passes(100), 1)
})

t.test('who goes back to the last commit, or closes, waits no longer and leaves no timer', async (t) => {
  const { asked, serde } = await registryWith(async () => Promise.reject(new Error('status 503')))
  const { harness, passes } = harnessOf(serde)
  for (const leave of [() => harness.task.commitAborted(), () => harness.task.close()]) {
    harness.add('in', [recordOf(OTHER)], 0)
    await passes(500)
    leave()
    const before = asked.times
    const { ready } = harness
    t.equal(await passes(minute, 1_000), 0)
    t.equal(asked.times, before)
    t.equal(harness.ready, ready)
  }
})
