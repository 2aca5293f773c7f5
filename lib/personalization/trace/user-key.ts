/** Whether a record is about a user, by its key alone: values of other users need not be opened. */
import type { TopicRecord } from '../../index.js'
import type { ServiceSerdes } from '../records/serdes.js'

/** With a master key the service writes pseudonyms; other producers write the id. */
export function keyedBy(userId: string, { key }: Pick<ServiceSerdes, 'key'>): (record: TopicRecord) => boolean {
  const plain = Buffer.from(userId)
  const written = key.serialize(userId, '')
  return (record) => record.key !== null && (written.equals(record.key) || plain.equals(record.key))
}
