/** The id of a decision: a hash of its rule and its subject, so that every run on one input makes the same ids. */
import { hash } from 'node:crypto'

/** The header of a record in `recommendations` that carries the id. */
export const DECISION_ID_HEADER = 'decision-id'

/**
 * 128 bits of SHA-256 over rule and subject as 32 hex digits. The rule is the name of the decision, with its kind if it has one: a
 * withdrawal is a decision of its own, about the same subject as the alert it takes back. The subject is an event's id, or what is
 * decided about, with the user; never anything that a decision says, because that may differ between runs.
 */
export function decisionId(rule: string, subject: string): string {
  return hash('sha256', `${rule}\n${subject}`).slice(0, 32)
}

/** 48 bits of the same: by them a user's entry knows which subjects have been decided. */
export function decisionHash(rule: string, subject: string): number {
  return Number.parseInt(hash('sha256', `${rule}\n${subject}`).slice(0, 12), 16)
}
