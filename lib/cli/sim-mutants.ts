/** Makes engines with one mistake each, plays seeds on them, and says which seed saw what. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { MillraceError } from '../errors.js'
import { MUTANTS, type Mutant } from '../testing/sim-mutants.js'
import { drawPlan } from '../testing/sim-variants.js'
import { spread } from './sim-pool.js'
import type { SimTask } from './sim-worker.js'

export interface Counts {
  readonly passed: number
  readonly failed: number
}

/** A mutant must be caught within so many seeds of its variant. */
const SEEDS = 50
/** Played at once, by the threads of the pool. */
const AT_ONCE = 4

/** All, or the one named. */
export async function runMutants(named: string | null): Promise<Counts> {
  const chosen = MUTANTS.filter(({ name }) => named === null || name === named)
  if (chosen.length === 0) {
    const known = MUTANTS.map(({ name }) => name).join('", "')
    throw new MillraceError('CONFIG_INVALID', `--mutant ${named} is not known: use one of "${known}"`)
  }
  const root = rootFolder()
  // Before anything is played: a mutant whose text is gone has to be written anew, and nobody should wait to hear of it.
  const sources = chosen.map((mutant) => mutated(root, mutant))
  let passed = 0
  for (const [i, mutant] of chosen.entries()) {
    const found = await catchMutant(root, mutant, sources[i]!)
    if (found !== null) passed++
    const said = found === null ? `was not caught within ${SEEDS} seeds of ${mutant.variant}` : `caught by ${found}`
    process.stdout.write(`mutant "${mutant.name}" (${mutant.guards}) ${said}\n`)
  }
  return { passed, failed: chosen.length - passed }
}

/** The seed that saw it, with what it saw. */
async function catchMutant(root: string, mutant: Mutant, sources: readonly Mutated[]): Promise<string | null> {
  const folder = join(root, 'dist', 'mutant')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  try {
    cpSync(join(root, 'dist', 'lib'), join(folder, 'lib'), { recursive: true })
    for (const { file, text } of sources) compile(root, join(folder, file), text)
    const script = pathToFileURL(join(folder, 'lib', 'cli', 'sim-worker.js'))
    for (let from = 1; from <= SEEDS; from += AT_ONCE) {
      const seen: { readonly seed: number; readonly text: string }[] = []
      const tasks = Array.from({ length: AT_ONCE }, (_, i): SimTask => {
        return { kind: 'play', plan: drawPlan(from + i, mutant.variant), twice: false, trace: false }
      })
      await spread(tasks, script, (answer, { plan: { seed } }) => {
        if (answer === null) seen.push({ seed, text: 'I11: the thread does not answer' })
        if (answer?.kind !== 'play') return
        // A seed that only fell short of its size has seen nothing.
        const violation = answer.violations.find(({ invariant }) => invariant !== 'seed')
        if (violation === undefined) return
        const [first] = violation.what.split('\n')
        seen.push({ seed, text: `${violation.invariant}: ${first}` })
      })
      const [first] = seen.sort((a, b) => a.seed - b.seed)
      if (first !== undefined) return `seed ${first.seed} of ${mutant.variant}: ${first.text}`
    }
    return null
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface Mutated {
  readonly file: string
  readonly text: string
}

/** The files of a mutant with its mistake. @throws where a text is not there exactly once */
export function mutated(root: string, { name, edits }: Mutant): Mutated[] {
  const texts = new Map<string, string>()
  for (const { file, find, replace } of edits) {
    const text = texts.get(file) ?? readFileSync(join(root, file), 'utf8')
    const times = text.split(find).length - 1
    if (times !== 1) throw new Error(`mutant "${name}": its text is ${times} times in ${file}, not once: write it anew`)
    texts.set(
      file,
      text.replace(find, () => replace),
    )
  }
  return [...texts].map(([file, text]) => ({ file, text }))
}

/** Writes the file and, beside it, what the compiler makes of it. */
function compile(root: string, path: string, source: string): void {
  writeFileSync(path, source)
  const compiler = join(root, 'node_modules', 'typescript', 'lib', 'tsc.js')
  const flags = '--ignoreConfig --noCheck --noResolve --target es2022 --module nodenext --moduleResolution nodenext'
  const { status } = spawnSync(process.execPath, [compiler, path, ...flags.split(' ')], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`the mutant's ${path} does not compile`)
}

/** Where `lib` lies as TypeScript: this file runs from `lib` or from `dist/lib`. */
export function rootFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'tsconfig.json'))) folder = dirname(folder)
  return folder
}
