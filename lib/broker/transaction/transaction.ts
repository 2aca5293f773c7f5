/** One transactional id's state, and how it is stored. */
import type { StateValue } from '../storage/storage.js'

export type TransactionStatus =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'

export interface Transaction {
  readonly transactionalId: string
  producerId: number
  /** The id before the epoch was exhausted, -1 when there was none. */
  lastProducerId: number
  /** -1 before the first InitProducerId is answered. */
  epoch: number
  /** The epoch before the last bump a producer asked for, so that its retry is told apart; -1 when unknown. */
  lastEpoch: number
  timeoutMs: number
  status: TransactionStatus
  partitions: Map<string, Set<number>>
  groups: Set<string>
  /** Clock time of the first partition or group, -1 while nothing is open. */
  startMs: number
  /** True while a change of status is on its way to the disk: nothing else may change it meanwhile. */
  busy: boolean
}

/** Epochs are int16, and the last one is left for fencing. */
const LAST_EPOCH = 0x7fff - 1

export function epochExhausted(epoch: number): boolean {
  return epoch >= LAST_EPOCH
}

export function newTransaction(transactionalId: string, producerId: number): Transaction {
  return {
    transactionalId,
    producerId,
    lastProducerId: -1,
    epoch: -1,
    lastEpoch: -1,
    timeoutMs: 0,
    status: 'Empty',
    partitions: new Map(),
    groups: new Set(),
    startMs: -1,
    busy: false,
  }
}

const TRANSACTION_KEY = 'transaction/'

export function transactionState(txn: Transaction): [string, StateValue] {
  const { transactionalId, busy: _busy, partitions, groups, ...plain } = txn
  const stored = { ...plain, partitions: [...partitions].map(([t, p]) => [t, [...p]]), groups: [...groups] }
  return [`${TRANSACTION_KEY}${transactionalId}`, stored]
}

/** The transaction stored under `key`, or undefined when the key is of another kind. */
export function recoverTransaction(key: string, value: StateValue): Transaction | undefined {
  if (!key.startsWith(TRANSACTION_KEY)) return undefined
  const stored = value as unknown as Transaction & { partitions: [string, number[]][]; groups: string[] }
  return {
    ...stored,
    transactionalId: key.slice(TRANSACTION_KEY.length),
    partitions: new Map(stored.partitions.map(([topic, partitions]) => [topic, new Set(partitions)])),
    groups: new Set(stored.groups),
    busy: false,
  }
}
