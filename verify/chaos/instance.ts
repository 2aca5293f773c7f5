/** One instance under faults, seen from outside: its processes, their output, and how they ended. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../lib/record/clock.js'
import { ChaosFailure } from './failure.js'
import type { StoreDump, WorkerReport, WorkerRequest, WorkerSettings } from './worker.js'

/** Compiled beside this folder, or its source where this file runs as source. */
const COMMAND = fileURLToPath(new URL('./main.js', import.meta.url))
/** A close that takes longer hangs. */
const CLOSE_TIMEOUT_MS = 30_000
const DUMP_TIMEOUT_MS = 20_000
/** An instance that ended by itself comes back after this, as under an orchestrator. */
const COME_BACK_MS = 500
const MAX_COME_BACKS = 5

interface Life {
  readonly child: ChildProcess
  readonly startedMs: number
  readonly ended: Promise<void>
  /** Why it may end: asked to. */
  asked: boolean
  over: boolean
  state: string
  tasks: readonly string[]
  /** When it began to run, and when it had its first task; null before. Monotonic, from the start of the process. */
  upMs: number | null
  firstTaskMs: number | null
}

export class Instance {
  readonly name: string
  /** Ends that nobody asked for, and closes that took too long. */
  readonly troubles: string[] = []
  /** Every end without being asked is answered by a new start, unless this is false. */
  comesBack = true
  settings: WorkerSettings
  readonly #logFile: string
  readonly #dumps = new Map<number, (report: WorkerReport & { say: 'dump' }) => void>()
  #life: Life | null = null
  #lives = 0
  #asked = 0
  #comeBacks = 0

  constructor(settings: WorkerSettings, logFile: string) {
    this.name = settings.name
    this.settings = settings
    this.#logFile = logFile
  }

  get isAlive(): boolean {
    return this.#life !== null && !this.#life.over
  }

  get lives(): number {
    return this.#lives
  }

  get state(): string {
    return this.isAlive ? this.#life!.state : 'gone'
  }

  get tasks(): readonly string[] {
    return this.isAlive ? this.#life!.tasks : []
  }

  /**
   * Milliseconds until the present process had its first task: from when its code began to run, which is after Node and
   * its modules have loaded. Null before.
   */
  get firstTaskMs(): number | null {
    const { upMs = null, firstTaskMs = null } = this.#life ?? {}
    return upMs === null || firstTaskMs === null ? null : firstTaskMs - upMs
  }

  /** Milliseconds that Node and the modules of the present process took to load; null before. */
  get upMs(): number | null {
    return this.#life?.upMs ?? null
  }

  start(changes: Partial<WorkerSettings> = {}): void {
    this.settings = { ...this.settings, ...changes }
    this.#lives++
    const isSource = import.meta.url.endsWith('.ts')
    const command = isSource ? ['--import=tsx', COMMAND.replace(/\.js$/, '.ts')] : [COMMAND]
    const log = openSync(this.#logFile, 'a')
    const args = [...command, '--instance', JSON.stringify(this.settings)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log, 'ipc'] })
    closeSync(log)
    const killWithParent = () => child.kill('SIGKILL')
    process.once('exit', killWithParent)
    let resolveEnded: () => void = () => undefined
    const ended = new Promise<void>((resolve) => {
      resolveEnded = resolve
    })
    const life: Life = {
      ...{ child, ended, startedMs: systemClock.monotonicMs() },
      ...{ asked: false, over: false, state: 'created', tasks: [], upMs: null, firstTaskMs: null },
    }
    this.#life = life
    child.on('message', (report: WorkerReport) => this.#heard(life, report))
    child.on('error', () => undefined)
    child.once('exit', (code, signal) => {
      process.removeListener('exit', killWithParent)
      life.over = true
      resolveEnded()
      if (!life.asked) this.#endedByItself(code, signal)
      else if (code !== 0 && signal !== 'SIGKILL') this.troubles.push(`${this.name} closed with exit code ${code}`)
    })
  }

  /** Kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    const life = this.#life
    if (life === null || life.over) return
    life.asked = true
    life.child.kill('SIGKILL')
    await life.ended
  }

  signal(signal: NodeJS.Signals): void {
    this.#life?.child.kill(signal)
  }

  /** In order; one that hangs is a trouble and is killed. */
  async close(leaveGroup: boolean): Promise<void> {
    const life = this.#life
    if (life === null || life.over) return
    life.asked = true
    this.#ask({ ask: 'close', leaveGroup })
    const cancel = systemClock.setTimer(CLOSE_TIMEOUT_MS, () => {
      this.troubles.push(`${this.name} had not closed after ${CLOSE_TIMEOUT_MS / 1000} s`)
      life.child.kill('SIGKILL')
    })
    await life.ended
    cancel()
  }

  /** Resolves when the present process has ended by itself. */
  async ended(): Promise<void> {
    await this.#life?.ended
  }

  slow(recordMs: number, once: boolean): void {
    this.#ask({ ask: 'slow', recordMs, once })
  }

  /** @throws ChaosFailure */
  async dump(): Promise<StoreDump> {
    const id = ++this.#asked
    const report = await new Promise<WorkerReport & { say: 'dump' }>((resolve) => {
      const cancel = systemClock.setTimer(DUMP_TIMEOUT_MS, () =>
        resolve({ say: 'dump', id, dump: null, error: `no answer in ${DUMP_TIMEOUT_MS / 1000} s` }),
      )
      this.#dumps.set(id, (found) => {
        cancel()
        resolve(found)
      })
      this.#ask({ ask: 'dump', id })
    })
    this.#dumps.delete(id)
    if (report.dump === null) throw new ChaosFailure(`the stores of ${this.name} cannot be read: ${report.error}`)
    return report.dump
  }

  #ask(request: WorkerRequest): void {
    if (this.isAlive) this.#life!.child.send(request, () => undefined)
  }

  #heard(life: Life, report: WorkerReport): void {
    if (report.say === 'dump') {
      this.#dumps.get(report.id)?.(report)
      return
    }
    const tookMs = systemClock.monotonicMs() - life.startedMs
    life.state = report.state
    life.tasks = report.tasks
    life.upMs ??= tookMs
    if (report.tasks.length > 0) life.firstTaskMs ??= tookMs
  }

  #endedByItself(code: number | null, signal: NodeJS.Signals | null): void {
    if (!this.comesBack) return
    this.troubles.push(`${this.name} ended by itself (${signal ?? `exit code ${code}`})`)
    if (++this.#comeBacks > MAX_COME_BACKS) return
    systemClock.setTimer(COME_BACK_MS, () => {
      if (this.comesBack && !this.isAlive) this.start()
    })
  }
}
