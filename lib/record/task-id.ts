/** Task ids as Kafka Streams writes them: sub-topology and partition, `0_3`. */

/** `0_3` → [0, 3]. */
export function parseTaskId(taskId: string): readonly [subTopology: number, partition: number] {
  const [subTopology, partition] = taskId.split('_').map(Number)
  return [subTopology!, partition!]
}

export function byTaskId(a: string, b: string): number {
  const [subA, partitionA] = parseTaskId(a)
  const [subB, partitionB] = parseTaskId(b)
  return subA - subB || partitionA - partitionB
}
