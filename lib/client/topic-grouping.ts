/** Groups rows by topic, as most requests need them. */

/** In order of first appearance. */
export function groupByTopic<T extends { readonly topic: string }, R>(
  rows: readonly T[],
  map: (row: T) => R,
): [topic: string, rows: R[]][] {
  const byTopic = new Map<string, R[]>()
  for (const row of rows) {
    const list = byTopic.get(row.topic)
    if (list === undefined) byTopic.set(row.topic, [map(row)])
    else list.push(map(row))
  }
  return [...byTopic]
}
