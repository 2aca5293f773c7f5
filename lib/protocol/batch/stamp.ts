/** What is written into a whole batch later, in place: offsets, another producer, the broker's time. */
import { crc32c } from '../../record/crc32c.js'
import { BATCH, LOG_APPEND_TIME_FLAG, putInt64 } from './layout.js'

/**
 * What a broker fills in when it appends a batch to its log, in place: both fields lie outside the checksum. `batch` is
 * one whole batch.
 */
export function assignOffsets(batch: Buffer, baseOffset: number, leaderEpoch: number): void {
  putInt64(batch, BATCH.baseOffset, baseOffset)
  batch.writeInt32BE(leaderEpoch, BATCH.partitionLeaderEpoch)
}

/** Gives a whole batch another writer and sequence, in place. The checksum is made again. */
export function stampProducer(batch: Buffer, producerId: number, epoch: number, baseSequence: number): void {
  putInt64(batch, BATCH.producerId, producerId)
  batch.writeInt16BE(epoch, BATCH.producerEpoch)
  batch.writeInt32BE(baseSequence, BATCH.baseSequence)
  batch.writeUInt32BE(crc32c(batch, BATCH.attributes), BATCH.crc)
}

/**
 * Stamps a whole batch with the broker's time in place, as topics with LogAppendTime want it: every record then has
 * `timestamp` (milliseconds). The checksum is made again.
 */
export function stampAppendTime(batch: Buffer, timestamp: number): void {
  batch.writeInt16BE(batch.readInt16BE(BATCH.attributes) | LOG_APPEND_TIME_FLAG, BATCH.attributes)
  putInt64(batch, BATCH.maxTimestamp, timestamp)
  batch.writeUInt32BE(crc32c(batch, BATCH.attributes), BATCH.crc)
}
