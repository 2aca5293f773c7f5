/** The event time of a record: its timestamp or the result of the source's extractor, checked in both cases. */
import { isMillraceError, MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { SchemaPending } from '../serde/serde.js'
import type { TimestampExtractor } from '../topology/node-base.js'

/** A record as its extractor is given it. */
export type TimedRecord = Parameters<TimestampExtractor>[0]

/**
 * A whole number; negative where the record is to be rejected as that, which is the caller's to tell.
 * @throws MillraceError RECORD_TIMESTAMP_INVALID where the record's own time is beyond 2^53, or the extractor throws or
 * answers anything else; what it threw is the cause
 */
export function eventTime(extract: TimestampExtractor | null, record: TimedRecord, partitionTimeMs: number): number {
  const { timestamp } = record
  checkOwnTime(timestamp)
  if (extract === null) return timestamp
  let answer: unknown
  try {
    answer = extract(record, partitionTimeMs)
  } catch (cause) {
    if (cause instanceof SchemaPending) throw cause
    throw invalid('made its timestamp extractor throw', cause)
  }
  // Adding 0 makes 0 of -0.
  if (Number.isSafeInteger(answer)) return (answer as number) + 0
  if (answer instanceof Promise) answer.catch(() => undefined)
  throw invalid(
    `made its timestamp extractor return ${kindOf(answer)} instead of a whole number of milliseconds below 2^53`,
  )
}

/** @throws MillraceError RECORD_TIMESTAMP_INVALID beyond 2^53, where a number is rounded */
export function checkOwnTime(timestamp: number): void {
  if (!Number.isSafeInteger(timestamp))
    throw invalid(`has a timestamp beyond 2^53, about ${timestamp}: is it in nanoseconds?`)
}

export function isTimestampError(error: unknown): error is MillraceError {
  return isMillraceError(error, 'RECORD_TIMESTAMP_INVALID')
}

function invalid(problem: string, cause?: unknown): MillraceError {
  return new MillraceError('RECORD_TIMESTAMP_INVALID', problem, { cause })
}
