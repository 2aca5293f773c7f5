/** One thread of `npm run sim`: runs the seeds and mutants it is given, one after another. */
import { parentPort } from 'node:worker_threads'
import { catchMutant, MUTANTS } from '../testing/sim-mutants.js'
import { runSeed, type SeedResult, type Violation } from '../testing/sim-seed.js'

export type SimTask =
  | { readonly kind: 'seed'; readonly seed: number; readonly variant: string; readonly twice: boolean }
  | { readonly kind: 'mutant'; readonly index: number; readonly from: number; readonly seeds: number }

export type SimAnswer =
  | (SeedResult & { readonly kind: 'seed'; readonly twice: boolean })
  | {
      readonly kind: 'mutant'
      readonly index: number
      readonly seed: number
      /** Seeds tried; null: none of them saw it. */
      readonly caughtAfter: number | null
      readonly violation: Violation | null
    }

async function answer(task: SimTask): Promise<SimAnswer> {
  if (task.kind === 'mutant') {
    const { index, from, seeds } = task
    const caught = await catchMutant(MUTANTS[index]!, from, seeds)
    if (caught === null) return { kind: 'mutant', index, seed: -1, caughtAfter: null, violation: null }
    const { plan, violations } = caught
    const { seed } = plan
    return { kind: 'mutant', index, seed, caughtAfter: seed - from + 1, violation: violations[0]! }
  }
  const result = await runSeed(task.seed, { variant: task.variant })
  const violations = [...result.violations]
  if (task.twice) {
    const { traceHash } = await runSeed(task.seed, { variant: task.variant })
    if (traceHash !== result.traceHash) {
      violations.push({ invariant: 'determinism', what: `traces differ: ${result.traceHash} and ${traceHash}` })
    }
  }
  return { kind: 'seed', ...result, violations, twice: task.twice }
}

parentPort?.on('message', (task: SimTask) => {
  answer(task).then(
    (message) => parentPort?.postMessage(message),
    (error: unknown) => {
      throw error
    },
  )
})
