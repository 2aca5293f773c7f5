/** Validity: a decision that comes after its `validUntil` is not delivered. */
import type { AroundRule } from './rule.js'

export const expired: AroundRule = {
  name: 'expired',
  judge(judgement) {
    const { decision, nowMs } = judgement
    return nowMs > decision.validUntil ? { kind: 'suppress', reason: 'expired' } : null
  },
}
