/** Asynchronous handlers: order, concurrency, retries, timeouts, failures; and commits that wait for them. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../lib/testing/index.js'

const io = { key: string, value: int64 }

interface Deferred {
  readonly key: string
  readonly value: number | null
  readonly attempt: number
  readonly signal: AbortSignal
  readonly answer: (value: number) => void
  readonly fail: (error: Error) => void
}

interface Settings {
  readonly concurrency?: number
  readonly order?: 'input' | 'key'
  readonly timeoutMs?: number
  readonly attempts?: number
  readonly backoffMs?: number
}

/** A topology whose handler answers when the test says so. */
function rig(settings: Settings = {}, options: TopologyTestDriverOptions = {}) {
  const builder = new StreamsBuilder()
  const calls: Deferred[] = []
  builder
    .stream('in', io)
    .mapValuesAsync(
      (value, key, { attempt, signal }) =>
        new Promise<number>((answer, fail) => {
          calls.push({ key, value, attempt, signal, answer, fail })
        }),
      settings,
    )
    .to('out', { value: int64 })
  const driver = new TopologyTestDriver(builder.build(), { cacheBytes: 0, ...options })
  const input = driver.createInputTopic('in', string, int64)
  const output = driver.createOutputTopic('out', string, int64)
  const seen = () => output.readAll().map(({ key, value }) => `${key}${value}`)
  return { driver, calls, input, seen, turn: () => new Promise<void>((resolve) => setImmediate(resolve)) }
}

t.test('results go on in the order of the input; handlers of one key never overlap', async (t) => {
  const { driver, calls, input, seen } = rig()
  input.pipe('a', 1, 0)
  input.pipe('b', 2, 1)
  input.pipe('a', 3, 2)
  t.same(
    calls.map(({ value }) => value),
    [1, 2],
    'the second of a waits for the first',
  )
  calls[1]!.answer(20)
  await new Promise((resolve) => setImmediate(resolve))
  t.same(seen(), [], 'b came second')
  calls[0]!.answer(10)
  await new Promise((resolve) => setImmediate(resolve))
  calls[2]!.answer(30)
  await driver.idle()
  t.same(seen(), ['a10', 'b20', 'a30'])
})

t.test('order by key: only records of one key wait for each other', async (t) => {
  const { driver, calls, input, seen, turn } = rig({ order: 'key' })
  input.pipe('a', 1, 0)
  input.pipe('b', 2, 1)
  calls[1]!.answer(20)
  await turn()
  input.pipe('c', 3, 2)
  t.same(seen(), [], 'a commit waits for a')
  calls[0]!.answer(10)
  calls[2]!.answer(30)
  await driver.idle()
  t.same(seen(), ['b20', 'a10', 'c30'])
})

t.test('no more handlers run than allowed, no more records are taken than four for each', async (t) => {
  const { driver, calls, input, seen, turn } = rig({ concurrency: 2 })
  for (let i = 0; i < 20; i++) input.pipe(`k${i}`, i, i)
  t.equal(calls.length, 2)
  for (let done = 0; done < 20; done++) {
    t.ok(calls.length - done <= 2)
    calls[done]!.answer(calls[done]!.value!)
    await turn()
    driver.advanceWallClockTime(0)
  }
  await driver.idle()
  t.same(
    seen(),
    Array.from({ length: 20 }, (_, i) => `k${i}${i}`),
  )
})

t.test('an attempt that fails or takes too long is made again, after a growing pause', async (t) => {
  const { driver, calls, input, seen, turn } = rig({ attempts: 3, backoffMs: 10, timeoutMs: 50 })
  input.pipe('a', 1, 0)
  calls[0]!.fail(new Error('no'))
  await turn()
  driver.advanceWallClockTime(9)
  await turn()
  t.equal(calls.length, 1)
  driver.advanceWallClockTime(1)
  await turn()
  t.equal(calls[1]!.attempt, 2)
  driver.advanceWallClockTime(50)
  await turn()
  t.ok(calls[1]!.signal.aborted, 'the attempt is told')
  driver.advanceWallClockTime(20)
  await turn()
  calls[1]!.answer(99)
  calls[2]!.answer(7)
  await driver.idle()
  t.same(seen(), ['a7'], 'what comes late is ignored')
})

t.test(
  'after the last attempt the policy for processing errors decides, and the record keeps its origin',
  async (t) => {
    const failing = rig({ timeoutMs: 5 })
    failing.input.pipe('a', 1, 0)
    failing.driver.advanceWallClockTime(5)
    await t.rejects(failing.driver.idle(), { code: 'ASYNC_TIMEOUT', node: 'KSTREAM-ASYNC-0000000001' })
    const { driver, calls, input, seen } = rig({}, { onProcessingError: 'deadLetter', deadLetterTopic: 'dead' })
    input.pipe('a', 1, 0)
    input.pipe('b', 2, 1)
    calls[0]!.fail(new Error('no'))
    calls[1]!.answer(2)
    await driver.idle()
    t.same(seen(), ['b2'])
    t.match(driver.droppedRecords(), [
      { reason: 'processing', topic: 'in', offset: 0, node: 'KSTREAM-ASYNC-0000000001' },
    ])
    const dead = driver.createOutputTopic('dead', string, int64).readAll()
    t.match(dead, [{ key: 'a', value: 1 }])
  },
)

t.test('random delays: as if the handler had not waited at all', async (t) => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = seededRandom(seed)
    const order = seed % 2 === 0 ? 'input' : 'key'
    const build = (asynchronous: boolean) => {
      const builder = new StreamsBuilder()
      const stream = builder.stream('in', io)
      const mapped = asynchronous
        ? stream.mapValuesAsync(
            async (value) => {
              for (let turns = random.int(4); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve))
              return value! * 2
            },
            { concurrency: 1 + random.int(8), order },
          )
        : stream.mapValues((value) => value! * 2)
      mapped
        .groupByKey({ value: int64 })
        .aggregate({
          initializer: () => '',
          adder: (_key, value, sum: string) => `${sum},${value}`,
          store: { value: string },
        })
        .toStream()
        .to('out')
      const driver = new TopologyTestDriver(builder.build(), { cacheBytes: 0 })
      return { driver, input: driver.createInputTopic('in', string, int64) }
    }
    const [plain, waiting] = [build(false), build(true)]
    for (let i = 0; i < 100; i++) {
      const key = `k${random.int(5)}`
      plain.input.pipe(key, i, i)
      waiting.input.pipe(key, i, i)
      if (random.int(10) === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await waiting.driver.idle()
    const out = ({ driver }: typeof plain) =>
      driver
        .createOutputTopic('out', string, string)
        .readAll()
        .map(({ key, value }) => `${key}=${value}`)
    const [expected, got] = [out(plain), out(waiting)]
    if (order === 'input') t.same(got, expected, `seed ${seed}`)
    else t.same(got.toSorted(), expected.toSorted(), `seed ${seed}`)
  }
})

t.test('figures out of bounds are refused at build', async (t) => {
  for (const settings of [{ concurrency: 0 }, { attempts: 0 }, { timeoutMs: 0 }, { backoffMs: -1 }]) {
    t.throws(() => rig(settings), { code: 'CONFIG_INVALID' })
  }
})
