/** The id of a decision: a hash of its rule and its subject, so that every run on one input makes the same ids. */
import { createHash } from 'node:crypto'

/** The rules that decide. A withdrawal is a decision of its own, about the same subject as the alert it takes back. */
export type Rule = 'carousel' | 'cart-abandonment' | 'spending-alert' | 'spending-alert-withdrawn'

/** The header of a record in `recommendations` that carries the id. */
export const DECISION_ID_HEADER = 'decision-id'

/**
 * 128 bits of SHA-256 over rule and subject as 32 hex digits. The subject is the triggering event's id (carousel), the id
 * of the event that opened the cart (abandonment), or `spendingSubject` (alert and withdrawal); never anything that a
 * decision says, because that may differ between runs.
 */
export function decisionId(rule: Rule, subject: string): string {
  return createHash('sha256').update(`${rule}\n${subject}`).digest('hex').slice(0, 32)
}

/** Subject of a spending alert: `day` as `spendingDay` writes it, then the customer. */
export function spendingSubject(customerId: string, day: string): string {
  return `${day}/${customerId}`
}
