/** What another configuration would have changed, decision by decision. */
import type { Recommendation } from '../records/recommendation.js'

/** Fields of a decision that are compared. */
const COMPARED = [
  'at',
  'validUntil',
  'channel',
  'arm',
  'suppressed',
  'reason',
  'title',
  'becauseOf',
  'amountMicros',
  'items',
] as const

/** A decision that both configurations make, and what differs. */
export interface ChangedDecision {
  /** 32 hex digits. */
  readonly decisionId: string
  /** The rule that made it. */
  readonly rule: string
  /** Whom it is about. */
  readonly userId: string
  /** Field to its value before and after. */
  readonly fields: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>
}

/** A decision that one configuration makes and the other does not. */
export interface OneSided {
  /** 32 hex digits. */
  readonly decisionId: string
  /** The rule that made it. */
  readonly rule: string
  /** Whom it is about. */
  readonly userId: string
  /** Event time, epoch milliseconds. */
  readonly at: number
  /** Why it is not delivered; null: it is. */
  readonly suppressed: string | null
}

/** How many decisions of one rule are in which part of the difference. */
export interface RuleDifference {
  /** Both configurations make them, and they are equal. */
  unchanged: number
  /** Only the present configuration makes them. */
  onlyBefore: number
  /** Only the changed configuration makes them. */
  onlyAfter: number
  /** Both make them, and a field differs. */
  changed: number
}

/** The difference between two sets of decisions. Lists are in the order of event time. */
export interface Difference {
  /** How many decisions the present configuration makes. */
  readonly before: number
  /** How many decisions the changed configuration makes. */
  readonly after: number
  /** How many are equal in both. */
  readonly unchanged: number
  /** Decisions of the present configuration alone. */
  readonly onlyBefore: readonly OneSided[]
  /** Decisions of the changed configuration alone. */
  readonly onlyAfter: readonly OneSided[]
  /** Decisions of both of which a field differs. */
  readonly changed: readonly ChangedDecision[]
  /** How often each field has changed. */
  readonly changedFields: Readonly<Record<string, number>>
  /** Rule to its part of the difference. */
  readonly byRule: Readonly<Record<string, RuleDifference>>
}

type Decisions = ReadonlyMap<string, Recommendation>

export function differenceOf(before: Decisions, after: Decisions): Difference {
  const byRule: Record<string, RuleDifference> = {}
  const count = (rule: string, part: keyof RuleDifference) => {
    byRule[rule] ??= { unchanged: 0, onlyBefore: 0, onlyAfter: 0, changed: 0 }
    byRule[rule][part]++
  }
  const [onlyBefore, onlyAfter, changed] = [[] as OneSided[], [] as OneSided[], [] as ChangedDecision[]]
  const changedFields: Record<string, number> = {}
  let unchanged = 0
  for (const decision of inTime(before)) {
    const { decisionId, rule, userId } = decision
    const other = after.get(decisionId)
    const fields = other === undefined ? {} : changedBetween(decision, other)
    const names = Object.keys(fields)
    count(rule, other === undefined ? 'onlyBefore' : names.length > 0 ? 'changed' : 'unchanged')
    for (const name of names) changedFields[name] = (changedFields[name] ?? 0) + 1
    if (other === undefined) onlyBefore.push(oneSided(decision))
    else if (names.length > 0) changed.push({ decisionId, rule, userId, fields })
    else unchanged++
  }
  for (const decision of inTime(after)) {
    if (before.has(decision.decisionId)) continue
    count(decision.rule, 'onlyAfter')
    onlyAfter.push(oneSided(decision))
  }
  return { before: before.size, after: after.size, unchanged, onlyBefore, onlyAfter, changed, changedFields, byRule }
}

function inTime(decisions: Decisions): Recommendation[] {
  return [...decisions.values()].sort((a, b) => a.at - b.at || (a.decisionId < b.decisionId ? -1 : 1))
}

function oneSided({ decisionId, rule, userId, at, suppressed }: Recommendation): OneSided {
  return { decisionId, rule, userId, at, suppressed }
}

function changedBetween(before: Recommendation, after: Recommendation): ChangedDecision['fields'] {
  const names = COMPARED.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  return Object.fromEntries(names.map((name) => [name, { before: before[name], after: after[name] }]))
}
