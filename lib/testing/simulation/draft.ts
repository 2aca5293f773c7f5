/** A plan under construction, and how variants change it. */
import type { Random } from '../../record/random.js'
import { drawFaults, type FaultKind } from './faults.js'
import type { SimPlan, Span, StepPlan } from './plan.js'

export type Draft = { -readonly [Name in keyof SimPlan]: SimPlan[Name] }

export interface Variant {
  readonly what: string
  /** Share of the usual seeds that have it; 0: by name only. */
  readonly share: number
  readonly draw: (draft: Draft, random: Random) => void
}

/** Steps and faults fall into this part of the run. */
export const FROM = 0.1
export const TO = 0.8

export function withFaults(what: string, share: number, kinds: readonly FaultKind[], count: number): Variant {
  return {
    what,
    share,
    draw: (draft, random) => {
      const more = drawFaults(random, kinds, 1 + random.int(count), draft.durationMs * FROM, draft.durationMs * TO)
      draft.faults = [...draft.faults, ...more]
    },
  }
}

export function slow(draft: Draft, more: SimPlan['slow']): void {
  draft.slow = {
    ...draft.slow,
    ...more,
    ...(more.lanes && { lanes: { ...draft.slow.lanes, ...more.lanes } }),
    ...(more.apis && { apis: { ...draft.slow.apis, ...more.apis } }),
  }
}

export function addSteps(draft: Draft, steps: readonly StepPlan[]): void {
  draft.steps = [...draft.steps, ...steps]
}

export function at({ durationMs }: Draft, ms: number): number {
  return Math.round(FROM * durationMs + ms)
}

export function anyTime(draft: Draft, random: Random): number {
  return at(draft, random.next() * (TO - FROM) * draft.durationMs)
}

export function anyMember({ members }: Draft, random: Random): string {
  return members[random.int(members.length)]!.name
}

/** At most `mostMs`, beginning anywhere below its end. */
export function span(random: Random, leastMs: number, mostMs: number): Span {
  const toMs = leastMs + random.int(mostMs - leastMs)
  return [Math.round(toMs * random.next()), toMs]
}

/** Somebody comes, and goes soon after: often before the group has settled. */
export function cameAndWent(draft: Draft, random: Random, times: number): StepPlan[] {
  const steps: StepPlan[] = []
  for (let i = 0; i < times; i++) {
    const name = `guest${i}`
    const atMs = anyTime(draft, random)
    steps.push({ atMs, kind: 'join', name }, { atMs: atMs + 200 + random.int(3_000), kind: 'leave', name })
  }
  return steps
}

/** Each member in turn is started again, so many rounds. */
export function rolled(draft: Draft, random: Random, rounds: number, version?: number): StepPlan[] {
  const between = (draft.durationMs * (TO - FROM)) / (rounds * draft.members.length)
  const leaveGroup = random.next() < 0.5
  return Array.from({ length: rounds * draft.members.length }, (_, i) => ({
    atMs: at(draft, i * between),
    kind: 'restart' as const,
    name: draft.members[i % draft.members.length]!.name,
    downMs: 50 + random.int(1_500),
    leaveGroup,
    ...(version !== undefined && { version }),
  }))
}
