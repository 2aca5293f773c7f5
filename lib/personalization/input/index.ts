/** The input formats by name, and the order in which a replay sends their events. */

import { ServiceError } from '../errors.js'
import { readBol } from './formats/bol.js'
import type { ByteSource } from './formats/bytes.js'
import type { Columns } from './formats/columns.js'
import { readCsv } from './formats/csv.js'
import { readOtto } from './formats/otto.js'
import { readRees46 } from './formats/rees46.js'
import { readRetail } from './formats/retail.js'
import { type ActivityRow, type ActivityRows, isInvalidRow } from './formats/rows.js'
import { readSegment } from './formats/segment.js'
import { oneByOne } from './one-by-one.js'

export interface Format {
  readonly name: string
  /** Events of a file in file order. */
  readonly read: (source: ByteSource, columns: Columns) => ActivityRows
  /** Whether the file's rows are in time order; where they stand by session, a replay sorts them first. */
  readonly inTimeOrder: boolean
  /** It can say that a visitor is a user. */
  readonly identifies?: true
  /** `--columns` says what its columns are. */
  readonly takesColumns?: true
}

export const FORMATS: readonly Format[] = [
  { name: 'rees46', read: readRees46, inTimeOrder: true },
  { name: 'bol', read: readBol, inTimeOrder: false },
  { name: 'otto', read: readOtto, inTimeOrder: false },
  { name: 'retail', read: readRetail, inTimeOrder: true },
  { name: 'segment', read: readSegment, inTimeOrder: true, identifies: true },
  { name: 'csv', read: readCsv, inTimeOrder: false, takesColumns: true, identifies: true },
]

/** The format called `name`; INPUT_FORMAT_UNKNOWN otherwise. */
export function formatNamed(name: string): Format {
  const format = FORMATS.find((candidate) => candidate.name === name)
  if (format !== undefined) return format
  const names = FORMATS.map((candidate) => candidate.name).join(', ')
  throw new ServiceError('INPUT_FORMAT_UNKNOWN', `there is no input format '${name}': use one of ${names}`)
}

/**
 * A file's events one by one as a replay sends them: in file order where that is time order or `order` is 'file', else
 * sorted by time (rows of one time in file order, an unreadable row with the row before it), for which the whole file is
 * held in memory. The sequence is the same at every reading, so a position in it is a place to continue from.
 */
export function replayOf(
  format: Format,
  source: ByteSource,
  order: 'file' | 'time' = format.inTimeOrder ? 'file' : 'time',
  columns: Columns = null,
): AsyncIterableIterator<ActivityRow> {
  const batches = format.read(source, columns)
  return oneByOne(order === 'file' ? batches : sortedByTime(batches))
}

async function* sortedByTime(batches: ActivityRows): ActivityRows {
  const timed: { atMs: number; row: ActivityRow }[] = []
  let atMs = Number.NEGATIVE_INFINITY
  for await (const rows of batches) {
    for (const row of rows) {
      if (!isInvalidRow(row)) atMs = row.at
      timed.push({ atMs, row })
    }
  }
  timed.sort((a, b) => (a.atMs < b.atMs ? -1 : a.atMs > b.atMs ? 1 : 0))
  yield timed.map(({ row }) => row)
}
