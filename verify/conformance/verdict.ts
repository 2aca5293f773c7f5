/** The result of one recorded case, including the rules in which Millrace differs on purpose. */
import type { ConformanceCase } from '../cases/case.js'
import type { SoundRule } from '../reference/node.js'
import { rulesBroken } from './judge.js'
import { type CaseResult, isDescribed, runCase } from './run.js'

export type Verdict =
  | Exclude<CaseResult, { readonly kind: 'passed' }>
  /** `rules`: those of section 4 of FORMAT.md without which Millrace would do as Kafka Streams; mostly none. */
  | { readonly kind: 'passed'; readonly rules: readonly SoundRule[] }

export function verdict(testCase: ConformanceCase): Verdict {
  const result = runCase(testCase)
  if (result.kind === 'passed') return { kind: 'passed', rules: [] }
  const rules = result.kind === 'failed' ? soundRules(testCase) : null
  return rules === null ? result : { kind: 'passed', rules }
}

/**
 * Cases are records of what Kafka Streams does. Where Millrace does the sound thing on purpose (section 4 of FORMAT.md)
 * a case is judged as a random one is: the naive reference must explain both sides, the case without those rules and
 * Millrace with them. Null: it does not, or cannot read the case; one bad case must not end the run of all.
 */
function soundRules(testCase: ConformanceCase): readonly SoundRule[] | null {
  if (isDescribed(testCase) || testCase.vectors !== undefined) return null
  try {
    return rulesBroken(testCase)
  } catch {
    return null
  }
}
