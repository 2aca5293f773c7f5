/** The schema of decision ids in a request. */

const DECISION_ID = { type: 'string', pattern: '^[0-9a-f]{32}$' } as const

/** A list of at least one id and at most `most`. */
export function decisionIds(most: number) {
  return { type: 'array', minItems: 1, maxItems: most, items: DECISION_ID } as const
}
