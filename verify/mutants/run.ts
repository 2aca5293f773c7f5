/** Makes engines with one mistake each, runs seeds on them, and reports which seed detected which mistake. */
import { MillraceError } from '../../lib/errors.js'
import { type HuntResult, hunt, type Sighting } from '../simulation/hunt.js'
import { MutantEngines, type Mutated, mutated, rootFolder } from './engine.js'
import { MUTANTS, type Mutant } from './index.js'

export interface Counts {
  readonly passed: number
  readonly failed: number
}

/** A mutant must be caught within so many seeds of its variant. */
const SEEDS = 50

export interface MutantOptions {
  /** Null: all. */
  readonly named: string | null
  /** The tests of the rules have to fail too. */
  readonly units: boolean
}

export async function runMutants({ named, units }: MutantOptions): Promise<Counts> {
  const chosen = MUTANTS.filter(({ name }) => named === null || name === named)
  if (chosen.length === 0) {
    const known = MUTANTS.map(({ name }) => name).join('", "')
    throw new MillraceError('CONFIG_INVALID', `--mutant ${named} is unknown: use one of "${known}"`)
  }
  const root = rootFolder()
  // Before anything is played: a mutant whose text is gone has to be written again, and nobody should wait to hear of it.
  const sources = chosen.map((mutant) => mutated(root, mutant))
  const engines = new MutantEngines(root, units)
  let passed = 0
  const hunted = chosen.map((mutant, i) => ({
    variant: mutant.variant,
    open: () => engines.make(sources[i]!),
    over: async (result: HuntResult) => {
      const unit = units ? await unitOf(engines, mutant, sources[i]!) : { fine: true, text: namedUnit(mutant) }
      if (result.caught !== null && unit.fine) passed++
      process.stdout.write(`mutant "${mutant.name}" (${mutant.guards}) ${said(mutant, result)}${unit.text}\n`)
    },
  }))
  try {
    await hunt(hunted, engines.base, SEEDS)
  } finally {
    engines.remove()
  }
  return { passed, failed: chosen.length - passed }
}

function said({ variant }: Mutant, { caught, spoilt }: HuntResult): string {
  const without = spoilt.map((each) => `; seed ${each.seed} fails without the mistake too: ${firstLine(each)}`).join('')
  if (caught === null) return `was NOT caught within ${SEEDS} seeds of ${variant}${without}`
  return `caught by seed ${caught.seed} of ${variant}: ${firstLine(caught)}${without}`
}

function firstLine({ violation: { invariant, what } }: Sighting): string {
  return `${invariant}: ${what.split('\n')[0]}`
}

function namedUnit({ unit }: Mutant): string {
  return unit === undefined ? '' : `; its rule: ${unit}`
}

async function unitOf(
  engines: MutantEngines,
  { unit }: Mutant,
  files: readonly Mutated[],
): Promise<{ readonly fine: boolean; readonly text: string }> {
  if (unit === undefined) return { fine: true, text: '' }
  const said = await engines.unit(unit, files)
  return { fine: said === 'fails', text: said === 'fails' ? `; ${unit} fails too` : `; but ${unit} ${said}` }
}
