/**
 * Rows of a suppression buffer as releases of Kafka Streams before 2.4 logged them; header `v` says the version, none is 0.
 * A change is `| int32 length, old | int32 length, new |`, -1 for null, and has a length in front of it where a record
 * context comes before it.
 *
 *     0: | int64 buffer time | change |
 *     1: | int64 buffer time | context | change |
 *     2: | context | change | int32 length, prior | int64 buffer time |
 *
 * 2.4.0 to 2.5.0 wrote version 3 under the number 2, so what cannot be read as 2 is read as 3.
 */
import { MillraceError } from '../errors.js'
import type { Headers } from '../record/record.js'
import { readInt64 } from './int64-bytes.js'
import { type BufferedRow, encodeBufferedRow } from './suppress-buffer.js'

/** The changelog record that holds the row. */
export interface LoggedRow {
  readonly topic: string
  readonly partition: number
  readonly cursor: { readonly offset: number; readonly timestamp: number; headers(): Headers }
}

type Context = Pick<BufferedRow, 'timestamp' | 'offset' | 'topic' | 'partition' | 'headers'>

const CONTEXT_MIN_BYTES = 28
const SAME_AS_PRIOR = -2

/**
 * The row in the layout of version 3. `prior`: what the buffer holds for the key as its prior value; undefined where it
 * holds nothing of the key. @throws MillraceError SERDE_BYTES_INVALID
 */
export function currentRow(bytes: Buffer, logged: LoggedRow, prior: () => Buffer | null | undefined): Buffer {
  const version = logged.cursor.headers().findLast(({ key }) => key === 'v')?.value
  const number = version === undefined ? 0 : version?.length === 1 ? version[0] : -1
  if (number === 3) return bytes
  try {
    if (number === 2) return fromVersion2(bytes) ?? checkedVersion3(bytes)
    if (number === 0 || number === 1) return encodeBufferedRow(fromTimeFirst(bytes, logged, number, prior()))
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
  }
  const { topic, partition } = logged
  const { offset } = logged.cursor
  throw new MillraceError(
    'SERDE_BYTES_INVALID',
    `The record at offset ${offset} of ${topic}-${partition} is not a row of a suppression buffer of versions 0 to 3.`,
    { topic, partition, offset },
  )
}

/** A missing prior value is the old one, as it was before prior values were logged. */
function fromTimeFirst(
  bytes: Buffer,
  logged: LoggedRow,
  version: 0 | 1,
  prior: Buffer | null | undefined,
): BufferedRow {
  const rest = new Cut(bytes, 8)
  const { topic, partition, cursor } = logged
  const { offset, timestamp } = cursor
  const own = () => ({ topic, partition, offset, timestamp, headers: cursor.headers() })
  const context: Context = version === 1 ? rest.context() : own()
  const change = version === 1 ? new Cut(rest.given(), 0) : rest
  const old = change.sized()
  const now = change.sized()
  return { ...context, prior: prior ?? old, old, now, bufferTimeMs: timeAt(bytes, 0) }
}

/** Null: these bytes are not of version 2. */
function fromVersion2(bytes: Buffer): Buffer | null {
  try {
    const cut = new Cut(bytes, 0)
    const context = cut.context()
    const change = new Cut(cut.given(), 0)
    const old = change.sized()
    const now = change.sized()
    const prior = cut.sized()
    return encodeBufferedRow({ ...context, prior, old, now, bufferTimeMs: timeAt(bytes, cut.at) })
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** @throws RangeError where they are not of version 3 either */
function checkedVersion3(bytes: Buffer): Buffer {
  const cut = new Cut(bytes, 0)
  cut.context()
  cut.sized()
  if (bytes.readInt32BE(cut.at) === SAME_AS_PRIOR) cut.at += 4
  else cut.sized()
  cut.sized()
  timeAt(bytes, cut.at)
  return bytes
}

/** The largest long of Java, "never", is kept apart from all times there are. */
function timeAt(bytes: Buffer, at: number): number {
  return Math.min(readInt64(bytes.subarray(at, at + 8), 0), Number.MAX_SAFE_INTEGER)
}

/** Reads on from where it is; a RangeError says that the bytes are not what they should be. */
class Cut {
  at: number
  readonly #bytes: Buffer

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  sized(): Buffer | null {
    const length = this.#bytes.readInt32BE(this.at)
    this.at += 4
    if (length === -1) return null
    if (length < 0 || this.at + length > this.#bytes.length) throw new RangeError('a length beyond the end')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  /** As `sized`, where there must be something. */
  given(): Buffer {
    const bytes = this.sized()
    if (bytes === null) throw new RangeError('a change is missing')
    return bytes
  }

  context(): Context {
    const bytes = this.#bytes
    if (bytes.length < this.at + CONTEXT_MIN_BYTES) throw new RangeError('too short for a context')
    const timestamp = readInt64(bytes, this.at)
    const offset = readInt64(bytes, this.at + 8)
    this.at += 16
    const topic = this.given().toString()
    const partition = bytes.readInt32BE(this.at)
    const count = bytes.readInt32BE(this.at + 4)
    this.at += 8
    const headers = Array.from({ length: Math.max(0, count) }, () => ({
      key: this.given().toString(),
      value: this.sized(),
    }))
    return { timestamp, offset, topic, partition, headers }
  }
}
