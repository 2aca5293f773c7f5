/** Mistakes in transactions, of readers and of the broker. I7 and I9 are guarantees of the broker. */
import { type Mutant, mutant } from './mutant.js'

const TRANSACTIONS = 'lib/client/transaction/transaction-manager.ts'
const COORDINATOR = 'lib/broker/transaction/transaction-coordinator.ts'
const SESSIONS = 'lib/operators/session-aggregate.ts'

export const TRANSACTIONAL: readonly Mutant[] = [
  mutant(
    'no aborted filter',
    'I5',
    'small,base',
    [
      [
        'lib/client/aborted-filter.ts',
        'if (aborted === null || aborted.length === 0) return',
        'if (aborted !== undefined) return',
      ],
    ],
    'client/aborted-filter',
  ),
  mutant(
    'reads what is not committed',
    'I5',
    'small,base',
    [
      [
        'lib/client/fetch-request.ts',
        "isolationLevel: limits.isolation === 'readCommitted' ? 1 : 0",
        'isolationLevel: 0',
      ],
    ],
    'client/fetch-request',
  ),
  mutant(
    'a marker does not end its transaction',
    'I5',
    'small,base',
    [
      [
        'lib/client/aborted-filter.ts',
        'if (batch.isControl) open.delete(batch.producerId)',
        'if (batch.isControl) continue',
      ],
    ],
    'client/aborted-filter',
  ),
  mutant(
    'a session is final twice',
    'I6',
    'small,base',
    [[SESSIONS, 'const firstEndMs = firstOpenEndFromZeroMs(afterEndMs, previousMs)', 'const firstEndMs = 0']],
    'operators/windows',
  ),
  mutant(
    'a session closes without its grace',
    'I6',
    'small,base',
    [[SESSIONS, 'closedSessions(store, afterEndMs, context)', 'closedSessions(store, gapMs, context)']],
    'operators/windows',
  ),
  mutant(
    'a late record opens a closed session',
    'I6',
    'small,base',
    [[SESSIONS, 'if (isClosed(endMs, afterEndMs, nowMs)) {', 'if (endMs < 0) {']],
    'operators/windows',
  ),
  mutant(
    'the broker takes what a fenced producer writes',
    'I7',
    'quiet,steady,late-requests',
    [
      [
        'lib/broker/log/producer-states.ts',
        'batch.producerEpoch < state.epoch) return KAFKA_ERROR.INVALID_PRODUCER_EPOCH',
        'batch.producerEpoch < state.epoch) return KAFKA_ERROR.NONE',
      ],
      [
        'lib/broker/log/append.ts',
        'if (known !== undefined && batch.producerEpoch < known.epoch) return E.INVALID_PRODUCER_EPOCH',
        'if (known !== undefined && batch.producerEpoch < known.epoch) return E.NONE',
      ],
    ],
    'broker/transactions',
  ),
  mutant(
    'a new producer has the epoch of the one before',
    'I7',
    'quiet,steady,late-requests',
    [
      [
        COORDINATOR,
        '      txn.lastEpoch = -1\n      txn.epoch += 1\n',
        '      txn.lastEpoch = -1\n      txn.epoch += txn.epoch < 0 ? 1 : 0\n',
      ],
      [
        COORDINATOR,
        '    txn.lastEpoch = txn.epoch\n    txn.epoch += 1\n    return this.#prepare',
        '    return this.#prepare',
      ],
    ],
    'broker/transactions',
  ),
  mutant(
    'a write that may still be on its way ends with its transaction',
    'I7',
    'quiet,steady,late-requests',
    [[TRANSACTIONS, '    if (this.#doubtful) return this.#abortByInit(cause)\n', '']],
    'client/transaction-manager',
  ),
  mutant(
    'an open transaction has no end',
    'I9',
    'small,quiet,cut-transactions',
    [[COORDINATOR, 'txn.startMs + txn.timeoutMs < nowMs', 'txn.startMs + 1e9 < nowMs']],
    'broker/transactions',
  ),
  mutant(
    'a transaction may be open for an hour',
    'I9',
    'small,quiet,cut-transactions',
    [
      [
        TRANSACTIONS,
        'await this.#requests.initProducerId(this.#transactionTimeoutMs)',
        'await this.#requests.initProducerId(900_000)',
      ],
    ],
    'client/transaction-manager',
  ),
  mutant(
    'a producer that comes back leaves its transaction open',
    'I9',
    'small,quiet,cut-transactions',
    [[COORDINATOR, "    if (txn.status === 'Ongoing') return this.#fenceAndAbort(txn)\n", '']],
    'broker/transactions',
  ),
  mutant(
    'a broker that starts again forgets the markers',
    'I9',
    'small,quiet,cut-decisions',
    [
      [
        COORDINATOR,
        "if (txn.status === 'PrepareCommit' || txn.status === 'PrepareAbort')\n        this",
        "if (txn.status === 'Empty')\n        this",
      ],
    ],
    'broker/recovery',
  ),
]
