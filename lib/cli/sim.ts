/**
 * `npm run sim -- --seeds N [--from S] [--mutants] [--trace]`: N seeds of the deterministic fault simulation, or the six
 * mutants. A failing seed prints what broke and the command that replays it.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { MillraceError } from '../errors.js'
import { FAULT_KINDS, type FaultKind } from '../testing/sim-faults.js'
import { MUTANT_SEEDS, MUTANTS } from '../testing/sim-mutants.js'
import type { SimPlan } from '../testing/sim-plan.js'
import { runSeed } from '../testing/sim-seed.js'
import { unknownVariants, VARIANTS } from '../testing/sim-variants.js'
import { runCommand } from './command.js'
import type { SimAnswer, SimTask } from './sim-worker.js'

/** Every so many seeds one is run twice: the same seed must do exactly the same. */
const TWICE_EVERY = 50
const MAX_WORKERS = 8
const REPLAY = 'npm run sim -- --seeds 1 --from'

interface Counts {
  passed: number
  failed: number
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      mutants: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      variant: { type: 'string', default: 'mix' },
    },
  })
  const seeds = whole('--seeds', values.seeds)
  const from = whole('--from', values.from)
  const unknown = unknownVariants(values.variant)
  if (unknown.length > 0) {
    const known = ['mix', 'base', ...Object.keys(VARIANTS)].join(', ')
    throw new MillraceError('CONFIG_INVALID', `--variant ${unknown.join(',')} is not known: use ${known}`)
  }
  if (values.trace && !values.mutants) await printTrace(from, values.variant)
  const counts = values.mutants ? await runMutants(from) : await runSeeds(from, seeds, values.variant)
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, 0 skipped\n`)
  return counts.failed === 0 ? 0 : 1
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new MillraceError('CONFIG_INVALID', `${name} ${text} is no whole number from 1 on: give one`)
}

async function runSeeds(from: number, seeds: number, variant: string): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0 }
  const used = new Map<FaultKind, number>()
  const sums = { records: 0, commits: 0, virtualMs: 0, twice: 0 }
  const tasks = Array.from({ length: seeds }, (_, i): SimTask => {
    const twice = (from + i) % TWICE_EVERY === 0 || (seeds < TWICE_EVERY && i === 0)
    return { kind: 'seed', seed: from + i, variant, twice }
  })
  await spread(tasks, (answer) => {
    if (answer.kind !== 'seed') return
    if (answer.violations.length === 0) counts.passed++
    else counts.failed++
    for (const [kind, count] of answer.faults) used.set(kind, (used.get(kind) ?? 0) + count)
    sums.records += answer.records
    sums.commits += answer.commits
    sums.virtualMs += answer.virtualMs
    if (answer.twice) sums.twice++
    if (answer.violations.length > 0) printViolations(`seed ${answer.plan.seed}`, answer.violations, answer.plan)
  })
  const faults = FAULT_KINDS.map((kind) => `${kind} ${used.get(kind) ?? 0}`).join(', ')
  process.stdout.write(`faults used: ${faults}\n`)
  process.stdout.write(
    `${sums.records} records, ${sums.commits} commits, ${Math.round(sums.virtualMs / 60_000)} virtual minutes; ` +
      `${sums.twice} seeds run twice with equal traces\n`,
  )
  return counts
}

async function runMutants(from: number): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0 }
  const tasks = MUTANTS.map((_, index): SimTask => ({ kind: 'mutant', index, from, seeds: MUTANT_SEEDS }))
  await spread(tasks, (answer) => {
    if (answer.kind !== 'mutant') return
    const { name } = MUTANTS[answer.index]!
    if (answer.caughtAfter === null) {
      counts.failed++
      process.stdout.write(`mutant "${name}" was not caught within ${MUTANT_SEEDS} seeds\n`)
      return
    }
    counts.passed++
    const { invariant, what } = answer.violation!
    process.stdout.write(
      `mutant "${name}" caught by seed ${answer.seed} (${answer.caughtAfter} tried): ${invariant} ${what}\n`,
    )
  })
  return counts
}

/** Hands the tasks to one worker per core, each the next when it is done with one. */
async function spread(tasks: readonly SimTask[], heard: (answer: SimAnswer) => void): Promise<void> {
  let next = 0
  const workers = Math.min(cpus().length, MAX_WORKERS, tasks.length)
  const serve = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./sim-worker.js', import.meta.url))
      const give = () => {
        const task = tasks[next++]
        if (task !== undefined) worker.postMessage(task)
        else worker.terminate().then(() => resolve(), reject)
      }
      worker.on('message', (answer: SimAnswer) => {
        heard(answer)
        give()
      })
      worker.on('error', reject)
      give()
    })
  await Promise.all(Array.from({ length: workers }, serve))
}

function printViolations(
  what: string,
  violations: readonly { readonly invariant: string; readonly what: string }[],
  { seed, variant }: SimPlan,
): void {
  process.stdout.write(`failed: ${what}\n`)
  for (const violation of violations) process.stdout.write(`  ${violation.invariant}: ${violation.what}\n`)
  process.stdout.write(`  replay: ${REPLAY} ${seed}${variant === 'mix' ? '' : ` --variant ${variant}`} [--trace]\n`)
}

/** What happened in one seed, line by line: virtual milliseconds, who, what. */
async function printTrace(seed: number, variant: string): Promise<void> {
  const { trace } = await runSeed(seed, { trace: true, variant })
  for (const line of trace) process.stdout.write(`${line}\n`)
}

await runCommand(main)
