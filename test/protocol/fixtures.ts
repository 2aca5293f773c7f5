/** Reads the golden files that Java made. */
import { readFileSync } from 'node:fs'
import type { Headers } from '../../lib/record/record.js'

export type RecordRow = [
  timestamp: number,
  key: string | null,
  value: string | null,
  headers: [string, string | null][],
]

export interface BatchFixture {
  readonly name: string
  readonly compression: string
  readonly logAppendTime: number | null
  readonly baseOffset: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly transactional: boolean
  readonly leaderEpoch: number
  /** The records, or the name of the batch that holds the same ones, or null where only the count matters. */
  readonly records: RecordRow[] | string | null
  readonly hex: string
}

export type BodyFixture = [api: string, version: number, direction: 'request' | 'response', hex: string, json: unknown]
export type HeaderFixture = [
  apiKey: number,
  version: number,
  clientId: string | null,
  correlationId: number,
  request: string,
  response: string,
]

function load(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'))
}

export const batchFixtures = (load('batches') as { batches: BatchFixture[] }).batches
export const bodyFixtures = (load('bodies') as { bodies: BodyFixture[] }).bodies
export const headerFixtures = (load('headers') as { headers: HeaderFixture[] }).headers

export function recordsOf(batch: BatchFixture): RecordRow[] {
  if (typeof batch.records === 'string') return recordsOf(batchFixtures.find((other) => other.name === batch.records)!)
  return batch.records ?? []
}

export function fromHex(hex: string | null): Buffer | null {
  return hex === null ? null : Buffer.from(hex, 'hex')
}

export function toHex(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('hex')
}

export function headersFrom(rows: RecordRow[3]): Headers {
  return rows.map(([key, value]) => ({ key, value: fromHex(value) }))
}
