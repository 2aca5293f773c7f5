/** Puts one record of a changelog into its store. */
import { isMillraceError, MillraceError } from '../../errors.js'
import type { RecordCursor } from '../../protocol/index.js'
import type { RestoredRecord } from '../../state/state-options.js'
import type { ChangelogRange } from './restore.js'

/** Somebody else's record, for instance: the error says where it is. */
export function restoreRecord(
  { state, store, topic, partition }: Pick<ChangelogRange, 'state' | 'store' | 'topic' | 'partition'>,
  key: Buffer,
  cursor: RecordCursor,
  timestamp: number,
  record: RestoredRecord,
): void {
  try {
    state.restore(store, key, cursor.value(), timestamp, record)
  } catch (cause) {
    if (!isMillraceError(cause, 'SERDE_BYTES_INVALID')) throw cause
    const { offset } = cursor
    const message = `The record at offset ${offset} of ${topic}-${partition} cannot be restored into store ${store}: ${cause.message}`
    throw new MillraceError(cause.code, message, { topic, partition, offset, cause })
  }
}
