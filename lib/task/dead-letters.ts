/** Dead letters of a task: source records that failed, with headers for place and reason. */
import type { MillraceError } from '../errors.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import type { Header, Headers } from '../record/record.js'
import { type Collector, recordBytes } from './collector.js'
import type { TaskOptions } from './options.js'
import type { RecordOrigin } from './record-origin.js'
import { recordRejected, recordTooLarge, type WriteLimits } from './rejected-writes.js'

/** Kafka Streams' names (KIP-1034), so that tools which read its dead letters read ours. */
const STREAMS_HEADER = '__streams.errors.'
const MILLRACE_HEADER = '__millrace.errors.'

export type DeadLetterOptions = WriteLimits & Pick<TaskOptions, 'clock' | 'deadLetterTopic'>

export class DeadLetters {
  readonly #options: DeadLetterOptions
  readonly #collector: Pick<Collector, 'send'> | null

  /** `collector` null: no letter is written. */
  constructor(options: DeadLetterOptions, collector: Pick<Collector, 'send'> | null) {
    this.#options = options
    this.#collector = collector
  }

  /**
   * Writes the source record as it was, in this commit, with headers that name origin and reason.
   * @returns the error if the letter cannot be written
   */
  send(reason: string, node: string, origin: RecordOrigin, error: MillraceError | null): MillraceError | null {
    const { deadLetterTopic, id, clock } = this.#options
    const { cursor, topic, partition } = origin
    if (deadLetterTopic === null || cursor === null || this.#collector === null) return null
    const cause = error?.cause instanceof Error ? error.cause : error
    const headers: Header[] = [
      ...cursor.headers(),
      text(`${STREAMS_HEADER}exception`, cause?.name ?? 'Dropped'),
      text(`${STREAMS_HEADER}message`, error?.message ?? `dropped: ${reason}`),
      text(`${STREAMS_HEADER}stacktrace`, cause?.stack ?? ''),
      text(`${STREAMS_HEADER}topic`, topic),
      text(`${STREAMS_HEADER}partition`, String(partition)),
      text(`${STREAMS_HEADER}offset`, String(cursor.offset)),
      text(`${MILLRACE_HEADER}reason`, reason),
      text(`${MILLRACE_HEADER}node`, node),
      text(`${MILLRACE_HEADER}task`, id.text),
    ]
    const [key, value] = [cursor.key(), cursor.value()]
    // A record that just fits its own topic may not fit with these headers: the longest is omitted first.
    const fits = (chosen: Headers) => recordBytes(key, value, chosen) <= this.#options.maxRecordBytes
    const sent = fits(headers) ? headers : headers.filter((header) => header.key !== `${STREAMS_HEADER}stacktrace`)
    if (!fits(sent)) return recordTooLarge(this.#options, node, deadLetterTopic, origin, recordBytes(key, value, sent))
    const usable = cursor.timestamp >= 0 && Number.isSafeInteger(cursor.timestamp)
    // With time 0 the broker would delete the letter at once.
    let timestamp = usable ? cursor.timestamp : clock.now()
    const rejection =
      this.#options.rejectedBatches?.of({ topic: deadLetterTopic, key, value, timestamp, headers: sent }) ?? null
    if (rejection?.kafkaCode === KAFKA_ERROR.INVALID_TIMESTAMP) timestamp = clock.now()
    else if (rejection !== null) return recordRejected(this.#options, node, deadLetterTopic, origin, rejection)
    this.#collector.send(deadLetterTopic, null, key, value, timestamp, sent)
    return null
  }
}

function text(key: string, value: string): Header {
  return { key, value: Buffer.from(value, 'utf8') }
}
