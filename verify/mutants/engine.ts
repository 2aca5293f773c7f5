/**
 * Engines with one mistake, each in its own folder outside the repository: a copy of the compiled code with changed
 * files.
 */
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { systemClock } from '../../lib/record/clock.js'
import type { Mutant } from './index.js'

export interface Mutated {
  readonly file: string
  readonly text: string
}

/** Translates one file, without a look at others. */
type Translate = (source: string) => string

/** A test of a rule takes no longer. */
const UNIT_MS = 180_000
const WORKER = join('verify', 'simulation', 'worker.js')
/** What is compiled, and runs. */
const COMPILED = ['lib', 'verify']
/** What a test is and imports. */
const SOURCES = ['lib', 'verify', 'test']
/** A test finds all else where it is. */
const NOT_LINKED = new Set([...SOURCES, 'dist', 'node_modules', '.git'])

/** The files of a mutant with its mistake. @throws where a text is not there exactly once */
export function mutated(root: string, { name, edits }: Mutant): Mutated[] {
  const texts = new Map<string, string>()
  for (const { file, find, replace } of edits) {
    const text = texts.get(file) ?? readFileSync(join(root, file), 'utf8')
    const times = text.split(find).length - 1
    if (times !== 1)
      throw new Error(`mutant "${name}": its text is ${times} times in ${file}, not once: update the mutant`)
    texts.set(
      file,
      text.replace(find, () => replace),
    )
  }
  return [...texts].map(([file, text]) => ({ file, text }))
}

/** Where the sources lie: this file runs from `verify` or from `dist/verify`. */
export function rootFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'tsconfig.json'))) folder = dirname(folder)
  return folder
}

/** One folder per command, so that two commands do not meet, and what is built or edited meanwhile changes nothing in it. */
export class MutantEngines {
  readonly #root: string
  readonly #folder: string
  readonly #translate: Translate
  readonly #sound = new Map<string, Promise<boolean>>()
  #made = 0

  /** @param withTests the sources and their tests are there too */
  constructor(root: string, withTests: boolean) {
    this.#root = root
    this.#translate = compiler()
    this.#folder = mkdtempSync(join(tmpdir(), 'millrace-mutants-'))
    process.once('exit', () => this.remove())
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
    for (const part of COMPILED) {
      cpSync(join(root, 'dist', part), join(this.#folder, 'compiled', part), {
        recursive: true,
        filter: (path) => !/\.(d\.ts|map)$/.test(path),
      })
    }
    this.#around('compiled')
    if (!withTests) return
    for (const part of SOURCES) {
      cpSync(join(root, part), join(this.#folder, 'sources', part), { recursive: true })
    }
    this.#around('sources')
  }

  /** The worker of the engine without a mistake. */
  get base(): URL {
    return pathToFileURL(join(this.#folder, 'compiled', WORKER))
  }

  /** The worker of an engine with these files. */
  make(files: readonly Mutated[]): { readonly worker: URL; readonly remove: () => void } {
    const folder = this.#copy('compiled')
    for (const { file, text } of files) put(join(folder, file.replace(/\.ts$/, '.js')), this.#translate(text))
    return { worker: pathToFileURL(join(folder, WORKER)), remove: () => drop(folder) }
  }

  /** What a test says of the sources with these files. */
  async unit(test: string, files: readonly Mutated[]): Promise<'fails' | 'passes' | 'fails without the mistake too'> {
    const sound = this.#sound.get(test) ?? passes(join(this.#folder, 'sources'), test)
    this.#sound.set(test, sound)
    if (!(await sound)) return 'fails without the mistake too'
    const folder = this.#copy('sources')
    try {
      for (const { file, text } of files) put(join(folder, file), text)
      return (await passes(folder, test)) ? 'passes' : 'fails'
    } finally {
      drop(folder)
    }
  }

  remove(): void {
    drop(this.#folder)
  }

  /** Everything that the parts need around them to be found. */
  #around(name: string): void {
    const folder = join(this.#folder, name)
    symlinkSync(join(this.#root, 'node_modules'), join(folder, 'node_modules'))
    cpSync(join(this.#root, 'package.json'), join(folder, 'package.json'))
    if (name === 'compiled') return
    for (const entry of readdirSync(this.#root)) {
      if (NOT_LINKED.has(entry) || existsSync(join(folder, entry))) continue
      symlinkSync(join(this.#root, entry), join(folder, entry))
    }
  }

  #copy(name: string): string {
    this.#made++
    const folder = join(this.#folder, String(this.#made))
    link(join(this.#folder, name), folder)
    return folder
  }
}

/** Links are made in no time, and a file that is written again is a file of its own. */
function link(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) link(source, target)
    else linkSync(source, target)
  }
}

function put(path: string, text: string): void {
  rmSync(path)
  writeFileSync(path, text)
}

function drop(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

function passes(folder: string, test: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import=tsx', test], { cwd: folder, stdio: 'ignore' })
    const cancel = systemClock.setTimer(UNIT_MS, () => child.kill('SIGKILL'))
    child.once('error', reject)
    child.once('exit', (code) => {
      cancel()
      resolve(code === 0)
    })
  })
}

/** The one that runs our TypeScript: it comes with tsx. */
function compiler(): Translate {
  const tsx = createRequire(import.meta.url).resolve('tsx/package.json')
  const esbuild = createRequire(tsx)('esbuild') as {
    transformSync(source: string, options: object): { readonly code: string }
  }
  return (source) => esbuild.transformSync(source, { loader: 'ts', format: 'esm', target: 'es2022' }).code
}
