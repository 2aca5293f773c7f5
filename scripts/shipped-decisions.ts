/** The table of decisions in docs/personalization/decisions.md, from the decisions themselves. */
import { durationText } from '../lib/personalization/config/duration.js'
import { SHIPPED_DECISIONS } from '../lib/personalization/decisions/index.js'
import { DecisionTable } from '../lib/personalization/frame/decision-table.js'
import { type Decision, defineDecision } from '../lib/personalization/frame/define-decision.js'

const HEAD = '| decision | rules of its ids | reads | order | within | tier | channel | valid for | settings |'
/** A decision that reads as many types reads all of them. */
const ALL_TYPES = defineDecision({
  name: 'all',
  title: 'All',
  within: '1s',
  channel: 'none',
  validFor: '1s',
  reads: 'all',
  onEvent: () => undefined,
}).reads.length

/** A row for each decision, in Markdown. */
export function decisionTable(decisions: readonly Decision[] = SHIPPED_DECISIONS): string {
  const rows = new DecisionTable(decisions).all.map(({ decision, rules, tier, channel, withinMs, validForMs }) => {
    const { name, reads, order, settings } = decision
    const cells = [
      code(name),
      rules.map(({ rule }) => code(rule)).join(', '),
      reads.length === ALL_TYPES ? 'everything' : reads.join(', '),
      order === 'arrival' ? 'arrival' : 'event time',
      durationText(withinMs),
      tier,
      channel,
      durationText(validForMs),
      Object.entries(settings)
        .map(([key, value]) => code(`${key}: ${JSON.stringify(value).replaceAll('|', '\\|')}`))
        .join(', '),
    ]
    return `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`
  })
  return `${HEAD}\n${HEAD.replaceAll(/[a-z ]+/g, ' --- ')}\n${rows.join('\n')}\n`
}

function code(text: string): string {
  return `\`${text}\``
}
