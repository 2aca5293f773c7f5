/** Shrinks a failing plan, one thing at a time, while it violates the same invariant. */
import type { SimPlan } from './plan.js'

/** The result of {@link shrinkPlan}. */
export interface Shrunk {
  /** The smallest plan found that still fails. */
  readonly plan: SimPlan
  /** Plans that were played. */
  readonly tried: number
}

/** Fewer records than this show nothing any more. */
const LEAST_RECORDS = 20

/** Makes a failing plan smaller, as long as `fails(plan)` is true. Tries at most `budget` plans. */
export async function shrinkPlan(
  first: SimPlan,
  fails: (plan: SimPlan) => Promise<boolean>,
  budget: number,
): Promise<Shrunk> {
  // What a plan has at least says nothing about what it breaks.
  let plan: SimPlan = { ...first, least: { records: 0, commits: 0, faults: 0 } }
  let tried = 0
  for (let smaller = true; smaller && tried < budget; ) {
    smaller = false
    for (const candidate of candidates(plan)) {
      if (tried >= budget) break
      tried++
      if (!(await fails(candidate))) continue
      plan = candidate
      smaller = true
      // The others were made from the larger plan.
      break
    }
  }
  return { plan, tried }
}

/** Every plan that is smaller by one thing, the ones that lose most first. */
export function candidates(plan: SimPlan): SimPlan[] {
  const { faults, steps, members, slow, userCode, input } = plan
  const some: SimPlan[] = []
  if (faults.length > 1) some.push(...halves(faults).map((half) => ({ ...plan, faults: half })))
  if (steps.length > 2) some.push(...halves(steps).map((half) => ({ ...plan, steps: half })))
  if (input.records >= 2 * LEAST_RECORDS) {
    const records = Math.floor(input.records / 2)
    const durationMs = Math.floor(plan.durationMs / 2)
    some.push({ ...plan, durationMs, input: { records, rounds: Math.ceil(input.rounds / 2) } })
    some.push({ ...plan, input: { ...input, records } })
  }
  for (const fault of faults) some.push({ ...plan, faults: faults.filter((other) => other !== fault) })
  for (const name of new Set(steps.map((step) => step.name))) {
    some.push({ ...plan, steps: steps.filter((step) => step.name !== name) })
  }
  for (const step of steps.filter(({ kind }) => kind === 'restart' || kind === 'startTwice')) {
    some.push({ ...plan, steps: steps.filter((other) => other !== step) })
  }
  for (const { name } of members.slice(1)) {
    const rest = members.filter((member) => member.name !== name)
    some.push({ ...plan, members: rest, steps: steps.filter((step) => step.name !== name) })
  }
  for (const name of Object.keys(slow) as (keyof typeof slow)[]) {
    const { [name]: _gone, ...rest } = slow
    some.push({ ...plan, slow: rest })
  }
  if (userCode.throwEvery > 0) some.push({ ...plan, userCode: { ...userCode, throwEvery: 0, throws: 0 } })
  if (userCode.slowEvery > 0) some.push({ ...plan, userCode: { ...userCode, slowEvery: 0, slowMs: 0 } })
  if (plan.markerDelayMs > 0) some.push({ ...plan, markerDelayMs: 0 })
  if (plan.cached) some.push({ ...plan, cached: false })
  return some
}

function halves<T>(list: readonly T[]): (readonly T[])[] {
  const middle = Math.ceil(list.length / 2)
  return [list.slice(0, middle), list.slice(middle)]
}

/** The text of a test that runs the plan and expects no violation. */
export function asTest(plan: SimPlan, violation: { readonly invariant: string; readonly what: string }): string {
  const name = `seed ${plan.seed} of ${plan.variant}, made smaller: ${violation.invariant} ${violation.what.split('\n')[0]}`
  return [
    "import t from 'tap'",
    "import { runPlan, type SimPlan } from 'millrace/testing'",
    '',
    `const PLAN: SimPlan = ${JSON.stringify(plan, null, 2)}`,
    '',
    `t.test(${JSON.stringify(name)}, async (t) => {`,
    '  t.same((await runPlan(PLAN)).violations, [])',
    '})',
    '',
  ].join('\n')
}
