/** Warns of tiers that are new for an application that has data: another tier may have made their decisions before. */
import { type Log, silentLog } from '../../index.js'
import type { GroupProgress } from './group-progress.js'
import type { Tier } from './slow-tiers.js'
import { isBounded } from './tier-times.js'

/** Not of tiers of hours or days: they may not have had their first boundary yet. `topic`: `user-activity`. */
export async function warnOfNewTiers(
  progress: GroupProgress,
  topic: string,
  tiers: readonly Tier[],
  { applicationId, log = silentLog }: { readonly applicationId: string; readonly log?: Log },
): Promise<void> {
  const hasBegun = async (group: string) => (await progress.positionsOf(group, topic)).some((offset) => offset > 0)
  const running = tiers.filter((tier) => !isBounded(tier))
  if (running.length === 0 || !(await hasBegun(applicationId))) return
  for (const { name: tier } of running) {
    if (await hasBegun(`${applicationId}-${tier}`)) continue
    log.warn(
      { tier },
      'a tier is new and begins with the whole log: decisions that another tier has made can come again',
    )
  }
}
