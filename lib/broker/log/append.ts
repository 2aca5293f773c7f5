/** Kafka's checks of a batch before it is appended. They read only the batch header if that is enough. */
import { isMillraceError, MillraceError } from '../../errors.js'
import { BATCH, putInt64 } from '../../protocol/batch/layout.js'
import { type BatchView, KAFKA_ERROR as E, readBatches } from '../../protocol/index.js'
import { crc32c } from '../../record/crc32c.js'
import type { BrokerCore } from '../core.js'
import type { PartitionLog } from './partition-log.js'

export interface AppendOutcome {
  readonly error: number
  /** -1 on error. */
  readonly baseOffset: number
  /** -1 unless the broker stamps the topic's records. */
  readonly logAppendTimeMs: number
  /** -1 where the batch was rejected before the log was asked, or was damaged or too large. */
  readonly logStartOffset: number
  readonly message: string | null
  /** Places in the batch of the records at fault, where records were looked at. */
  readonly invalid?: readonly number[]
}

export interface ClientAppend {
  readonly transactionalId: string | null
  /** Version of the Produce request. */
  readonly version: number
  readonly records: Buffer | null
}

const LOG_APPEND_TIME_FLAG = 8
const ZSTD = 4
/** Refused with these, a batch is answered without the start of the log. */
const START_UNKNOWN: ReadonlySet<number> = new Set([E.MESSAGE_TOO_LARGE, E.CORRUPT_MESSAGE, E.KAFKA_STORAGE_ERROR])

export function appendFromClient(core: BrokerCore, log: PartitionLog, request: ClientAppend): AppendOutcome {
  const found = onlyBatch(request.records)
  if ('error' in found) return found
  const { batch } = found
  const nowMs = core.clock.now()
  const verified = batch.producerId < 0 ? E.NONE : checkTransaction(core, log, batch, request)
  if (verified !== E.NONE) return refused(verified)
  const outcome = validated(log, batch, nowMs, request.version) ?? store(log, Buffer.from(batch.slice()), nowMs)
  return START_UNKNOWN.has(outcome.error) ? outcome : { ...outcome, logStartOffset: log.logStartOffset }
}

/** The answer where nothing is to be appended. */
function validated(log: PartitionLog, batch: BatchView, nowMs: number, version: number): AppendOutcome | undefined {
  const invalid = checkBatch(log, batch, nowMs, version)
  if (invalid !== undefined || batch.producerId < 0) return invalid
  const duplicate = log.producers.duplicateOf(batch)
  if (duplicate !== undefined) return { ...refused(E.NONE), baseOffset: duplicate.baseOffset }
  const sequenceError = log.producers.check(batch)
  return sequenceError === E.NONE ? undefined : refused(sequenceError)
}

function store(log: PartitionLog, own: Buffer, nowMs: number): AppendOutcome {
  const { logAppendTime } = log.config()
  if (logAppendTime) stamp(own, nowMs)
  try {
    const { baseOffset } = log.append(own, nowMs)
    return { ...refused(E.NONE), baseOffset, logAppendTimeMs: logAppendTime ? nowMs : -1 }
  } catch (error) {
    if (isMillraceError(error)) return refused(E.KAFKA_STORAGE_ERROR, error.message)
    throw error
  }
}

/** Since Produce v3 a request has exactly one batch per partition, of format 2. */
function onlyBatch(records: Buffer | null): { readonly batch: BatchView } | AppendOutcome {
  if (records === null || records.length < BATCH.records) return refused(E.INVALID_RECORD, 'there is no record batch')
  try {
    const batches = readBatches(records)
    const [batch] = batches
    if (batch === undefined || batches.length !== 1 || batch.sizeBytes !== records.length) {
      return refused(E.INVALID_RECORD, 'a partition must have exactly one whole record batch')
    }
    batch.verify()
    return { batch }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    const magic = error.code === 'PROTOCOL_MAGIC_UNSUPPORTED'
    return refused(magic ? E.INVALID_RECORD : E.CORRUPT_MESSAGE, error.message)
  }
}

function checkBatch(log: PartitionLog, batch: BatchView, nowMs: number, version: number): AppendOutcome | undefined {
  const config = log.config()
  if (batch.isControl) return refused(E.INVALID_RECORD, 'clients must not write control batches')
  if (batch.count <= 0 || batch.count !== batch.lastOffset - batch.baseOffset + 1) {
    return refused(E.INVALID_RECORD, 'the record count does not fit the offsets')
  }
  if (batch.producerId >= 0 && batch.baseSequence < 0) {
    return refused(E.INVALID_RECORD, 'an idempotent producer must number its records')
  }
  if (batch.isTransactional && batch.producerId < 0) {
    return refused(E.INVALID_RECORD, 'a transactional batch needs a producer id')
  }
  if (batch.codec === ZSTD && version < 7) return refused(E.UNSUPPORTED_COMPRESSION_TYPE)
  if (batch.sizeBytes > config.maxMessageBytes) {
    return refused(
      E.MESSAGE_TOO_LARGE,
      `the batch has ${batch.sizeBytes} bytes; the maximum is ${config.maxMessageBytes}`,
    )
  }
  const keyProblem = config.compact ? checkKeys(batch) : undefined
  if (keyProblem !== undefined) return keyProblem
  if (config.logAppendTime) return undefined
  if (!Number.isSafeInteger(batch.maxTimestamp) || !Number.isSafeInteger(batch.baseTimestamp)) {
    return refused(E.INVALID_TIMESTAMP, 'a timestamp is beyond 2^53 milliseconds, which this broker does not support')
  }
  const ahead = batch.maxTimestamp - nowMs > config.timestampAfterMaxMs
  const behind = batch.baseTimestamp >= 0 && nowMs - batch.baseTimestamp > config.timestampBeforeMaxMs
  return ahead || behind
    ? refused(E.INVALID_TIMESTAMP, 'a timestamp is outside the range that the topic allows')
    : undefined
}

/** The one check that looks at records, on compacted topics only. A codec this Node lacks is let through unread. */
function checkKeys(batch: BatchView): AppendOutcome | undefined {
  const invalid: number[] = []
  try {
    const cursor = batch.records()
    for (let place = 0; cursor.next(); place++) if (cursor.keyLength < 0) invalid.push(place)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    if (error.code !== 'PROTOCOL_COMPRESSION_UNSUPPORTED') return refused(E.CORRUPT_MESSAGE, error.message)
  }
  if (invalid.length === 0) return undefined
  return { ...refused(E.INVALID_RECORD, 'a record for a compacted topic needs a key'), invalid }
}

/** KIP-890 part 1: the first write of a transaction to a partition must follow AddPartitionsToTxn. */
function checkTransaction(core: BrokerCore, log: PartitionLog, batch: BatchView, request: ClientAppend): number {
  if (!batch.isTransactional) return E.NONE
  const known = log.producers.byId.get(batch.producerId)
  if (known !== undefined && known.txnFirstOffset >= 0 && known.epoch === batch.producerEpoch) return E.NONE
  if (known !== undefined && batch.producerEpoch < known.epoch) return E.INVALID_PRODUCER_EPOCH
  log.producers.askedAbout(batch)
  const what = { topic: log.topic, partition: log.partition }
  const error = core.transactions.verify(request.transactionalId ?? '', batch.producerId, batch.producerEpoch, what)
  if (error === E.TRANSACTION_ABORTABLE && request.version < 11) return E.INVALID_TXN_STATE
  // Clients of every version retry this one.
  if (error === E.CONCURRENT_TRANSACTIONS) return E.NOT_ENOUGH_REPLICAS
  return error
}

/** LogAppendTime: the whole batch gets the broker's time, which lies under the checksum. */
function stamp(batch: Buffer, nowMs: number): void {
  batch.writeInt16BE(batch.readInt16BE(BATCH.attributes) | LOG_APPEND_TIME_FLAG, BATCH.attributes)
  putInt64(batch, BATCH.maxTimestamp, nowMs)
  batch.writeUInt32BE(crc32c(batch, BATCH.attributes), BATCH.crc)
}

/** Also the frame of an answer without error. */
function refused(error: number, message: string | null = null): AppendOutcome {
  return { error, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1, message }
}
