import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { Admin, connect, embeddedBroker, readAll } from '../../lib/index.js'
import { isInvalidRow } from '../../lib/personalization/input/formats/rows.js'
import { FORMATS } from '../../lib/personalization/input/index.js'
import { NO_INJECTION } from '../../lib/personalization/input/inject.js'
import { fileInput, type LoaderInput, simulatorInput } from '../../lib/personalization/input/loader/input-files.js'
import { readLedger } from '../../lib/personalization/input/loader/ledger.js'
import { Loader, type LoaderParts } from '../../lib/personalization/input/loader/loader.js'
import { plainSerdes } from '../../lib/personalization/records/serdes.js'
import { serviceTopics, topicNames } from '../../lib/personalization/records/topic-names.js'
import { systemClock } from '../../lib/record/clock.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { rees46Rows, writeRees46 } from './rees46-rows.js'

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
  const ledger = () => readLedger(cluster, topics.loader, serdes.loader)
  const progress = async () => (await ledger()).progress
  return { cluster, loader, sent, ledger, progress }
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

const REES46 = rees46Rows(60)
const TSV = 'SessionId\tItemId\tTime\n1\ta\t1592337718.0\n'
const OTTO = '{"session":5,"events":[{"aid":1,"ts":1659304800025,"type":"clicks"}]}\n'
const CALLS = '{"type":"page","userId":"u","messageId":"m","timestamp":"2026-01-05T08:00:00Z"}\n'
const CSV = 'at,type,itemId\n2026-01-05,view,i\n'
/** Text and its format. The header of `retail` stands in `retail.ts`, so a wrong one is enough here. */
const TEXTS = { rees46: REES46, bol: TSV, otto: OTTO, segment: CALLS, csv: CSV } as const

t.test('a wrong format leaves no mark that refuses the right one', async (t) => {
  const never = new AbortController().signal
  const path = join(t.testdir(), 'events')
  for (const [right, text] of Object.entries(TEXTS)) {
    for (const encode of [(plain: string) => Buffer.from(plain), (plain: string) => gzipSync(plain)]) {
      const { loader, sent, ledger } = await rig(t)
      writeFileSync(path, encode(text))
      for (const { name } of FORMATS.filter((format) => format.name !== right)) {
        const wrong = await fileInput(path, name, SEQUENCE)
        await t.rejects(loader(wrong, 'a').run(never), { code: 'INPUT_FORMAT_MISMATCH' }, `${name} for ${right}`)
        t.same(await ledger(), { claim: null, progress: null })
        t.same(await sent(), [])
      }
      await loader(await fileInput(path, right, SEQUENCE), 'a').run(never)
      t.ok((await sent()).length > 3, right)
    }
  }
})

t.test('a file that cannot be read to its end leaves no mark, and nothing of it', async (t) => {
  const never = new AbortController().signal
  const path = join(t.testdir({ folder: {} }), 'events')
  const packed = gzipSync(REES46)
  const many = gzipSync(rees46Rows(40_000))
  const flipped = Buffer.from(packed)
  flipped[packed.length - 8]! ^= 1
  const call = CALLS.trim()
  const rows: [string, string, Buffer | string, string][] = [
    ['cut gzip', 'rees46', packed.subarray(0, packed.length - 9), 'INPUT_UNREADABLE'],
    ['gzip cut after thousands of rows', 'rees46', many.subarray(0, many.length - 100), 'INPUT_UNREADABLE'],
    ['gzip with a wrong checksum', 'rees46', flipped, 'INPUT_UNREADABLE'],
    ['gzip cut', 'segment', gzipSync(CALLS).subarray(0, 30), 'INPUT_UNREADABLE'],
    ['empty', 'rees46', '', 'INPUT_FORMAT_MISMATCH'],
    ['empty', 'bol', '', 'INPUT_FORMAT_MISMATCH'],
    ['empty', 'csv', '', 'INPUT_FORMAT_MISMATCH'],
    ['empty', 'otto', '', 'INPUT_UNREADABLE'],
    ['empty', 'segment', '\n\n', 'INPUT_UNREADABLE'],
    ['only a header', 'rees46', REES46.split('\n')[0]!, 'INPUT_UNREADABLE'],
    ['an open quote', 'rees46', `${REES46}"${'x'.repeat(1_100_000)}`, 'INPUT_UNREADABLE'],
    ['bytes', 'segment', Buffer.from([0, 255, 254, 10, 3]), 'INPUT_FORMAT_MISMATCH'],
    ['bytes', 'csv', Buffer.from([0, 255, 254, 10, 3]), 'INPUT_FORMAT_MISMATCH'],
    ['a list of calls', 'segment', `[${call},${call}]`, 'INPUT_FORMAT_MISMATCH'],
    ['times of another unit', 'csv', 'at,type,itemId\n20260105,view,i\n', 'INPUT_FORMAT_MISMATCH'],
  ]
  for (const [what, format, content, code] of rows) {
    const { loader, sent, ledger } = await rig(t)
    writeFileSync(path, content)
    const wrong = await fileInput(path, format, SEQUENCE)
    await t.rejects(loader(wrong, 'a').run(never), { code }, `${format}: ${what}`)
    t.same([await ledger(), await sent()], [{ claim: null, progress: null }, []])
    writeFileSync(path, REES46)
    await loader(await fileInput(path, 'rees46', SEQUENCE), 'a').run(never)
    t.equal(numbers(await sent()).length, 60)
  }
  for (const name of ['folder', 'nowhere']) {
    await t.rejects(fileInput(join(t.testdirName, name), 'rees46', SEQUENCE), { code: 'INPUT_MISSING' }, name)
  }
  await t.rejects(fileInput(path, 'json', SEQUENCE), { code: 'INPUT_FORMAT_UNKNOWN' })
})

t.test('strict: the first invalid row ends the run, with its reason, and nothing is loaded', async (t) => {
  const never = new AbortController().signal
  const path = writeRees46(join(t.testdir(), 'events.csv'), 200, { broken: true })
  const { loader, sent, ledger } = await rig(t)
  const strict = await fileInput(path, 'rees46', { ...SEQUENCE, strict: true })
  const expected = { code: 'INPUT_ROW_INVALID', message: 'row 50 of the input: price is not a decimal' }
  await t.rejects(loader(strict, 'a').run(never), expected)
  t.same([await ledger(), await sent()], [{ claim: null, progress: null }, []])
  await loader(await fileInput(path, 'rees46', SEQUENCE), 'a').run(never)
  t.equal(numbers(await sent()).length, 196)
  await t.rejects(loader(strict, 'a').run(never), expected, 'also of an input that was loaded without')
})

t.test('a CSV file under other columns is another input', async (t) => {
  const path = join(t.testdir(), 'events.csv')
  writeFileSync(path, 'at,type,itemId,other\n2026-01-05,view,i,j\n')
  const one = await fileInput(path, 'csv', { ...SEQUENCE, columns: 'at=at,type=type,itemId=itemId' })
  const same = await fileInput(path, 'csv', { ...SEQUENCE, columns: 'itemId=itemId,at=at,type=type' })
  const other = await fileInput(path, 'csv', { ...SEQUENCE, columns: 'at=at,type=type,itemId=other' })
  t.equal(one.input, same.input)
  t.not(one.input, other.input)
  await t.rejects(fileInput(path, 'rees46', { ...SEQUENCE, columns: 'at=at,type=type' }), { code: 'COLUMNS_INVALID' })
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
