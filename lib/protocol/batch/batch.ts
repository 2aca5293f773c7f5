/** A lazy view of record batches (format v2, KIP-98): parses the header once and reads records with a cursor. */
import { MillraceError } from '../../errors.js'
import { crc32c } from '../../record/crc32c.js'
import { decompress } from './compression.js'
import { BATCH, CONTROL_FLAG, LOG_APPEND_TIME_FLAG, readSafeInt64, roundedInt64, TRANSACTIONAL_FLAG } from './layout.js'
import { RecordCursor } from './record-cursor.js'

export type ControlType = 'abort' | 'commit' | 'other'

export class BatchView {
  /** The bytes the batch is in; it may hold other batches too. */
  readonly bytes: Buffer
  /** Where the batch begins in `bytes`. */
  readonly start: number
  /** The whole batch, header included. */
  readonly sizeBytes: number
  readonly baseOffset: number
  /** Offset of the last record the batch was written with; compaction may have removed that record. */
  readonly lastOffset: number
  readonly partitionLeaderEpoch: number
  /** CompressionType as a number, see COMPRESSIONS. */
  readonly codec: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** True where the broker stamped the batch: every record then has `maxTimestamp`. */
  readonly isLogAppendTime: boolean
  /** Rounded outside of ±(2^53 - 1), as is `maxTimestamp`; records are told exactly, or as what they are not. */
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  /** -1 where the producer was neither idempotent nor transactional. */
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  /** Records in the batch. */
  readonly count: number

  /** `start` is checked by the caller to leave room for the header; `sizeBytes` is what the length field says. */
  constructor(bytes: Buffer, start: number, sizeBytes: number) {
    this.bytes = bytes
    this.start = start
    this.sizeBytes = sizeBytes
    this.baseOffset = readSafeInt64(bytes, start + BATCH.baseOffset)
    this.lastOffset = this.baseOffset + bytes.readInt32BE(start + BATCH.lastOffsetDelta)
    this.partitionLeaderEpoch = bytes.readInt32BE(start + BATCH.partitionLeaderEpoch)
    const attributes = bytes.readInt16BE(start + BATCH.attributes)
    this.codec = attributes & 7
    this.isLogAppendTime = (attributes & LOG_APPEND_TIME_FLAG) !== 0
    this.isTransactional = (attributes & TRANSACTIONAL_FLAG) !== 0
    this.isControl = (attributes & CONTROL_FLAG) !== 0
    this.baseTimestamp = roundedInt64(bytes, start + BATCH.baseTimestamp)
    this.maxTimestamp = roundedInt64(bytes, start + BATCH.maxTimestamp)
    this.producerId = readSafeInt64(bytes, start + BATCH.producerId)
    this.producerEpoch = bytes.readInt16BE(start + BATCH.producerEpoch)
    this.baseSequence = bytes.readInt32BE(start + BATCH.baseSequence)
    this.count = bytes.readInt32BE(start + BATCH.count)
    if (this.count < 0 || this.lastOffset < this.baseOffset) {
      throw new MillraceError(
        'PROTOCOL_BATCH_INVALID',
        `The record batch at offset ${this.baseOffset} claims ${this.count} records up to offset ${this.lastOffset}.`,
        { offset: this.baseOffset },
      )
    }
  }

  wideBaseTimestamp(): bigint {
    return this.bytes.readBigInt64BE(this.start + BATCH.baseTimestamp)
  }

  /** Compares the stored checksum with the bytes: PROTOCOL_CRC_MISMATCH with the batch's offset. */
  verify(): void {
    const stored = this.bytes.readUInt32BE(this.start + BATCH.crc)
    const actual = crc32c(this.bytes, this.start + BATCH.attributes, this.start + this.sizeBytes)
    if (stored === actual) return
    throw new MillraceError(
      'PROTOCOL_CRC_MISMATCH',
      `The record batch at offset ${this.baseOffset} has checksum ${actual}, its header says ${stored}.`,
      { offset: this.baseOffset },
    )
  }

  /**
   * A cursor before the first record. Inflates a compressed batch: PROTOCOL_TOO_LARGE past `maxDecompressedBytes`
   * (default 64 MiB), PROTOCOL_COMPRESSION_FAILED, PROTOCOL_COMPRESSION_UNSUPPORTED.
   */
  records(maxDecompressedBytes?: number): RecordCursor {
    const first = this.start + BATCH.records
    const end = this.start + this.sizeBytes
    if (this.codec === 0) return new RecordCursor(this, this.bytes, first, end)
    const inflated = decompress(this.codec, this.bytes.subarray(first, end), maxDecompressedBytes)
    return new RecordCursor(this, inflated, 0, inflated.length)
  }

  /** What a control batch says; undefined for data. A control record's key is its version and its type, both int16. */
  get controlType(): ControlType | undefined {
    if (!this.isControl) return undefined
    const cursor = this.records()
    if (!cursor.next() || cursor.keyLength < 4) return 'other'
    const type = cursor.bytes.readInt16BE(cursor.keyStart + 2)
    return type === 0 ? 'abort' : type === 1 ? 'commit' : 'other'
  }

  /** The batch's own bytes, not a copy. */
  slice(): Buffer {
    return this.bytes.subarray(this.start, this.start + this.sizeBytes)
  }
}

/**
 * The whole batches in `records`. A batch cut short at the end is omitted, as a broker may cut a fetch anywhere.
 * PROTOCOL_MAGIC_UNSUPPORTED for another record format, PROTOCOL_BATCH_INVALID for impossible lengths or counts.
 */
export function readBatches(records: Buffer): BatchView[] {
  const batches: BatchView[] = []
  let at = 0
  while (at + BATCH.lengthEnd <= records.length) {
    const sizeBytes = BATCH.lengthEnd + records.readInt32BE(at + BATCH.length)
    if (at + BATCH.magic < records.length) checkMagic(records, at)
    if (sizeBytes < BATCH.records) {
      throw new MillraceError('PROTOCOL_BATCH_INVALID', `A record batch claims a size of ${sizeBytes} bytes.`)
    }
    if (at + sizeBytes > records.length) break
    batches.push(new BatchView(records, at, sizeBytes))
    at += sizeBytes
  }
  return batches
}

function checkMagic(records: Buffer, at: number): void {
  const magic = records[at + BATCH.magic]!
  if (magic === 2) return
  const offset = readSafeInt64(records, at + BATCH.baseOffset)
  throw new MillraceError(
    'PROTOCOL_MAGIC_UNSUPPORTED',
    `The record batch at offset ${offset} has format ${magic}; only format 2 is supported.`,
    { offset },
  )
}
