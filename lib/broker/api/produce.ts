/** Produce v3 to v11: appends one batch per partition. All acks mean the same on one node; acks=0 gets no response. */
import { MillraceError } from '../../errors.js'
import { KAFKA_ERROR as E, produceApi } from '../../protocol/index.js'
import { appendFromClient } from '../log/append.js'
import { isInternalTopic } from '../topics.js'
import { defineHandler } from './handler.js'

/** The client id that Kafka lets write to internal topics. */
const ADMIN_CLIENT = '__admin_client'

export const produceHandler = defineHandler(produceApi, [3, 11], (core, request, { version, clientId }) => {
  const { acks, transactionalId } = request
  const acksInvalid = acks !== 0 && acks !== 1 && acks !== -1
  let failed = false
  const responses = request.topicData.map(({ name, partitionData }) => ({
    name,
    partitionResponses: partitionData.map(({ index, records }) => {
      const log = core.topics.log(name, index)
      const closed = isInternalTopic(name) && clientId !== ADMIN_CLIENT
      if (acksInvalid || log === undefined || closed) {
        failed = true
        const missing = log === undefined ? E.UNKNOWN_TOPIC_OR_PARTITION : E.INVALID_TOPIC_EXCEPTION
        return { index, errorCode: acksInvalid ? E.INVALID_REQUIRED_ACKS : missing, baseOffset: -1 }
      }
      const {
        error,
        baseOffset,
        logAppendTimeMs,
        logStartOffset,
        message,
        invalid = [],
      } = appendFromClient(core, log, {
        transactionalId,
        version,
        records,
      })
      if (error !== E.NONE) failed = true
      const recordErrors = invalid.map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: message }))
      return {
        index,
        errorCode: error,
        baseOffset,
        logAppendTimeMs,
        logStartOffset,
        recordErrors,
        errorMessage: message,
      }
    }),
  }))
  if (acks !== 0) return { responses }
  // The producer cannot be told, so the connection closes and it asks for metadata again.
  if (failed) throw new MillraceError('BROKER_REQUEST_REJECTED', 'A produce request with acks=0 failed')
  return null
})
