/** The processes of a run: each in its own group with its output in a file. All are ended with the run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface StartOptions {
  readonly cwd?: string
  /** On top of this process's environment. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Standard output and error together. */
  readonly output: string
  readonly tookMs: number
}

export interface Running {
  readonly logFile: string
  readonly ended: Promise<Ended>
  isAlive(): boolean
  /** To the process and all its children. */
  signal(signal: NodeJS.Signals): void
}

export class Processes {
  readonly #folder: string
  readonly #live = new Set<ChildProcess>()
  #started = 0

  constructor(folder: string) {
    this.#folder = folder
    process.once('exit', () => this.killAll())
  }

  /** `name` names the log file, with a number before it. */
  start(name: string, command: string, args: readonly string[], options: StartOptions = {}): Running {
    this.#started += 1
    const logFile = join(this.#folder, `${String(this.#started).padStart(2, '0')}-${name}.log`)
    const log = openSync(logFile, 'a')
    const startedMs = performance.now()
    const child = spawn(command, args, {
      stdio: ['ignore', log, log],
      detached: true,
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
    })
    closeSync(log)
    this.#live.add(child)
    const ended = new Promise<Ended>((resolve) => {
      const end = async (code: number | null, signal: NodeJS.Signals | null, error = '') => {
        this.#live.delete(child)
        const output = (await readFile(logFile, 'utf8').catch(() => '')) + error
        resolve({ code, signal, output, tookMs: Math.round(performance.now() - startedMs) })
      }
      child.once('error', (error) => void end(127, null, String(error)))
      child.once('exit', (code, signal) => void end(code, signal))
    })
    return {
      logFile,
      ended,
      isAlive: () => this.#live.has(child),
      signal: (signal) => signalGroup(child, signal),
    }
  }

  /** Resolves when it has ended; kills it after `limitSeconds`, and then the code is null and the signal SIGKILL. */
  async run(
    name: string,
    command: string,
    args: readonly string[],
    options: StartOptions & { readonly limitSeconds: number },
  ): Promise<Ended> {
    const running = this.start(name, command, args, options)
    const timer = setTimeout(() => running.signal('SIGKILL'), options.limitSeconds * 1_000)
    const ended = await running.ended
    clearTimeout(timer)
    return ended
  }

  killAll(): void {
    for (const child of this.#live) signalGroup(child, 'SIGKILL')
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}

/** Why a program that should have ended with 0 did not, or undefined. */
export function failure({ code, signal, output, tookMs }: Ended, what: string): string | undefined {
  if (code === 0) return undefined
  const how = code === null ? `ended by ${signal} after ${Math.round(tookMs / 1_000)} s` : `ended with ${code}`
  const last = output.trimEnd().split('\n').slice(-3).join(' | ')
  return `${what} ${how}: ${last.slice(-400)}`
}

/** Resolves when the process has written `text`; never where it does not. */
export function saidIn(running: Running, text: string): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(async () => {
      const output = await readFile(running.logFile, 'utf8')
      if (!running.isAlive() || output.includes(text)) clearInterval(timer)
      if (output.includes(text)) resolve()
    }, 1_000)
    timer.unref()
  })
}
