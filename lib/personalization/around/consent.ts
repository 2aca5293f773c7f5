/** Consent: a channel is used for a purpose, and only if the user agrees to that purpose when the decision is made. */
import type { Channel } from '../records/recommendation.js'
import type { AroundRule } from './rule.js'

/** What the channels are used for. */
export interface ConsentOptions {
  /** The purpose of each channel; null: none, so that no consent is needed. */
  readonly purposes: Readonly<Record<Channel, string | null>>
  /** What applies to a user of whom no consent for the purpose is known. */
  readonly default: 'granted' | 'denied'
}

/** The latest word of a user about one purpose. */
export interface Consent {
  /** The purpose. */
  readonly purpose: string
  /** Whether the user agrees. */
  readonly granted: boolean
  /** Event time, epoch milliseconds. */
  readonly at: number
}

/** A user has at most this many purposes besides those of the configuration. */
const MAX_OTHER_PURPOSES = 32

export const consent: AroundRule = {
  name: 'consent',
  judge(judgement) {
    const { decision, state, config, notes } = judgement
    const purpose = config.consent.purposes[decision.channel]
    if (purpose === null) return null
    const known = state.consents.find((held) => held.purpose === purpose)
    if (known === undefined) notes.push('unknown-consent')
    const granted = known?.granted ?? config.consent.default === 'granted'
    judgement.figures = { purpose, granted, since: known?.at ?? null }
    return granted ? null : { kind: 'suppress', reason: 'no-consent' }
  },
}

/**
 * The latest consent of each purpose, in any order of arrival. Of two at one time the denial counts. Of the purposes that the
 * configuration does not name the latest 32 are kept.
 */
export function latestConsents(
  held: readonly Consent[],
  arrived: readonly Consent[],
  { purposes }: ConsentOptions,
): readonly Consent[] {
  const latest = new Map(held.map((consent) => [consent.purpose, consent]))
  let changed = false
  for (const consent of arrived) {
    const before = latest.get(consent.purpose)
    if (before !== undefined && !isLater(consent, before)) continue
    latest.set(consent.purpose, consent)
    changed = true
  }
  if (!changed) return held
  const named = new Set(Object.values(purposes))
  const others = [...latest.values()].filter(({ purpose }) => !named.has(purpose)).sort(latestFirst)
  for (const { purpose } of others.slice(MAX_OTHER_PURPOSES)) latest.delete(purpose)
  return [...latest.values()].sort(byPurpose)
}

/**
 * The consents of a known user and of the anonymous visitor who is the same person. The user's own words count; a visitor's fill the gaps,
 * and a denial that is later than the user's agreement counts, so that no denial is lost.
 */
export function mergedConsents(
  known: readonly Consent[],
  anonymous: readonly Consent[],
  options: ConsentOptions,
): readonly Consent[] {
  const counts = (consent: Consent) => !consent.granted || known.every(({ purpose }) => purpose !== consent.purpose)
  return latestConsents(known, anonymous.filter(counts), options)
}

function isLater(consent: Consent, other: Consent): boolean {
  return consent.at > other.at || (consent.at === other.at && other.granted && !consent.granted)
}

function latestFirst(a: Consent, b: Consent): number {
  return b.at - a.at || byPurpose(a, b)
}

function byPurpose(a: Consent, b: Consent): number {
  return a.purpose < b.purpose ? -1 : 1
}
