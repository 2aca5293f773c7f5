/** Any CSV file with a header: `--columns` says which column is which field. */
import { eventRule } from '../../doors/segment/event-names.js'
import { ServiceError } from '../../errors.js'
import { ACTIVITY_TYPES, type ActivityType, activityOf } from '../../records/activity.js'
import { isoMs } from '../../records/iso-time.js'
import { parseMicros } from '../../records/money.js'
import type { ByteSource } from './bytes.js'
import { COLUMN_FIELDS, type ColumnField, type ColumnSource, type Columns } from './columns.js'
import { type CsvRow, csvRowsOf } from './csv-rows.js'
import {
  type ActivityRow,
  type ActivityRows,
  epochSecondsToMs,
  type InvalidRow,
  validRow,
  wholeNumber,
} from './rows.js'

/** Names that shops have for types, besides the types themselves and Segment's event names. */
const TYPE_NAMES: Readonly<Record<string, ActivityType>> = {
  add_to_cart: 'cart',
  addtocart: 'cart',
  remove_from_cart: 'remove',
  removefromcart: 'remove',
  transaction: 'purchase',
  order: 'purchase',
}
/** Types that a file may not have: the loader's own mark, and the stand-in for types of a newer version. */
const RESERVED: readonly ActivityType[] = ['end_of_input', 'input_progress', 'unknown']

/** One event per row; event id = row number unless a column has it. */
export async function* readCsv(source: ByteSource, columns: Columns): ActivityRows {
  let places: Places | null = null
  let [row, width] = [0, 0]
  for await (const rows of csvRowsOf(source)) {
    const activities: ActivityRow[] = []
    for (const fields of rows) {
      if (places === null) {
        places = placesIn(fields, columns)
        width = fields!.length
      } else activities.push(csvActivity(fields, ++row, width, places))
    }
    if (activities.length > 0) yield activities
  }
  if (places === null) placesIn(null, columns)
}

/** Field → index of its column, or its value in all rows. */
type Places = ReadonlyMap<ColumnField, number | string>

/** @throws ServiceError INPUT_FORMAT_MISMATCH that names the column */
function placesIn(header: CsvRow, columns: Columns): Places {
  if (header === null) throw mismatch('the input has no header row that can be read')
  const names = header.map((name) => name.trim())
  const places = new Map<ColumnField, number | string>()
  const wanted: Iterable<readonly [ColumnField, ColumnSource]> =
    columns ?? COLUMN_FIELDS.filter(isIn(names)).map((field) => [field, { column: field }] as const)
  for (const [field, from] of wanted) {
    if ('value' in from) {
      places.set(field, from.value)
      continue
    }
    const index = names.indexOf(from.column)
    if (index < 0) throw mismatch(`the input has no column '${from.column}' for ${field}`, names)
    if (names.lastIndexOf(from.column) !== index) throw mismatch(`the input has two columns '${from.column}'`, names)
    places.set(field, index)
  }
  for (const field of ['at', 'type'] as const) {
    if (!places.has(field)) throw mismatch(`the input has no column '${field}'; set it with --columns`, names)
  }
  return places
}

function isIn(names: readonly string[]): (field: ColumnField) => boolean {
  return (field) => names.includes(field)
}

const MAX_NAMES_LENGTH = 300

function mismatch(problem: string, names?: readonly string[]): ServiceError {
  const has = names === undefined ? '' : `: its columns are ${names.join(', ').slice(0, MAX_NAMES_LENGTH)}`
  return new ServiceError('INPUT_FORMAT_MISMATCH', `${problem}${has}`)
}

function csvActivity(fields: CsvRow, row: number, width: number, places: Places): ActivityRow {
  if (fields === null) return { row, reason: 'broken quoting' }
  if (fields.length !== width) return { row, reason: `${fields.length} fields instead of ${width}` }
  const text = (field: ColumnField): string | null => {
    const place = places.get(field)
    const found = typeof place === 'number' ? fields[place]! : place
    return found === undefined || found === '' ? null : found
  }
  return validRow(row, fromTexts(row, text))
}

type TextOf = (field: ColumnField) => string | null

function fromTexts(row: number, text: TextOf): ActivityRow {
  const at = timeOf(text('at'))
  if (at === undefined) return { row, reason: 'at is no time: ISO 8601, or seconds or milliseconds since 1970' }
  const type = typeOf(text('type'))
  if (type === undefined) return { row, reason: 'type unknown' }
  const price = text('price')
  const unitPriceMicros = price === null ? null : parseMicros(price)
  if (unitPriceMicros === undefined) return { row, reason: 'price is not a decimal' }
  const numbers = numbersOf(row, text)
  if ('reason' in numbers) return numbers
  return activityOf({
    eventId: text('eventId') ?? String(row),
    userId: text('userId'),
    type,
    at,
    source: 'replay',
    unitPriceMicros,
    ...numbers,
    itemId: text('itemId'),
    sessionId: text('sessionId'),
    currency: text('currency'),
    category: text('category'),
    brand: text('brand'),
    query: text('query'),
    country: text('country'),
    name: text('name'),
    anonymousId: text('anonymousId'),
    videoId: text('videoId'),
    decisionId: text('decisionId'),
    timeZone: text('timeZone'),
  })
}

interface Numbers {
  readonly quantity: number
  readonly positionMs: number | null
  readonly seekToMs: number | null
}

function numbersOf(row: number, text: TextOf): Numbers | InvalidRow {
  const [quantity, positionMs, seekToMs] = (['quantity', 'positionMs', 'seekToMs'] as const).map((field) => {
    const found = text(field)
    return found === null ? null : wholeNumber(found)
  })
  if (quantity === undefined) return { row, reason: 'quantity is not a whole number' }
  if (positionMs === undefined) return { row, reason: 'positionMs is not a whole number' }
  if (seekToMs === undefined) return { row, reason: 'seekToMs is not a whole number' }
  return { quantity: quantity ?? 1, positionMs, seekToMs }
}

const EPOCH_MS = /^\d{12,14}$/

/** ISO 8601, also with ` UTC` behind it; seconds since 1970, with a fraction or without; milliseconds since then. */
function timeOf(text: string | null): number | undefined {
  if (text === null) return undefined
  if (EPOCH_MS.test(text)) return Number(text)
  return epochSecondsToMs(text) ?? isoMs(text.endsWith(' UTC') ? text.slice(0, -4) : text)
}

function typeOf(text: string | null): ActivityType | undefined {
  if (text === null) return undefined
  const name = text.toLowerCase()
  const type = ACTIVITY_TYPES.find((known) => known === name)
  if (type !== undefined) return RESERVED.includes(type) ? undefined : type
  return Object.hasOwn(TYPE_NAMES, name) ? TYPE_NAMES[name] : eventRule(name)?.type
}
