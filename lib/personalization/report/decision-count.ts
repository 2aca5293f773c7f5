/** Counts decisions by rule, and by what became of them. */
import { createHash } from 'node:crypto'
import type { DecisionTable } from '../frame/decision-table.js'
import type { Recommendation } from '../records/recommendation.js'

/** What became of the decisions of one rule. */
export interface RuleCount {
  /** The decision, as in the configuration. */
  readonly decision: string
  /** The name of the decision, with its kind if it has one. */
  readonly rule: string
  /** For people. */
  readonly title: string
  /** The tier that it runs in. */
  readonly tier: string
  /** How it reaches the user. */
  readonly channel: string
  /** Delivered and suppressed. */
  readonly decided: number
  /** Decisions delivered. */
  readonly delivered: number
  /** Suppressed, by reason. */
  readonly suppressed: Readonly<Record<string, number>>
}

/** What the decisions of an application amount to. */
export interface DecisionCounts {
  /** Decisions by rule, suppressed ones included. The names are those of the rules, or of their kinds. */
  readonly recommendations: Readonly<Record<string, number>>
  /** Row by row what became of them. */
  readonly decisions: readonly RuleCount[]
  /** Decisions whose id had occurred before; always 0 with exactly-once. */
  readonly duplicateRecommendations: number
  /** How many different decision ids there are. */
  readonly distinctDecisionIds: number
  /** SHA-256 of the distinct ids, sorted, one per line. */
  readonly decisionIdsSha256: string
  /** Decisions by arm of the experiment. */
  readonly arms: { readonly control: number; readonly treatment: number }
}

interface Tally {
  delivered: number
  readonly suppressed: Record<string, number>
}

export class DecisionCount {
  readonly #table: DecisionTable
  readonly #ids = new Set<string>()
  readonly #tallies = new Map<string, Tally>()
  readonly #arms = { control: 0, treatment: 0 }
  #total = 0

  constructor(table: DecisionTable) {
    this.#table = table
  }

  add(id: string, { rule, arm, suppressed }: Recommendation): void {
    this.#ids.add(id)
    this.#total++
    this.#arms[arm]++
    const tally = this.#tallies.get(rule) ?? { delivered: 0, suppressed: {} }
    this.#tallies.set(rule, tally)
    if (suppressed === null) tally.delivered++
    else tally.suppressed[suppressed] = (tally.suppressed[suppressed] ?? 0) + 1
  }

  result(): DecisionCounts {
    const rows = [...this.#rows()]
    const hash = createHash('sha256').update([...this.#ids].sort().join('\n'))
    return {
      recommendations: Object.fromEntries(rows.map(({ key, row }) => [key, row.decided])),
      decisions: rows.map(({ row }) => row),
      duplicateRecommendations: this.#total - this.#ids.size,
      distinctDecisionIds: this.#ids.size,
      decisionIdsSha256: hash.digest('hex'),
      arms: { ...this.#arms },
    }
  }

  /** Every rule of the table, and those on the topic that the table no longer has. */
  *#rows(): Iterable<{ readonly key: string; readonly row: RuleCount }> {
    const left = new Map(this.#tallies)
    for (const { rule, title, key } of this.#table.rules) {
      const { decision, tier, channel } = this.#table.ofRule(rule)!
      yield { key, row: { decision: decision.name, rule, title, tier, channel, ...counted(left.get(rule)) } }
      left.delete(rule)
    }
    for (const [rule, tally] of left) {
      yield { key: rule, row: { decision: rule, rule, title: rule, tier: '', channel: '', ...counted(tally) } }
    }
  }
}

function counted(
  tally: Tally = { delivered: 0, suppressed: {} },
): Pick<RuleCount, 'decided' | 'delivered' | 'suppressed'> {
  const { delivered, suppressed } = tally
  const held = Object.values(suppressed).reduce((sum, count) => sum + count, 0)
  return { decided: delivered + held, delivered, suppressed }
}
