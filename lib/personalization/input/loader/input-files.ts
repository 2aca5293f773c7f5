/** The input of the loader: the rows of a file or the simulated shop, always in the same order for the same options. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { seededRandom } from '../../../index.js'
import { ServiceError } from '../../errors.js'
import type { CustomerProfile } from '../../records/profile.js'
import { simulateShop } from '../../shop/simulator.js'
import type { ByteSource } from '../formats/bytes.js'
import { type Columns, columnsText, parseColumns } from '../formats/columns.js'
import { type ActivityRow, type ActivityRows, type InvalidRow, isInvalidRow } from '../formats/rows.js'
import { type Format, formatNamed, replayOf } from '../index.js'
import { type InjectPlan, inject } from '../inject.js'
import { oneByOne } from '../one-by-one.js'

/** An input for the service, from {@link fileInput} or {@link simulatorInput}. */
export interface LoaderInput {
  /** Identity of its rows: equal for equal rows. */
  readonly input: string
  /** Identity of the order in which the rows are sent. */
  readonly sequence: string
  /** Where the rows come from: a file, or the shop simulator. */
  readonly source: 'replay' | 'simulated'
  /** Sent before the first row. */
  readonly profiles: readonly CustomerProfile[]
  /** The rows from the first one, the same at each call. */
  rows(): AsyncIterable<ActivityRow>
  /**
   * Called before anything is loaded, so that an input that cannot be read leaves nothing behind.
   * @throws ServiceError INPUT_FORMAT_MISMATCH, INPUT_MISSING, INPUT_ROW_INVALID, INPUT_UNREADABLE
   */
  verify?(signal: AbortSignal): Promise<void>
  /** Visitors of the input may become users, so that partitions wait for each other. Default: false. */
  readonly identifies?: boolean
  /** Invalid rows are errors: a loader that continues verifies too. Default: false. */
  readonly strict?: boolean
}

/** Options of {@link fileInput} and {@link simulatorInput}. */
export interface SequenceOptions {
  /** Disturbances of the input. */
  readonly inject: InjectPlan
  /** The seed of what is random in it. */
  readonly seed: number | string
}

/** Options of {@link fileInput}. */
export interface FileOptions extends SequenceOptions {
  /** What the columns of a CSV file are, as `--columns` says it: `FIELD=COLUMN,...`. Default: they are called like the fields. */
  readonly columns?: string | null
  /** The first invalid row is an error, and nothing is loaded. Default: invalid rows become dead letters. */
  readonly strict?: boolean
}

/** @throws ServiceError COLUMNS_INVALID, INPUT_MISSING, INPUT_FORMAT_UNKNOWN */
export async function fileInput(path: string, formatName: string, options: FileOptions): Promise<LoaderInput> {
  const format = formatNamed(formatName)
  const { strict = false } = options
  const columns = columnsOf(format, options.columns ?? null)
  const hash = await hashOf(path, columnsText(columns))
  return {
    input: `${formatName}-${hash}`,
    sequence: sequenceName(options),
    source: 'replay',
    profiles: [],
    rows: () => injected(replayOf(format, fileBytes(path), undefined, columns), options),
    verify: (signal) => verifyRows(format, format.read(fileBytes(path), columns), strict, signal),
    strict,
    identifies: format.identifies === true && (columns === null || columns.has('anonymousId')),
  }
}

function columnsOf(format: Format, text: string | null): Columns {
  if (text === null) return null
  if (format.takesColumns !== true) {
    throw new ServiceError('COLUMNS_INVALID', `--columns: the columns of format ${format.name} are fixed`)
  }
  return parseColumns(text)
}

/** Reads all rows once: a file of another format, or one that breaks off in the middle, is found before its first row is sent. */
async function verifyRows(format: Format, batches: ActivityRows, strict: boolean, signal: AbortSignal): Promise<void> {
  let [rows, valid] = [0, 0]
  let first: InvalidRow | null = null
  for await (const batch of batches) {
    if (signal.aborted) return
    rows += batch.length
    for (const row of batch) {
      if (!isInvalidRow(row)) valid++
      else if (strict) throw new ServiceError('INPUT_ROW_INVALID', `row ${row.row} of the input: ${row.reason}`)
      else first ??= row
    }
  }
  if (rows === 0) throw new ServiceError('INPUT_UNREADABLE', 'the input has no rows')
  if (valid > 0) return
  const { row, reason } = first!
  throw new ServiceError(
    'INPUT_FORMAT_MISMATCH',
    `none of the ${rows} rows of the input is an event of format ${format.name}; row ${row}: ${reason}`,
  )
}

/** The seeded shop: 50,000 events over three days, and the customers' profiles. */
export function simulatorInput(options: SequenceOptions): LoaderInput {
  const shop = simulateShop(options.seed)
  return {
    input: `simulator-${options.seed}`,
    sequence: sequenceName(options),
    source: 'simulated',
    profiles: shop.profiles,
    rows: () => injected(oneByOne(oneBatch<ActivityRow>(shop.events)), options),
  }
}

function injected(rows: AsyncIterable<ActivityRow>, options: SequenceOptions): AsyncIterable<ActivityRow> {
  if (isUnchanged(options.inject)) return rows
  const random = seededRandom(`${options.seed}/inject`)
  return inject<ActivityRow>(rows, options.inject, random, (row) => (isInvalidRow(row) ? undefined : row.at))
}

function sequenceName({ inject: plan, seed }: SequenceOptions): string {
  const { shuffleMs, duplicateShare, lateShare, lateMs } = plan
  if (isUnchanged(plan)) return 'unchanged'
  return `shuffle=${shuffleMs},duplicate=${duplicateShare},late=${lateShare}:${lateMs} seed ${seed}`
}

function isUnchanged({ shuffleMs, duplicateShare, lateShare }: InjectPlan): boolean {
  return shuffleMs === 0 && duplicateShare === 0 && lateShare === 0
}

async function* oneBatch<T>(values: readonly T[]): AsyncGenerator<readonly T[]> {
  yield values
}

/** Of the file and of what else decides what its rows are. */
async function hashOf(path: string, mapping: string): Promise<string> {
  const hash = createHash('sha256').update(mapping)
  for await (const chunk of fileBytes(path)) hash.update(chunk)
  return hash.digest('hex').slice(0, 32)
}

async function* fileBytes(path: string): ByteSource {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer
  } catch (cause) {
    const { code } = cause as { code?: string }
    throw new ServiceError('INPUT_MISSING', `the input file ${path} cannot be read (${code ?? 'unknown error'})`, {
      cause,
    })
  }
}
