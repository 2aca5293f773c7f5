/** A batch that the broker rejected for its contents, kept to recognise its records in the next attempt. */
import { MillraceError } from '../../errors.js'
import { type RecordCursor, readBatches } from '../../protocol/index.js'
import type { TopicRecord } from '../../record/record.js'

/** The records are asked for, never printed: no part of an error shows a payload. */
export class RejectedBatch extends MillraceError {
  readonly sizeBytes: number
  readonly #bytes: Buffer
  readonly #named: ReadonlySet<number>

  /** `named`: places in the batch of the records at fault, as far as the broker said so. */
  constructor(error: MillraceError, bytes: Buffer, named: readonly number[]) {
    super(error.code, error.message, error)
    this.sizeBytes = bytes.length
    this.#bytes = bytes
    this.#named = new Set(named)
  }

  /** Looks at every record, in order. `atFault`: the broker named it; none is, if it named none. */
  eachRecord(look: (record: RecordCursor, index: number, atFault: boolean) => void): void {
    let index = 0
    for (const batch of readBatches(this.#bytes)) {
      const cursor = batch.records()
      for (; cursor.next(); index++) look(cursor, index, this.#named.has(index))
    }
  }

  /** The records at fault: those the broker named, or the only one. Empty: it may be any of several. */
  culprits(): Omit<TopicRecord, 'offset'>[] {
    const found: Omit<TopicRecord, 'offset'>[] = []
    const { topic = '', partition = -1 } = this
    let count = 0
    this.eachRecord((cursor, _index, atFault) => {
      count++
      if (this.#named.size > 0 && !atFault) return
      const { timestamp } = cursor
      found.push({ topic, partition, timestamp, key: cursor.key(), value: cursor.value(), headers: cursor.headers() })
    })
    return this.#named.size > 0 || count === 1 ? found : []
  }
}
