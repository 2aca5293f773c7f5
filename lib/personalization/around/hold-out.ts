/** Global hold-out: a share of the users gets nothing, so that the effect of everything together can be measured. */
import { createHash } from 'node:crypto'
import type { AroundRule } from './rule.js'

/** Who is in the hold-out. */
export interface HoldOutOptions {
  /** From 0 to 1. */
  readonly share: number
  /** Changing it deals the users again. */
  readonly salt: string
}

/** Sticky: the same user is in or out forever, on every instance. A larger share keeps those who were in a smaller one. */
export function isHeldOut(userId: string, { share, salt }: HoldOutOptions): boolean {
  if (share <= 0) return false
  const hash = createHash('sha256').update(`${salt}\n${userId}`).digest()
  return hash.readUIntBE(0, 6) / 2 ** 48 < share
}

export const holdOut: AroundRule = {
  name: 'hold-out',
  judge({ decision, config }) {
    return isHeldOut(decision.userId, config.holdOut) ? { kind: 'suppress', reason: 'hold-out' } : null
  },
}
