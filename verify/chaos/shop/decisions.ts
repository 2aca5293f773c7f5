/** The decisions of an application, read as read_committed, and the difference of two sets. */
import { type Cluster, readTopic } from '../../../lib/index.js'
import { headerText } from '../../../lib/personalization/records/decided-record.js'
import { DECISION_ID_HEADER } from '../../../lib/personalization/records/decision-id.js'

/** How often each `decision-id` is in the topic. */
export async function readDecisionIds(cluster: Cluster, topic: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for await (const { records } of readTopic({ cluster, topic, until: 'now' })) {
    for (const { headers } of records) {
      const id = headerText(headers, DECISION_ID_HEADER) ?? 'none'
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}

/** One line for each way in which `found` is not `expected`, each id once. */
export function decisionDifferences(
  expected: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): string[] {
  const rows: [string, string[]][] = [
    ['missing', [...expected.keys()].filter((id) => !found.has(id))],
    ['not of the undisturbed run', [...found.keys()].filter((id) => !expected.has(id))],
    ['more than once', [...found].filter(([, count]) => count > 1).map(([id]) => id)],
  ]
  return rows
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `${ids.length} decisions ${what}: ${ids.slice(0, 3).join(', ')}`)
}
