/**
 * The common part of all input formats: rows become events or are reported as unreadable, numbered from 1 without the
 * header.
 */

import { ServiceError } from '../../errors.js'
import { activityProblem, type UserActivity } from '../../records/activity.js'
import { type ByteSource, linesOf } from './bytes.js'
import { type CsvRow, csvRowsOf } from './csv-rows.js'

/** A row that could not be read. `reason` is for a reader and holds no payload. */
export interface InvalidRow {
  /** Data row number from 1. */
  readonly row: number
  /** What is wrong with it. */
  readonly reason: string
}

/** One row's outcome. */
export type ActivityRow = UserActivity | InvalidRow

/** Rows in batches, one per chunk read, in file order. */
export type ActivityRows = AsyncGenerator<ActivityRow[]>

/** The row, or why its event is invalid. */
export function validRow(row: number, read: ActivityRow): ActivityRow {
  if (isInvalidRow(read)) return read
  const reason = activityProblem(read)
  return reason === null ? read : { row, reason }
}

export function isInvalidRow(row: ActivityRow): row is InvalidRow {
  return 'reason' in row
}

/** Rows of a CSV file with exactly `header` as its first row; otherwise INPUT_FORMAT_MISMATCH. */
export async function* csvActivities(
  source: ByteSource,
  format: string,
  header: readonly string[],
  toActivity: (fields: readonly string[], row: number) => ActivityRow,
): ActivityRows {
  let row = -1
  for await (const rows of csvRowsOf(source)) {
    const activities: ActivityRow[] = []
    for (const fields of rows) {
      if (++row === 0) requireHeader(fields, header, format)
      else activities.push(csvActivity(fields, row, header.length, toActivity))
    }
    if (activities.length > 0) yield activities
  }
  if (row < 0) requireHeader(null, header, format)
}

function csvActivity(
  fields: CsvRow,
  row: number,
  width: number,
  toActivity: (fields: readonly string[], row: number) => ActivityRow,
): ActivityRow {
  if (fields === null) return { row, reason: 'broken quoting' }
  if (fields.length !== width) return { row, reason: `${fields.length} fields instead of ${width}` }
  return validRow(row, toActivity(fields, row))
}

/** Lines of a file whose first line is the tab-separated `header`; empty lines are skipped. */
export async function* tsvRows(
  source: ByteSource,
  format: string,
  header: readonly string[],
): AsyncGenerator<{ fields: string[]; row: number }[]> {
  let row = -1
  for await (const lines of linesOf(source)) {
    const rows: { fields: string[]; row: number }[] = []
    for (const line of lines) {
      if (line === '') continue
      const fields = line.split('\t')
      if (++row === 0) requireHeader(fields, header, format)
      else rows.push({ fields, row })
    }
    if (rows.length > 0) yield rows
  }
  if (row < 0) requireHeader(null, header, format)
}

function requireHeader(fields: CsvRow, header: readonly string[], format: string): void {
  if (fields !== null && fields.length === header.length && header.every((name, i) => fields[i] === name)) return
  throw new ServiceError(
    'INPUT_FORMAT_MISMATCH',
    `the input's first line is not the header of format ${format}: expected ${header.join(', ')}`,
  )
}

/** The field, or null where it is empty. */
export function optional(field: string): string | null {
  return field === '' ? null : field
}

const WHOLE = /^-?\d{1,15}$/

/** A whole number in decimal digits, or undefined. */
export function wholeNumber(field: string): number | undefined {
  return WHOLE.test(field) ? Number(field) : undefined
}

const EPOCH_SECONDS = /^\d{1,11}(?:\.\d{1,9})?$/

/** Epoch seconds with an optional fraction as whole milliseconds, or undefined. */
export function epochSecondsToMs(field: string): number | undefined {
  return EPOCH_SECONDS.test(field) ? Math.round(Number(field) * 1000) : undefined
}
