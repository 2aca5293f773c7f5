/** Counts visitors who became users, from the topic that carries what they had to the users. */
import { readTopic, type Serde, untilStable } from '../../index.js'
import type { IdentityRecord } from '../frame/identity/identity-record.js'
import type { SummaryParts } from './summary.js'

/** Visitors who became users. */
export interface IdentityCounts {
  /** How often a visitor became a user. Saying the same again does not count. */
  readonly merges: number
  /** Events that came for a visitor afterwards, and went to the user. */
  readonly forwardedEvents: number
  /** Decisions about a visitor that went to the user. */
  readonly forwardedDecisions: number
}

/** Of the live tier: each slower one does the same for its own decisions. */
export async function countIdentities({ cluster, topics, serdes }: SummaryParts): Promise<IdentityCounts> {
  const counts = { visitor: 0, event: 0, decision: 0, time: 0 }
  const serde: Serde<IdentityRecord> = serdes.identity
  await untilStable(cluster, [topics.merges])
  for await (const { records } of readTopic({ cluster, topic: topics.merges, until: 'now' })) {
    for (const { value, topic } of records) if (value !== null) counts[serde.deserialize(value, topic).kind]++
  }
  return { merges: counts.visitor, forwardedEvents: counts.event, forwardedDecisions: counts.decision }
}
