/** The processor that fills a read-only store if the user gave none: it puts each record unchanged. */
import type { Headers, StreamRecord } from '../record/record.js'
import type { ProcessorContext, ProcessorSupplier } from './processor.js'

interface PutStore {
  put(key: unknown, value: unknown, timestamp: number, headers: Headers): unknown
}

/** A null value deletes; a null key is dropped, as in a table. */
export function putEach(store: string): ProcessorSupplier {
  return () => {
    let context: ProcessorContext
    return {
      init(given) {
        context = given
      },
      process({ key, value, timestamp, headers }: StreamRecord) {
        if (key === null) context.drop('nullKey')
        else context.getStateStore<PutStore>(store).put(key, value, timestamp, headers)
      },
    }
  }
}
