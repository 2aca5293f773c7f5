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
export function isHeldOut(userId: string, options: HoldOutOptions): boolean {
  return options.share > 0 && placeOf(userId, options) < options.share
}

/** The place of a user from 0 to 1: those before the share are held out. */
function placeOf(userId: string, { salt }: HoldOutOptions): number {
  const hash = createHash('sha256').update(`${salt}\n${userId}`).digest()
  return hash.readUIntBE(0, 6) / 2 ** 48
}

export const holdOut: AroundRule = {
  name: 'hold-out',
  judge(judgement) {
    const { decision, config } = judgement
    const { share } = config.holdOut
    if (share <= 0) return null
    const place = placeOf(decision.userId, config.holdOut)
    judgement.figures = { share, place: Math.round(place * 10_000) / 10_000 }
    return place < share ? { kind: 'suppress', reason: 'hold-out' } : null
  },
}
