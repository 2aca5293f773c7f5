import { gzipSync } from 'node:zlib'
import t from 'tap'
import { type ByteSource, linesOf, textOf } from '../../lib/personalization/input/formats/bytes.js'
import { csvRowsOf } from '../../lib/personalization/input/formats/csv-rows.js'
import { type ActivityRow, epochSecondsToMs, isInvalidRow } from '../../lib/personalization/input/formats/rows.js'
import { FORMATS, formatNamed, replayOf } from '../../lib/personalization/input/index.js'
import { type ActivityFields, activityOf, activityProblem } from '../../lib/personalization/records/activity.js'
import { seededRandom } from '../../lib/record/random.js'
import { BOL, needs, OTTO, PLAYBACK, REES46, RETAIL, realFile } from './real-data.js'

async function* chunked(bytes: Uint8Array, size: number): ByteSource {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}

async function read(format: string, text: string, chunk = 7, order?: 'file' | 'time'): Promise<ActivityRow[]> {
  return collect(replayOf(formatNamed(format), chunked(Buffer.from(text), chunk), order))
}

const replayed = (fields: Omit<ActivityFields, 'source'>) => activityOf({ ...fields, source: 'replay' })

t.test('text: plain or gzip by its first bytes, characters cut anywhere', async (t) => {
  const text = 'Größe\r\n100 €\n\nlast'
  for (const bytes of [
    Buffer.from(text),
    gzipSync(text),
    Buffer.concat([gzipSync('Größe\r\n1'), gzipSync('00 €\n\nlast')]),
  ]) {
    for (const size of [1, 2, 3, 1000]) {
      t.equal((await collect(textOf(chunked(bytes, size)))).join(''), text)
      t.same((await collect(linesOf(chunked(bytes, size)))).flat(), ['Größe', '100 €', '', 'last'])
    }
  }
  t.same(await collect(textOf(chunked(Buffer.alloc(0), 1))), [])
  t.same(await collect(textOf(chunked(Buffer.from('x'), 1))), ['x'])
  const cut = gzipSync('x'.repeat(5_000)).subarray(0, 20)
  await t.rejects(collect(textOf(chunked(cut, 9))), { code: 'INPUT_UNREADABLE' })
  const failing = (async function* () {
    yield gzipSync('x')
    throw new Error('disk gone')
  })()
  await t.rejects(collect(textOf(failing)), { message: 'disk gone' })
})

t.test('a reader who stops early lets go of the source', async (t) => {
  for (const encode of [(text: string) => Buffer.from(text), (text: string) => gzipSync(text)]) {
    let released = false
    const source = (async function* () {
      try {
        for (let i = 0; i < 10_000; i++) yield encode(`line ${i}\n`)
      } finally {
        released = true
      }
    })()
    for await (const _ of textOf(source)) break
    // A stream closes its source a few turns after it was destroyed.
    for (let turn = 0; turn < 100 && !released; turn++) await new Promise((resolve) => setImmediate(resolve))
    t.ok(released)
  }
})

t.test('csv rows', async (t) => {
  const rows: [text: string, expected: (string[] | null)[]][] = [
    ['', []],
    ['a,b', [['a', 'b']]],
    [
      'a,b\r\nc,\n',
      [
        ['a', 'b'],
        ['c', ''],
      ],
    ],
    ['\n\r\n a \n', [[' a ']]],
    ['"a,b","c ""d""",""\n', [['a,b', 'c "d"', '']]],
    ['"two\r\nlines",x\r\n', [['two\r\nlines', 'x']]],
    [',\n', [['', '']]],
    ['""\n', [['']]],
    ['a"b,c\nd\n', [null, ['d']]],
    ['"a"b,c\nd\n', [null, ['d']]],
    ['"never closed,\nd\n', [null]],
    ['ä,€\n', [['ä', '€']]],
  ]
  for (const [text, expected] of rows) {
    for (const size of [1, 2, 5, 100]) {
      t.same((await collect(csvRowsOf(chunked(Buffer.from(text), size)))).flat(), expected, JSON.stringify(text))
    }
  }
})

t.test('a quote that is never closed does not swallow a large file', async (t) => {
  const text = `a,b\n1,2\n"3,4\n${'5,6\n'.repeat(300_000)}`
  await t.rejects(collect(csvRowsOf(chunked(Buffer.from(text), 65_536))), {
    code: 'INPUT_UNREADABLE',
    message: /row 3 /,
  })
})

t.test('any fields survive being written and read', async (t) => {
  const random = seededRandom('csv')
  const alphabet = ['"', ',', '\n', '\r\n', 'a', ' ', 'é', '']
  for (let round = 0; round < 200; round++) {
    const rows = Array.from({ length: 1 + random.int(4) }, () =>
      Array.from({ length: 2 + random.int(3) }, () =>
        Array.from({ length: random.int(5) }, () => alphabet[random.int(alphabet.length)]).join(''),
      ),
    )
    const text = rows.map((fields) => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')).join('\r\n')
    t.same((await collect(csvRowsOf(chunked(Buffer.from(text), 1 + random.int(9))))).flat(), rows)
  }
})

t.test('times', async (t) => {
  t.equal(epochSecondsToMs('1592337718.0'), 1_592_337_718_000)
  t.equal(epochSecondsToMs('1.0015'), 1_002)
  for (const text of ['', '-1', 'x', '1e9', 'Infinity']) t.equal(epochSecondsToMs(text), undefined, text)
})

const REES46_HEADER = 'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n'

t.test('rees46', async (t) => {
  const text = `${REES46_HEADER}2024-03-01 10:00:00 UTC,view,11,900,tools.drill,makit,35.79,77,ab-1
2024-03-01 10:00:01 UTC,cart,11,900,,,35.790,77,
2024-03-01 10:00:02 UTC,wish,11,900,,,1,77,
2024-03-01 10:00:02,view,11,900,,,1,77,
2024-03-01 10:00:02 UTC,view,11,900,,,free,77,
2024-03-01 10:00:02 UTC,constructor,11,900,,,1,77,
2024-03-01 10:00:02 UTC,view,11
2024-03-01 10:00:03 UTC,remove_from_cart,11,900,,,0.00,77,ab-1`
  const at = Date.UTC(2024, 2, 1, 10)
  const common = { userId: '77', itemId: '11', currency: 'USD' }
  t.same(await read('rees46', text), [
    replayed({
      ...common,
      eventId: '1',
      type: 'view',
      at,
      sessionId: 'ab-1',
      unitPriceMicros: 35_790_000,
      category: 'tools.drill',
      brand: 'makit',
    }),
    replayed({ ...common, eventId: '2', type: 'cart', at: at + 1_000, unitPriceMicros: 35_790_000, category: '900' }),
    { row: 3, reason: 'event_type unknown' },
    { row: 4, reason: 'event_time is not "YYYY-MM-DD hh:mm:ss UTC"' },
    { row: 5, reason: 'price is not a decimal' },
    { row: 6, reason: 'event_type unknown' },
    { row: 7, reason: '3 fields instead of 9' },
    replayed({
      ...common,
      eventId: '8',
      type: 'remove',
      at: at + 3_000,
      sessionId: 'ab-1',
      unitPriceMicros: 0,
      category: '900',
    }),
  ])
})

const RETAIL_HEADER = 'invoice_no,stock_code,description,quantity,invoice_time,unit_price,customer_id,country\n'

t.test('retail', async (t) => {
  const text = `${RETAIL_HEADER}7001,A1,"TRAY, ""ROUND""",6,2024-03-01T08:26:00,2.55,501,France
C7002,A1,TRAY,-2,2024-03-01T08:26:00,2.55,501,France
7003,A1,damaged,-10,2024-03-01T08:26:00,0,,France
A7004,B,Adjust,1,2024-03-01T08:26:00,-11062.06,,France
7005,A2,CUP,3,2024-03-01T08:26:00,0.001,,
7006,A2,CUP,3.5,2024-03-01T08:26:00,1,,
7007,A2,CUP,3,01/03/2024,1,,
7008,A2,CUP,3,2024-03-01T08:26:00,0.0000001,,
`
  const at = Date.UTC(2024, 2, 1, 8, 26)
  const known = { at, userId: '501', itemId: 'A1', unitPriceMicros: 2_550_000, currency: 'GBP', country: 'France' }
  const guest = { at, currency: 'GBP', country: 'France' }
  t.same(await read('retail', text), [
    replayed({ ...known, eventId: '1', type: 'purchase', sessionId: '7001', quantity: 6 }),
    replayed({ ...known, eventId: '2', type: 'cancellation', sessionId: 'C7002', quantity: 2 }),
    replayed({
      ...guest,
      eventId: '3',
      type: 'adjustment',
      sessionId: '7003',
      itemId: 'A1',
      unitPriceMicros: 0,
      quantity: -10,
    }),
    replayed({
      ...guest,
      eventId: '4',
      type: 'adjustment',
      sessionId: 'A7004',
      itemId: 'B',
      unitPriceMicros: -11_062_060_000,
    }),
    replayed({
      ...guest,
      eventId: '5',
      type: 'purchase',
      sessionId: '7005',
      itemId: 'A2',
      unitPriceMicros: 1_000,
      quantity: 3,
      country: null,
    }),
    { row: 6, reason: 'quantity is not a whole number' },
    { row: 7, reason: 'invoice_time is not "YYYY-MM-DDThh:mm:ss"' },
    { row: 8, reason: 'unit_price is not a decimal' },
  ])
})

t.test('bol is sorted by time unless the file order is wanted', async (t) => {
  const text =
    'SessionId\tItemId\tTime\n1\ta\t1592337718.0\n1\tb\t1592337800.0\nbroken\n2\tc\t1592337719.5\n2\t\t1592337719.5\n'
  const ids = (rows: ActivityRow[]) => rows.map((row) => (isInvalidRow(row) ? `!${row.row}` : row.eventId))
  const sorted = await read('bol', text)
  t.same(ids(sorted), ['1', '4', '!5', '2', '!3'])
  t.same(ids(await read('bol', text, 7, 'file')), ['1', '2', '!3', '4', '!5'])
  t.same(
    sorted[1],
    replayed({ eventId: '4', type: 'view', at: 1_592_337_719_500, userId: '2', sessionId: '2', itemId: 'c' }),
  )
})

t.test('otto', async (t) => {
  const text = `{"session":5,"events":[{"aid":1,"ts":1659304800025,"type":"clicks"},{"aid":1,"ts":1659304900000,"type":"orders"},{"aid":"x"}]}
{"session":6,
{"session":7,"events":[{"aid":2,"ts":1659304800026,"type":"carts"},{"aid":2,"ts":1659304800027,"type":"toString"},null]}
`
  const one = { userId: '5', sessionId: '5', itemId: '1' }
  t.same(await read('otto', text, 11, 'file'), [
    replayed({ ...one, eventId: '1', type: 'view', at: 1_659_304_800_025 }),
    replayed({ ...one, eventId: '2', type: 'purchase', at: 1_659_304_900_000, unitPriceMicros: 0 }),
    { row: 3, reason: 'aid is not a whole number' },
    { row: 4, reason: 'line is not a session with events' },
    replayed({ eventId: '5', userId: '7', sessionId: '7', itemId: '2', type: 'cart', at: 1_659_304_800_026 }),
    { row: 6, reason: 'type unknown' },
    { row: 7, reason: 'aid is not a whole number' },
  ])
})

t.test('segment', async (t) => {
  const ids = { userId: 'u', timestamp: '2026-01-05T08:00:00Z' }
  const at = Date.UTC(2026, 0, 5, 8)
  const calls = [
    { type: 'track', event: 'Product Viewed', messageId: 'm1', ...ids, properties: { product_id: 'i' } },
    { type: 'track', event: 'Product Viewed', ...ids, properties: {} },
    { type: 'page', name: 'Home', ...ids },
    { batch: [{ type: 'page', name: 'Home', ...ids }, 5], sentAt: '2026-01-05T08:00:10Z', receivedAt: 'no' },
    { type: 'track', event: 'Order Completed', messageId: 'm2', ...ids, properties: { products: [] } },
  ]
  const text = calls.map((call) => JSON.stringify(call)).join('\n')
  const one = { userId: 'u', at }
  const expected = [
    replayed({ ...one, eventId: 'm1', type: 'view', itemId: 'i', name: 'Product Viewed' }),
    { row: 2, reason: 'view without product_id or sku' },
    replayed({ ...one, eventId: '3', type: 'custom', name: 'Home' }),
    replayed({ ...one, eventId: '4-0', type: 'custom', name: 'Home' }),
    { row: 4, reason: 'batch[1]: the call is not an object' },
    { row: 5, reason: 'purchase without products' },
    { row: 6, reason: 'line is not JSON' },
  ]
  t.same(await read('segment', `${text}\n\n{"type":`, 9), expected)
})

t.test('a row with values out of range is invalid, in each format', async (t) => {
  const rees46 = `${REES46_HEADER}1999-10-01 00:00:00 UTC,view,1,2,,,3.5,4,s\n`
  t.same(await read('rees46', rees46), [{ row: 1, reason: 'time outside 2000 to 2100' }])
  t.same(await read('bol', 'SessionId\tItemId\tTime\n1\ta\t5\n'), [{ row: 1, reason: 'time outside 2000 to 2100' }])
  const otto = '{"session":5,"events":[{"aid":1,"ts":5,"type":"clicks"}]}'
  t.same(await read('otto', otto), [{ row: 1, reason: 'time outside 2000 to 2100' }])
})

t.test('a wrong file is named as such', async (t) => {
  t.throws(() => formatNamed('json'), { code: 'INPUT_FORMAT_UNKNOWN' })
  for (const format of ['rees46', 'retail', 'bol']) {
    await t.rejects(read(format, 'a,b,c\n1,2,3\n'), { code: 'INPUT_FORMAT_MISMATCH' })
    await t.rejects(read(format, ''), { code: 'INPUT_FORMAT_MISMATCH' })
  }
})

t.test('every row of the made playback file is a valid event', needs(PLAYBACK), async (t) => {
  const types: Record<string, number> = {}
  for await (const row of replayOf(formatNamed('segment'), realFile(PLAYBACK))) {
    if (isInvalidRow(row)) t.fail(`row ${row.row}: ${row.reason}`)
    else types[row.type] = (types[row.type] ?? 0) + 1
  }
  t.same(types, { video_pause: 5_620, video_resume: 5_620, video_seek: 4_639, error: 733 })
})

for (const [name, path, events] of [
  ['rees46', REES46, 17_434],
  ['bol', BOL.train, 113_601],
  ['otto', OTTO, 862],
  ['retail', RETAIL, 320_705],
] as const) {
  t.test(`every row of the real ${name} file is a valid event`, needs(path), async (t) => {
    let rows = 0
    for await (const batch of FORMATS.find((format) => format.name === name)!.read(realFile(path), null)) {
      for (const row of batch) {
        rows++
        const problem = isInvalidRow(row) ? row.reason : activityProblem(row)
        if (problem !== null || (row as { eventId: string }).eventId !== String(rows)) t.fail(`row ${rows}: ${problem}`)
      }
    }
    t.equal(rows, events)
  })
}
