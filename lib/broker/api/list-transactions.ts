/** ListTransactions v0 to v1: filtered by state, producer id and, from v1, by duration. */
import { KAFKA_ERROR as E, listTransactionsApi } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

const STATES = new Set(['Empty', 'Ongoing', 'PrepareCommit', 'PrepareAbort', 'CompleteCommit', 'CompleteAbort'])

export const listTransactionsHandler = defineHandler(listTransactionsApi, [0, 1], (core, request) => {
  const { stateFilters, producerIdFilters, durationFilter } = request
  const nowMs = core.clock.now()
  const found = [...core.transactions.all()]
    .filter(({ status }) => stateFilters.length === 0 || stateFilters.includes(status))
    .filter(({ producerId }) => producerIdFilters.length === 0 || producerIdFilters.includes(producerId))
    .filter(({ startMs }) => durationFilter < 0 || (startMs >= 0 && nowMs - startMs > durationFilter))
  return {
    errorCode: E.NONE,
    unknownStateFilters: stateFilters.filter((state) => !STATES.has(state)),
    transactionStates: found.map(({ transactionalId, producerId, status }) => ({
      transactionalId,
      producerId,
      transactionState: status,
    })),
  }
})
