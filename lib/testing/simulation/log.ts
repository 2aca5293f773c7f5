/** Reads the broker's archive as a read_committed reader, without any code of the client. */
import type { BatchView } from '../../protocol/index.js'
import type { TopicRecord } from '../../record/record.js'

/** Records of committed transactions, and of no transaction, in log order. What has no marker yet is omitted. */
export function committedRecords(topic: string, partition: number, batches: readonly BatchView[]): TopicRecord[] {
  // From the end: the first marker met of a producer says how its batches before that marker ended.
  const ends = new Map<number, boolean>()
  const visible: BatchView[] = []
  for (let i = batches.length - 1; i >= 0; i--) {
    const batch = batches[i]!
    if (batch.isControl) ends.set(batch.producerId, batch.controlType === 'commit')
    else if (!batch.isTransactional || ends.get(batch.producerId) === true) visible.push(batch)
  }
  return visible.reverse().flatMap((batch) => records(topic, partition, batch))
}

/** Whether every transaction that wrote here has its marker. */
export function hasOpenTransaction(batches: readonly BatchView[]): boolean {
  const open = new Set<number>()
  for (const batch of batches) {
    if (batch.isControl) open.delete(batch.producerId)
    else if (batch.isTransactional) open.add(batch.producerId)
  }
  return open.size > 0
}

function records(topic: string, partition: number, batch: BatchView): TopicRecord[] {
  const found: TopicRecord[] = []
  const cursor = batch.records()
  while (cursor.next()) {
    found.push({
      topic,
      partition,
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      key: cursor.key(),
      value: cursor.value(),
      headers: cursor.headers(),
    })
  }
  return found
}
