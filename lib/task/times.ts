/**
 * Event times of a task that must survive a restart: partition times and operator times. They are in the metadata of
 * committed offsets, in Kafka Streams' format, so that a restart accepts no record that was already late.
 */
import { MillraceError } from '../errors.js'
import type { LastEmitted, OperatorTime } from '../operators/operator.js'
import { readInt64, writeInt64 } from '../serde/int64-bytes.js'

const UNKNOWN = -1
/** TopicPartitionMetadata of Kafka Streams >= 3.6: magic byte, int64 partition time, processor metadata. */
const MAGIC = 2
const MAGIC_TIME_ONLY = 1
const FIXED_BYTES = 9
/** The broker's default `offset.metadata.max.bytes` is 4,096; base64 makes four characters of three bytes. */
const MAX_BYTES = Math.floor(4_095 / 4) * 3

/** A time that only rises, with what the last commit and the one in flight know of it. */
export class MonotonicTime implements OperatorTime {
  streamTimeMs = UNKNOWN
  #inFlightMs = UNKNOWN
  #committedMs = UNKNOWN

  advance(timestampMs: number): number {
    if (timestampMs > this.streamTimeMs) this.streamTimeMs = timestampMs
    return this.streamTimeMs
  }

  restore(timestampMs: number): void {
    this.streamTimeMs = Math.max(this.streamTimeMs, timestampMs)
    this.#inFlightMs = this.streamTimeMs
    this.#committedMs = this.streamTimeMs
  }

  beginCommit(): void {
    this.#inFlightMs = this.streamTimeMs
  }

  commitSucceeded(): void {
    this.#committedMs = this.#inFlightMs
  }

  commitAborted(): void {
    this.streamTimeMs = this.#committedMs
    this.#inFlightMs = this.#committedMs
  }
}

/** The operator times of one task by node name. */
export class OperatorTimes {
  readonly #times = new Map<string, MonotonicTime>()
  /** Of operators that emit what closes, by the name of their store. */
  readonly #emitted = new Map<string, LastEmitted & { readonly time: MonotonicTime }>()
  readonly #taskId: string

  constructor(taskId: string) {
    this.#taskId = taskId
  }

  /** @throws MillraceError TASK_METADATA_TOO_LARGE when all of the task's names no longer fit the metadata */
  of(node: string): MonotonicTime {
    let time = this.#times.get(node)
    if (time === undefined) {
      time = new MonotonicTime()
      this.#times.set(node, time)
      this.#checkSize()
    }
    return time
  }

  /** The time of `node` is also told, and taken over, as Kafka Streams does. @throws MillraceError as `of` */
  emitsOnClose(node: string, last: LastEmitted): void {
    this.#emitted.set(last.store, { ...last, time: this.of(node) })
    this.#checkSize()
  }

  all(): Iterable<MonotonicTime> {
    return this.#times.values()
  }

  /** The metadata to commit beside a partition's offset. */
  encode(partitionTimeMs: number): string {
    const entries = this.#known()
    const names = entries.map(([name]) => Buffer.from(name, 'utf8'))
    const mapBytes = names.length === 0 ? 0 : names.reduce((sum, name) => sum + 12 + name.length, 4)
    const out = Buffer.allocUnsafe(FIXED_BYTES + mapBytes)
    out[0] = MAGIC
    writeInt64(out, partitionTimeMs, 1)
    if (names.length === 0) return out.toString('base64')
    let at = out.writeInt32BE(names.length, FIXED_BYTES)
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      at = out.writeInt32BE(name.length, at)
      at += name.copy(out, at)
      writeInt64(out, entries[i]![1], at)
      at += 8
    }
    return out.toString('base64')
  }

  /** Takes over what `metadata` says of nodes this task has; returns the partition time, -1 where it says nothing. */
  restore(metadata: string): number {
    const decoded = decodeMetadata(metadata)
    for (const [name, timestampMs] of decoded.operators) {
      this.#times.get(name)?.restore(timestampMs)
      // The later of the two: whoever ran last left the other as it was.
      const emitted = this.#emitted.get(name)
      emitted?.time.restore(timestampMs + emitted.behindMs)
    }
    return decoded.partitionTimeMs
  }

  #known(): (readonly [name: string, ms: number])[] {
    const known: (readonly [name: string, ms: number])[] = []
    for (const [name, { streamTimeMs }] of this.#times) if (streamTimeMs !== UNKNOWN) known.push([name, streamTimeMs])
    for (const [store, { time, behindMs, leastMs }] of this.#emitted) {
      const closedMs = time.streamTimeMs - behindMs
      if (time.streamTimeMs !== UNKNOWN && closedMs >= leastMs) known.push([store, closedMs])
    }
    return known
  }

  #checkSize(): void {
    let bytes = FIXED_BYTES + 4
    for (const name of [...this.#times.keys(), ...this.#emitted.keys()]) bytes += 12 + Buffer.byteLength(name)
    if (bytes <= MAX_BYTES) return
    throw new MillraceError(
      'TASK_METADATA_TOO_LARGE',
      `Task ${this.#taskId} has the times of ${this.#times.size} operators, ${bytes} bytes, but a committed offset can contain ${MAX_BYTES} bytes. Use shorter node names or split the topology.`,
      { taskId: this.#taskId },
    )
  }
}

/** Metadata nobody can read (another tool's, another version's) counts as none, as in Kafka Streams. */
export function decodeMetadata(metadata: string): { partitionTimeMs: number; operators: Map<string, number> } {
  const operators = new Map<string, number>()
  const bytes = Buffer.from(metadata, 'base64')
  if (bytes.length < FIXED_BYTES || (bytes[0] !== MAGIC && bytes[0] !== MAGIC_TIME_ONLY)) {
    return { partitionTimeMs: UNKNOWN, operators }
  }
  const partitionTimeMs = timeAt(bytes, 1)
  if (bytes[0] === MAGIC_TIME_ONLY || bytes.length < FIXED_BYTES + 4) return { partitionTimeMs, operators }
  const count = bytes.readInt32BE(FIXED_BYTES)
  let at = FIXED_BYTES + 4
  for (let i = 0; i < count && at + 4 <= bytes.length; i++) {
    const length = bytes.readInt32BE(at)
    at += 4
    if (length < 0 || at + length + 8 > bytes.length) break
    operators.set(bytes.toString('utf8', at, at + length), timeAt(bytes, at + length))
    at += length + 8
  }
  return { partitionTimeMs, operators }
}

/** No record read here has a time beyond 2^53, so it is none that was reached. */
function timeAt(bytes: Buffer, at: number): number {
  const timeMs = readInt64(bytes, at)
  return Number.isSafeInteger(timeMs) ? timeMs : UNKNOWN
}
