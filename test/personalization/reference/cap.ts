/** A cap of so many decisions per user in rolling time: who gets through, of decisions in order of their time. */
import type { ReferenceDecision } from './plain.js'

/** Only what was delivered counts; exactly `perMs` later there is room again. */
export function deliveredUnderCap<D extends ReferenceDecision>(
  decisions: readonly D[],
  { most, perMs }: { readonly most: number; readonly perMs: number },
): D[] {
  const delivered: D[] = []
  for (const decision of [...decisions].sort((a, b) => a.at - b.at)) {
    const inWindow = delivered.filter(({ userId, at }) => userId === decision.userId && at > decision.at - perMs)
    if (inWindow.length < most) delivered.push(decision)
  }
  return delivered
}
