/** A decision as a record of the `recommendations` topic: keyed by user, with id and validity readable without Avro. */
import { SchemaPending, type Serde, type StreamRecord, type TopicRecord } from '../../index.js'
import { DECISION_ID_HEADER } from './decision-id.js'
import type { Recommendation } from './recommendation.js'
import { TRACEPARENT_HEADER } from './traceparent.js'

const VALID_UNTIL_HEADER = 'valid-until'
/** When the broker stored the event that led here, epoch milliseconds; absent for what a timer decided. */
export const TRIGGERED_HEADER = 'triggered-at'

/** `triggeredAt` below 0: no single event led here. */
export function decidedRecord(decision: Recommendation, triggeredAt: number): StreamRecord<string, Recommendation> {
  const headers = [
    { key: DECISION_ID_HEADER, value: Buffer.from(decision.decisionId) },
    { key: VALID_UNTIL_HEADER, value: Buffer.from(String(decision.validUntil)) },
  ]
  if (triggeredAt >= 0) headers.push({ key: TRIGGERED_HEADER, value: Buffer.from(String(triggeredAt)) })
  return { key: decision.userId, value: decision, timestamp: decision.at, headers }
}

/** The trace context of a record in progress, and the event time of the decisions that it led to; null time: of all. */
export interface TraceContext {
  readonly traceparent: string
  readonly atMs: number | null
}

/** The record with the trace context. Decisions that time has led to during the record in progress have no part in it. */
export function withTrace<V extends object>(
  record: StreamRecord<string, V>,
  context: TraceContext | null,
): StreamRecord<string, V> {
  if (context === null) return record
  const { traceparent, atMs } = context
  if (atMs !== null && (record.value as { readonly at?: number }).at !== atMs) return record
  return { ...record, headers: [...record.headers, { key: TRACEPARENT_HEADER, value: Buffer.from(traceparent) }] }
}

/**
 * The decision in a record, without its trace; null: it cannot be read.
 * @throws SchemaPending where its schema is on its way: read it again when it has come
 */
export function decisionOf(record: TopicRecord, serde: Serde<Recommendation>): Recommendation | null {
  try {
    return record.value === null ? null : untraced(serde.deserialize(record.value, record.topic))
  } catch (error) {
    if (error instanceof SchemaPending) throw error
    return null
  }
}

/** What is shown and delivered has no trace: it is of no use there, and has the state of the user in it. */
function untraced(decision: Recommendation): Recommendation {
  Object.assign(decision, { trace: undefined })
  return decision
}

/** The text of a header, or null where the record has none of this name. */
export function headerText(
  headers: readonly { readonly key: string; readonly value: Buffer | null }[],
  name: string,
): string | null {
  for (const header of headers) if (header.key === name) return header.value?.toString() ?? null
  return null
}

/** When the broker stored the event that led to the decision of a record; null if no single event did. */
export function triggeredAtMs(headers: Parameters<typeof headerText>[0]): number | null {
  const text = headerText(headers, TRIGGERED_HEADER)
  return text === null ? null : Number(text)
}
