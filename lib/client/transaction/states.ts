/** The states of a transactional producer and the allowed transitions. */
import { MillraceError } from '../../errors.js'

export type TransactionState =
  /** No producer id yet. */
  | 'uninitialized'
  | 'initializing'
  /** Between transactions. */
  | 'ready'
  | 'open'
  | 'committing'
  | 'aborting'
  /** Something failed inside: all that may follow is an abort. */
  | 'abortable'
  /** EndTxn got no answer: all that may follow is InitProducerId. */
  | 'unknown'
  /** Another producer has the transactional id, or the transaction timed out: InitProducerId takes it back. */
  | 'fenced'
  | 'closed'

export const TRANSITIONS: Readonly<Record<TransactionState, readonly TransactionState[]>> = {
  uninitialized: ['initializing', 'closed'],
  initializing: ['ready', 'uninitialized', 'closed'],
  ready: ['open', 'initializing', 'closed'],
  open: ['committing', 'aborting', 'abortable', 'fenced', 'closed'],
  abortable: ['aborting', 'initializing', 'fenced', 'closed'],
  committing: ['ready', 'abortable', 'unknown', 'fenced', 'closed'],
  aborting: ['ready', 'unknown', 'fenced', 'closed'],
  unknown: ['initializing', 'closed'],
  fenced: ['initializing', 'closed'],
  closed: [],
}

/** What a caller can do in a state that does not end by itself. */
const CALLS: Readonly<Partial<Record<TransactionState, string>>> = {
  uninitialized: 'call and await init() first',
  ready: 'call begin() first',
  open: 'call commit() or abort() first',
  abortable: 'call abort()',
  unknown: 'call init()',
  fenced: 'call init()',
  closed: 'make a new producer',
}

/** Returns `to`; CLIENT_STATE_INVALID where the table does not have the step. */
export function transition(transactionalId: string, from: TransactionState, to: TransactionState): TransactionState {
  if (TRANSITIONS[from].includes(to)) return to
  const next = CALLS[from] ?? 'wait until the call in progress has ended'
  const text = `Transactional producer "${transactionalId}" is ${from} and cannot become ${to}: ${next}.`
  throw new MillraceError('CLIENT_STATE_INVALID', text)
}
