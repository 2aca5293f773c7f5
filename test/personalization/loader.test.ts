import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Admin, connect, embeddedBroker, readAll } from '../../lib/index.js'
import { isInvalidRow } from '../../lib/personalization/input/formats/rows.js'
import { NO_INJECTION } from '../../lib/personalization/input/inject.js'
import { fileInput, type LoaderInput, simulatorInput } from '../../lib/personalization/input/loader/input-files.js'
import { readLedger } from '../../lib/personalization/input/loader/ledger.js'
import { Loader, type LoaderParts } from '../../lib/personalization/input/loader/loader.js'
import { plainSerdes } from '../../lib/personalization/records/serdes.js'
import { serviceTopics, topicNames } from '../../lib/personalization/records/topic-names.js'
import { systemClock } from '../../lib/record/clock.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { writeRees46 } from './rees46-rows.js'

const topics = topicNames('t-')
const serdes = plainSerdes()
const SEQUENCE = { inject: NO_INJECTION, seed: 1 }

async function rig(t: Test) {
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect({ broker })
  t.teardown(async () => {
    await cluster.close()
    await broker.close()
  })
  await new Admin(cluster).createTopics(serviceTopics(topics, 3))
  const loader = (input: LoaderInput, owner: string, more: Partial<LoaderParts> = {}) =>
    new Loader({
      cluster,
      topics,
      serdes,
      input,
      speed: 'max',
      owner,
      clock: systemClock,
      log: silentLog,
      leaseMs: 300,
      ...more,
    })
  const sent = async () =>
    (await readAll({ cluster, topic: topics.activity })).map(({ value, partition, offset }) => ({
      ...serdes.activity.deserialize(value!, topics.activity),
      partition,
      offset,
    }))
  const progress = async () => (await readLedger(cluster, topics.loader, serdes.loader)).progress
  return { cluster, loader, sent, progress }
}

async function input(t: Test, rows: number, options: { seed?: number; broken?: boolean } = {}) {
  const path = join(t.testdir(), 'events.csv')
  writeRees46(path, rows, options)
  return fileInput(path, 'rees46', SEQUENCE)
}

function numbers(events: readonly { eventId: string; type: string }[]): number[] {
  return events
    .filter(({ type }) => type !== 'end_of_input')
    .map(({ eventId }) => Number(eventId))
    .sort((a, b) => a - b)
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

t.test('sends every row once, then one end-of-input record per partition', async (t) => {
  const { loader, sent, progress } = await rig(t)
  await loader(await input(t, 2_000), 'a').run(new AbortController().signal)
  const events = await sent()
  t.same(numbers(events), upTo(2_000))
  const ends = events.filter(({ type }) => type === 'end_of_input')
  t.same(
    ends.map(({ partition }) => partition),
    [0, 1, 2],
  )
  t.same(
    ends.map(({ offset }) => offset),
    (await progress())!.ends,
  )
  const latest = Math.max(...events.map(({ at }) => at))
  t.ok(ends.every(({ at }) => at === latest))
})

t.test('unreadable rows go to the dead letters with their row', async (t) => {
  const { cluster, loader, sent } = await rig(t)
  await loader(await input(t, 200, { broken: true }), 'a').run(new AbortController().signal)
  t.equal(numbers(await sent()).length, 196)
  const letters = await readAll({ cluster, topic: topics.deadLetters })
  const rows = letters.map(({ value }) => serdes.deadLetter.deserialize(value!, topics.deadLetters).row)
  t.same(
    rows.sort((a, b) => a - b),
    [50, 100, 150, 200],
  )
})

/** An input that fails, or asks to stop, when it comes to one of its rows. */
function breakingAt(whole: LoaderInput, row: number, act: () => void): LoaderInput {
  return {
    ...whole,
    async *rows() {
      let count = 0
      for await (const one of whole.rows()) {
        if (++count === row) act()
        yield one
      }
    },
  }
}

t.test('stopped or broken anywhere, it goes on where it was, with nothing twice', async (t) => {
  const { loader, sent } = await rig(t)
  const whole = await input(t, 12_000)
  const never = new AbortController().signal
  await t.rejects(
    loader(
      breakingAt(whole, 7_000, () => {
        throw new Error('disk gone')
      }),
      'a',
    ).run(never),
    { message: 'disk gone' },
  )
  t.same(numbers(await sent()), upTo(5_000), 'what its first transaction committed')
  const stop = new AbortController()
  await loader(
    breakingAt(whole, 11_000, () => stop.abort()),
    'a',
  ).run(stop.signal)
  await loader(whole, 'a').run(never)
  await loader(whole, 'a').run(never)
  const events = await sent()
  t.same(numbers(events), upTo(12_000))
  t.equal(events.filter(({ type }) => type === 'end_of_input').length, 3)
})

t.test('another input, or another order of the same, is refused', async (t) => {
  const { loader } = await rig(t)
  const never = new AbortController().signal
  const one = await input(t, 50)
  await loader(one, 'a').run(never)
  const other = await input(t, 51)
  await t.rejects(loader(other, 'a').run(never), { code: 'LOADER_INPUT_CONFLICT' })
  await t.rejects(loader({ ...one, sequence: 'shuffle' }, 'b').run(never), { code: 'LOADER_INPUT_CONFLICT' })
})

t.test('two inputs at once: the first claim in the log counts', async (t) => {
  const { loader, sent } = await rig(t)
  const never = new AbortController().signal
  const one = await input(t, 300)
  const other = await input(t, 400, { seed: 2 })
  const results = await Promise.allSettled([loader(one, 'a').run(never), loader(other, 'b').run(never)])
  t.same(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.ok([300, 400].includes(numbers(await sent()).length))
})

t.test('a second instance stands by, and takes over from one that is gone', async (t) => {
  const { loader, sent, progress } = await rig(t)
  const whole = await input(t, 600)
  const stop = new AbortController()
  // 600 rows over about 1,200 s of events, in about 0.6 s.
  const first = loader(whole, 'a', { speed: 2_000 }).run(stop.signal)
  while ((await progress()) === null) await systemClock.nextTurn()
  const second = loader(whole, 'b', { speed: 'max' }).run(new AbortController().signal)
  for (let i = 0; i < 20; i++) await systemClock.nextTurn()
  t.equal((await progress())!.owner, 'a')
  stop.abort()
  await first
  await second
  t.equal((await progress())!.owner, 'b')
  t.same(numbers(await sent()), upTo(600))
})

t.test('the one that was taken for gone is fenced, and sends nothing more', async (t) => {
  const { loader, sent } = await rig(t)
  const whole = await input(t, 600)
  const never = new AbortController().signal
  // A lease of nothing: each takes the other for gone all the time.
  const greedy = { speed: 2_000, leaseMs: 1 }
  await Promise.all([loader(whole, 'a', greedy).run(never), loader(whole, 'b', greedy).run(never)])
  const events = await sent()
  t.same(numbers(events), upTo(600))
  t.equal(events.filter(({ type }) => type === 'end_of_input').length, 3)
})

t.test('the simulator brings its profiles first', async (t) => {
  const { cluster, loader } = await rig(t)
  const shop = simulatorInput(SEQUENCE)
  const few: LoaderInput = {
    ...shop,
    profiles: shop.profiles.slice(0, 30),
    async *rows() {
      let count = 0
      for await (const row of shop.rows()) {
        if (isInvalidRow(row) || ++count > 20) return
        yield row
      }
    },
  }
  await loader(few, 'a').run(new AbortController().signal)
  const profiles = await readAll({ cluster, topic: topics.profiles })
  t.equal(profiles.length, 30)
  t.same(
    profiles.map(({ key }) => key!.toString()),
    profiles.map(({ value }) => serdes.profile.deserialize(value!, topics.profiles).userId),
  )
})
