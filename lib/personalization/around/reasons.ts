/** Why a decision is not delivered, and what else is worth a count: the one table of each. Summary, metrics, page and docs have a row for every row. */

/** The word in `suppressed` of a record → what it means. */
export const SUPPRESSION_REASONS = {
  'hold-out': 'The user is in the global hold-out, which gets nothing.',
  'no-consent': 'The user does not agree to the purpose of the channel.',
  expired: 'The decision was no longer valid.',
  'already-bought': 'The user has already bought each item of the list.',
  'quiet-hours-expired': 'The decision would not be valid at the end of the quiet hours.',
  'already-told': 'Before the user was known, another decision has told the visitor the same, or the other way round.',
  cap: 'The user has got as much on this channel as a frequency cap allows.',
} as const

/** A key of {@link SUPPRESSION_REASONS}. */
export type SuppressionReason = keyof typeof SUPPRESSION_REASONS

/** What a rule did not know and went on without → what it did. */
export const AROUND_NOTES = {
  'unknown-consent': 'No consent of the user for the purpose of the channel is known: the configured default applied.',
  'unknown-zone': 'The time zone of the user does not exist: the quiet hours of the configured zone applied.',
} as const

/** A key of {@link AROUND_NOTES}. */
export type AroundNote = keyof typeof AROUND_NOTES
