/** `--columns`: which column of a CSV file is which field of an activity. */
import { ServiceError } from '../../errors.js'

/** The fields that a column, or one value for all rows, can fill. */
export const COLUMN_FIELDS = [
  'at',
  'type',
  'eventId',
  'userId',
  'anonymousId',
  'sessionId',
  'itemId',
  'price',
  'currency',
  'quantity',
  'category',
  'brand',
  'query',
  'country',
  'name',
  'videoId',
  'positionMs',
  'seekToMs',
  'decisionId',
  'timeZone',
] as const
export type ColumnField = (typeof COLUMN_FIELDS)[number]

/** Where a field comes from: a column by its name, or a value that all rows have. */
export type ColumnSource = { readonly column: string } | { readonly value: string }
/** Null: the columns are called like the fields. */
export type Columns = ReadonlyMap<ColumnField, ColumnSource> | null

/** Parses `FIELD=COLUMN,FIELD:VALUE,...`. @throws ServiceError COLUMNS_INVALID */
export function parseColumns(text: string): Columns {
  const columns = new Map<ColumnField, ColumnSource>()
  for (const part of text.split(',')) {
    const [, name, sign, source] = /^\s*([^=:]*?)\s*([=:])(.+)$/.exec(part) ?? []
    if (source === undefined) throw invalid(`'${part}' is not FIELD=COLUMN or FIELD:VALUE`)
    const field = COLUMN_FIELDS.find((known) => known === name)
    if (field === undefined) throw invalid(`there is no field '${name}': use ${COLUMN_FIELDS.join(', ')}`)
    if (columns.has(field)) throw invalid(`${field} is given twice`)
    columns.set(field, sign === '=' ? { column: source.trim() } : { value: source })
  }
  for (const field of ['at', 'type'] as const) {
    if (!columns.has(field)) throw invalid(`${field} is missing: each event needs at and type`)
  }
  return columns
}

/** The same mapping as the same text, whatever the order. */
export function columnsText(columns: Columns): string {
  return columns === null ? '' : JSON.stringify([...columns].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function invalid(what: string): ServiceError {
  return new ServiceError('COLUMNS_INVALID', `--columns: ${what}`)
}
