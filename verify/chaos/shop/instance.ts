/** One instance of the service as a separate process: started, killed, stopped, started again on the same folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../lib/record/clock.js'

/** Compiled beside this file, or its source where this file runs as source. */
const START = fileURLToPath(new URL('../../../lib/personalization/cli/start.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** From one start to its end. */
export interface Life {
  /** Clock of this process, monotonic milliseconds. */
  readonly startedMs: number
  readonly ended: Promise<Ended>
  /** Null while it lives. */
  readonly end: Ended | null
  signal(signal: NodeJS.Signals): void
}

export class ChaosInstance {
  readonly name: string
  readonly #args: readonly string[]
  readonly #lives: Life[] = []

  constructor(name: string, args: readonly string[]) {
    this.name = name
    this.#args = args
  }

  get life(): Life | null {
    return this.#lives.at(-1) ?? null
  }

  get lives(): number {
    return this.#lives.length
  }

  get isAlive(): boolean {
    return this.life !== null && this.life.end === null
  }

  start(): Life {
    const life = startLife(this.#args)
    this.#lives.push(life)
    return life
  }

  /** Kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (!this.isAlive) return
    this.life!.signal('SIGKILL')
    await this.life!.ended
  }
}

/** Starts `npm start -- ARGS` without npm around it. */
export function startLife(args: readonly string[]): Life {
  const isSource = import.meta.url.endsWith('.ts')
  const command = isSource ? ['--import=tsx', START.replace(/\.js$/, '.ts')] : [START]
  const startedMs = systemClock.monotonicMs()
  const child: ChildProcess = spawn(process.execPath, [...command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const killWithParent = () => child.kill('SIGKILL')
  process.once('exit', killWithParent)
  const said = { out: '', err: '' }
  for (const stream of ['out', 'err'] as const) {
    child[`std${stream}`]!.on('data', (bytes) => {
      said[stream] = `${said[stream]}${bytes}`.slice(-20_000)
    })
  }
  let end: Ended | null = null
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      process.removeListener('exit', killWithParent)
      end = { code, signal, ...said }
      resolve(end)
    })
  })
  return {
    startedMs,
    ended,
    get end() {
      return end
    },
    signal: (signal) => child.kill(signal),
  }
}
