/** Makes the record of a decision from what the decision says and whom it is about. */

import { decisionId } from '../../records/decision-id.js'
import type { DecisionTrace } from '../../records/decision-trace.js'
import { type Recommendation, recommendation } from '../../records/recommendation.js'
import type { ConfiguredDecision } from '../decision-table.js'
import type { DecidedFields } from '../turn.js'
import { armIn } from './arm.js'
import { CHUNK, type UserEntry } from './user-entry.js'

/** What a decision says, with its rule and why it was made. */
interface Said extends DecidedFields {
  readonly rule: string
  readonly trace: DecisionTrace
}

/** `at`: its event time, epoch milliseconds. */
export function decisionRecord(
  { decision, channel, validForMs }: ConfiguredDecision,
  fields: Said,
  userId: string,
  entry: UserEntry,
  at: number,
): Recommendation {
  const { rule, trace } = fields
  const subject = decision.subject === 'user' ? `${fields.subject}/${userId}` : fields.subject
  return recommendation({
    decisionId: decisionId(rule, subject),
    rule,
    userId,
    subject,
    at,
    validUntil: at + validForMs,
    sessionId: fields.sessionId ?? null,
    arm: armIn(entry, userId, at),
    algorithm: fields.algorithm ?? 'none',
    reason: fields.reason ?? null,
    becauseOf: fields.becauseOf ?? null,
    items: fields.items ?? [],
    amountMicros: fields.amountMicros ?? null,
    profileKnown: entry.has(CHUNK.profile),
    channel,
    title: fields.title ?? null,
    trace,
  })
}
