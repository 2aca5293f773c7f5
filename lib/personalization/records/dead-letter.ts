/** An unusable record and the reason: the value of the `dead-letters` topic. */
import type { InvalidRow } from '../input/formats/rows.js'

/** `schemas/dead-letter.avsc` is the same in Avro. */
export interface DeadLetter {
  /** `late by N ms`, or what is wrong with the record, in words. */
  readonly reason: string
  /** Origin. For an unreadable row of a file: the topic it would have gone to. */
  readonly topic: string
  /** -1 where it never was on a topic. */
  readonly partition: number
  readonly offset: number
  /** Row of the input file, -1 where it came from none. */
  readonly row: number
  /** Event time where it is known, else the time the broker stored it; epoch milliseconds. */
  readonly at: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

const LATE = /^late by (\d+) ms$/

/** The reason of an event that came after its grace period. */
export function lateReason(latenessMs: number): string {
  return `late by ${latenessMs} ms`
}

/** How late, in milliseconds, or null where the reason is another. */
export function latenessOf(reason: string): number | null {
  const match = LATE.exec(reason)
  return match === null ? null : Number(match[1])
}

/** A row of the input that is no event. */
export function deadRow(row: InvalidRow, topic: string): DeadLetter {
  return { reason: row.reason, topic, partition: -1, offset: -1, row: row.row, at: 0, key: null, value: null }
}
