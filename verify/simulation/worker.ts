/** One thread of `npm run sim`: runs the given plans one after another. */
import { parentPort } from 'node:worker_threads'
import type { SimPlan } from '../../lib/testing/simulation/plan.js'
import { type RunOptions, runPlan } from '../../lib/testing/simulation/seed.js'
import type { SeedResult, Violation } from '../../lib/testing/simulation/seed-result.js'
import { shrinkPlan } from '../../lib/testing/simulation/shrink.js'
import { drawnApplication } from './drawn.js'

export type SimTask =
  /** `twice`: it must do exactly the same again. */
  | {
      readonly kind: 'play'
      readonly plan: SimPlan
      readonly twice: boolean
      readonly trace: boolean
      readonly stopAtFirst: boolean
    }
  /** Makes it smaller; it is known to break `invariant`. */
  | { readonly kind: 'shrink'; readonly plan: SimPlan; readonly invariant: string; readonly budget: number }

export type SimAnswer =
  | (SeedResult & { readonly kind: 'play'; readonly twice: boolean })
  | { readonly kind: 'shrink'; readonly plan: SimPlan; readonly tried: number; readonly violation: Violation | null }

const play = (plan: SimPlan, options: RunOptions = {}) => runPlan(plan, { ...options, application: drawnApplication })

async function answer(task: SimTask): Promise<SimAnswer> {
  if (task.kind === 'shrink') return shrink(task.plan, task.invariant, task.budget)
  const result = await play(task.plan, task)
  const violations = [...result.violations]
  if (task.twice) {
    const { traceHash } = await play(task.plan)
    if (traceHash !== result.traceHash) {
      violations.push({ invariant: 'determinism', what: `traces differ: ${result.traceHash} and ${traceHash}` })
    }
  }
  return { kind: 'play', ...result, violations, twice: task.twice }
}

async function shrink(first: SimPlan, invariant: string, budget: number): Promise<SimAnswer> {
  let violation: Violation | null = null
  const fails = async (plan: SimPlan) => {
    const { violations } = await play(plan)
    const found = violations.find((each) => each.invariant === invariant)
    violation = found ?? violation
    return found !== undefined
  }
  const { plan, tried } = await shrinkPlan(first, fails, budget)
  return { kind: 'shrink', plan, tried, violation }
}

parentPort?.on('message', (task: SimTask) => {
  answer(task).then(
    (message) => parentPort?.postMessage(message),
    (error: unknown) => {
      throw error
    },
  )
})
