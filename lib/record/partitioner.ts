/** Kafka's default partitioner, so that keys go to the same partitions as with a Java producer. */
import { MillraceError } from '../errors.js'
import { murmur2 } from './murmur2.js'

/**
 * The partition, 0 to `partitions` - 1, that Kafka's default partitioner gives a record with this key, in serialised form.
 * @throws MillraceError CLIENT_RECORD_INVALID if `key` is not bytes, or `partitions` is not at least 1
 */
export function partitionForKey(key: Uint8Array, partitions: number): number {
  if (!(key instanceof Uint8Array) || !Number.isInteger(partitions) || partitions < 1) {
    const what = `a ${key === null ? 'null' : typeof key} among ${String(partitions)} partitions`
    throw new MillraceError(
      'CLIENT_RECORD_INVALID',
      `The partitioner needs key bytes and at least 1 partition, not ${what}.`,
    )
  }
  return (murmur2(key) & 0x7fffffff) % partitions
}
