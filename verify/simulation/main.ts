/**
 * `npm run sim -- --seeds N [--from S] [--variant NAMES] [--trace]`: N seeds of the deterministic fault simulation.
 * `--plan JSON` runs a shrunk plan, `--mutants` the engines with a mistake. A failing seed is shrunk and printed as a
 * test and as a command that replays it.
 */
import { parseArgs } from 'node:util'
import { runCommand } from '../../lib/cli/command.js'
import { MillraceError } from '../../lib/errors.js'
import { FAULT_KINDS, type FaultKind } from '../../lib/testing/simulation/faults.js'
import type { SimPlan } from '../../lib/testing/simulation/plan.js'
import type { Violation } from '../../lib/testing/simulation/seed-result.js'
import { asTest } from '../../lib/testing/simulation/shrink.js'
import { drawPlan, unknownVariants, VARIANTS } from '../../lib/testing/simulation/variants.js'
import { type Counts, runMutants } from '../mutants/run.js'
import { spread } from './pool.js'
import type { SimAnswer, SimTask } from './worker.js'

/** Every so many seeds one is run twice: the same seed must do exactly the same. */
const TWICE_EVERY = 100
const REPLAY = 'npm run sim -- --seeds 1 --from'
/** Plans that are played to make a failing one smaller, and seeds of one run for which that is done. */
const SHRINK_RUNS = 40
const MOST_SHRUNK = 3
const WORKER = new URL('./worker.js', import.meta.url)

interface Failure {
  readonly plan: SimPlan
  readonly violations: readonly Violation[]
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      variant: { type: 'string', default: 'mix' },
      plan: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      mutant: { type: 'string' },
      units: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      'no-shrink': { type: 'boolean', default: false },
    },
  })
  const unknown = unknownVariants(values.variant)
  if (unknown.length > 0) {
    const known = ['mix', 'base', ...Object.keys(VARIANTS)].join(', ')
    throw new MillraceError('CONFIG_INVALID', `--variant ${unknown.join(',')} is unknown: use ${known}`)
  }
  const from = whole('--from', values.from)
  const named = values.mutant ?? null
  if (values.mutants || named !== null) return close(await runMutants({ named, units: values.units }))
  const plans =
    values.plan === undefined
      ? Array.from({ length: whole('--seeds', values.seeds) }, (_, i) => drawPlan(from + i, values.variant))
      : [planOf(values.plan)]
  return close(await runPlans(plans, values.trace, !values['no-shrink'] && values.plan === undefined))
}

function close({ passed, failed }: Counts): number {
  process.stdout.write(`${passed} passed, ${failed} failed, 0 skipped\n`)
  return failed === 0 ? 0 : 1
}

function help(): string {
  const rows = Object.entries(VARIANTS).map(([name, { what }]) => `  ${name.padEnd(22)}${what}`)
  return `npm run sim -- [--seeds N] [--from S] [--variant NAME,NAME] [--trace] [--no-shrink]
npm run sim -- --plan JSON [--trace]
npm run sim -- --mutants | --mutant NAME [--units]
Runs the engine against the embedded broker under faults that a seed determines. See docs/simulation.md.

  --seeds N       the number of seeds; default 200
  --from S        the first seed; default 1
  --variant LIST  variants from the list below; default mix
  --trace         print every event
  --no-shrink     do not make failing seeds smaller
  --plan JSON     run a plan that a failing seed printed
  --mutants       run all engines with one mistake each; the simulation must detect each
  --mutant NAME   run one of them
  --units         also run the test of each mutant's rule

Variants (mix combines some of them, base has none):
${rows.join('\n')}
`
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new MillraceError('CONFIG_INVALID', `${name} ${text} must be a whole number >= 1`)
}

function planOf(text: string): SimPlan {
  try {
    return JSON.parse(text) as SimPlan
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', '--plan is not JSON: copy the plan that a failing seed printed', {
      cause,
    })
  }
}

async function runPlans(plans: readonly SimPlan[], trace: boolean, shrink: boolean): Promise<Counts> {
  const counts = { passed: 0, failed: 0 }
  const used = new Map<string, number>(FAULT_KINDS.map((kind: FaultKind) => [kind, 0]))
  const steps = new Map<string, number>()
  const sums = { records: 0, commits: 0, virtualMs: 0, twice: 0, rebalanceMs: 0, lagMs: 0 }
  const failures: Failure[] = []
  const tasks = plans.map((plan, i): SimTask => {
    const twice = plan.seed % TWICE_EVERY === 0 || (plans.length < TWICE_EVERY && plans.length > 1 && i === 0)
    return { kind: 'play', plan, twice, trace, stopAtFirst: false }
  })
  await spread(tasks, WORKER, (answer, task) => {
    const failure = failureOf(answer, task)
    if (failure !== null) failures.push(failure)
    if (failure === null) counts.passed++
    else counts.failed++
    if (failure !== null) printFailure(failure)
    if (answer?.kind !== 'play') return
    for (const line of answer.trace) process.stdout.write(`${line}\n`)
    for (const [kind, count] of answer.faults) used.set(kind, (used.get(kind) ?? 0) + count)
    for (const [kind, count] of answer.steps) steps.set(kind, (steps.get(kind) ?? 0) + count)
    sums.records += answer.records
    sums.commits += answer.commits
    sums.virtualMs += answer.virtualMs
    sums.rebalanceMs = Math.max(sums.rebalanceMs, answer.longest.rebalanceMs)
    sums.lagMs = Math.max(sums.lagMs, answer.longest.lagMs)
    if (answer.twice) sums.twice++
  })
  if (shrink) await printSmaller(failures.slice(0, MOST_SHRUNK))
  const listed = (map: ReadonlyMap<string, number>) => [...map].map(([kind, count]) => `${kind} ${count}`).join(', ')
  process.stdout.write(`faults used: ${listed(used)}\n`)
  if (steps.size > 0) process.stdout.write(`steps done: ${listed(steps)}\n`)
  const longest = `longest rebalance ${Math.round(sums.rebalanceMs)} ms, oldest lag ${Math.round(sums.lagMs)} ms without a fault`
  process.stdout.write(
    `${sums.records} records, ${sums.commits} commits, ${Math.round(sums.virtualMs / 60_000)} virtual minutes; ` +
      `${longest}; ${sums.twice} seeds run twice with equal traces\n`,
  )
  return counts
}

function failureOf(answer: SimAnswer | null, { plan }: SimTask): Failure | null {
  const what = 'the thread does not answer: a loop does not let simulated time advance'
  if (answer === null) return { plan, violations: [{ invariant: 'I11', what }] }
  if (answer.kind !== 'play' || answer.violations.length === 0) return null
  return { plan, violations: answer.violations }
}

function printFailure({ plan, violations }: Failure): void {
  const { seed, variant } = plan
  process.stdout.write(`failed: seed ${seed}\n`)
  for (const { invariant, what } of violations) process.stdout.write(`  ${invariant}: ${what}\n`)
  const named = variant === 'mix' ? '' : ` --variant ${variant}`
  process.stdout.write(`  replay: ${REPLAY} ${seed}${named} [--trace]\n`)
}

/** What is left of the first failing seeds when everything is taken from them that they do not need to fail. */
async function printSmaller(failures: readonly Failure[]): Promise<void> {
  const tasks = failures
    .filter(({ violations }) => violations[0]!.invariant !== 'determinism')
    .map(({ plan, violations }): SimTask => {
      return { kind: 'shrink', plan, invariant: violations[0]!.invariant, budget: SHRINK_RUNS }
    })
  await spread(tasks, WORKER, (answer, { plan }) => {
    if (answer?.kind !== 'shrink' || answer.violation === null) return
    const text = JSON.stringify(answer.plan)
    process.stdout.write(`seed ${plan.seed} shrunk (${answer.tried} plans tried), as a test:\n`)
    process.stdout.write(asTest(answer.plan, answer.violation))
    process.stdout.write(`replay: npm run sim -- --plan '${text}'\n`)
  })
}

await runCommand(main, help)
