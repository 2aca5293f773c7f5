import t from 'tap'
import type { ByteSource } from '../../../../lib/personalization/input/formats/bytes.js'
import { columnsText, parseColumns } from '../../../../lib/personalization/input/formats/columns.js'
import type { ActivityRow } from '../../../../lib/personalization/input/formats/rows.js'
import { formatNamed, replayOf } from '../../../../lib/personalization/input/index.js'
import { type ActivityFields, activityOf } from '../../../../lib/personalization/records/activity.js'

async function* inPieces(bytes: Uint8Array): ByteSource {
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
}

async function readCsv(text: string, columns: string | null): Promise<ActivityRow[]> {
  const mapping = columns === null ? null : parseColumns(columns)
  const rows: ActivityRow[] = []
  for await (const row of replayOf(formatNamed('csv'), inPieces(Buffer.from(text)), undefined, mapping)) rows.push(row)
  return rows
}

const replayed = (fields: Omit<ActivityFields, 'source'>) => activityOf({ ...fields, source: 'replay' })

t.test('csv: columns by --columns', async (t) => {
  const text = `when,what,"the item",price,pieces,who
2026-01-05 08:00:01 UTC,addtocart,i,2.50,2,u
2026-01-05T08:00:00Z,Product Viewed,"j,k",,,u
1767600002,transaction,i,2.50,,
1767600003500,order,i,,,u
1767600004,end_of_input,i,,,u
1767600005,jump,i,,,u
yesterday,view,i,,,u
1767600006,view,i,dear,,u
1767600007,cart,i,,two,u
1767600008,view,,,,u
1767600009,view,i
1767600010,view,i,,,anonymous:u
`
  const at = Date.UTC(2026, 0, 5, 8)
  const rows = await readCsv(
    text,
    'at=when,type=what,itemId=the item,price=price,quantity=pieces,userId=who,currency:EUR',
  )
  const one = { itemId: 'i', userId: 'u', currency: 'EUR' }
  t.same(rows, [
    replayed({ ...one, eventId: '2', type: 'view', at, itemId: 'j,k' }),
    replayed({ ...one, eventId: '1', type: 'cart', at: at + 1_000, unitPriceMicros: 2_500_000, quantity: 2 }),
    replayed({ ...one, eventId: '3', type: 'purchase', at: at + 2_000, unitPriceMicros: 2_500_000, userId: null }),
    { row: 4, reason: 'purchase without price' },
    { row: 5, reason: 'type unknown' },
    { row: 6, reason: 'type unknown' },
    { row: 7, reason: 'at is no time: ISO 8601, or seconds or milliseconds since 1970' },
    { row: 8, reason: 'price is not a decimal' },
    { row: 9, reason: 'quantity is not a whole number' },
    { row: 10, reason: 'view without itemId' },
    { row: 11, reason: '3 fields instead of 6' },
    { row: 12, reason: 'userId starts with anonymous:' },
  ])
})

t.test('csv: without --columns the columns are called like the fields; the rest is not read', async (t) => {
  const text = 'type,at,videoId,positionMs,seekToMs,eventId,note,anonymousId\nvideo_seek,2026-01-05,v,5000,4000,e,x,a\n'
  const seek = {
    eventId: 'e',
    type: 'video_seek',
    videoId: 'v',
    positionMs: 5_000,
    seekToMs: 4_000,
    anonymousId: 'a',
  } as const
  t.same(await readCsv(text, null), [replayed({ ...seek, at: Date.UTC(2026, 0, 5) })])
})

t.test('csv: a column that is missing is named, with those that are there', async (t) => {
  const rows: [string, string | null, string][] = [
    ['a,b\n1,2\n', 'at=when,type:view', "the input has no column 'when' for at: its columns are a, b"],
    ['a,b\n1,2\n', 'at=a,type:view,itemId=B', "the input has no column 'B' for itemId: its columns are a, b"],
    ['a,a\n1,2\n', 'at=a,type:view', "the input has two columns 'a': its columns are a, a"],
    ['at,b\n1,2\n', null, "the input has no column 'type'; set it with --columns: its columns are at, b"],
    ['type,b\n1,2\n', null, "the input has no column 'at'; set it with --columns: its columns are type, b"],
    ['', 'at=a,type:view', 'the input has no header row that can be read'],
    ['"a"b,c\n', 'at=a,type:view', 'the input has no header row that can be read'],
  ]
  for (const [text, columns, message] of rows) {
    await t.rejects(readCsv(text, columns), { code: 'INPUT_FORMAT_MISMATCH', message })
  }
})

t.test('--columns', async (t) => {
  t.equal(columnsText(parseColumns(' at = a b , type:view')), '[["at",{"column":"a b"}],["type",{"value":"view"}]]')
  const rows: [string, RegExp][] = [
    ['', /'' is not FIELD=COLUMN/],
    ['at', /'at' is not FIELD=COLUMN/],
    ['at=', /'at=' is not FIELD=COLUMN/],
    ['at=a,type=b,', /'' is not FIELD=COLUMN/],
    ['when=a', /there is no field 'when': use at, type, /],
    ['at=a,type=b,at=c', /at is given twice/],
    ['at=a', /type is missing/],
    ['type:view', /at is missing/],
  ]
  for (const [text, message] of rows) t.throws(() => parseColumns(text), { code: 'COLUMNS_INVALID', message })
})
