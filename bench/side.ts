/** One side of a comparison as a separate process: started, measured from outside, ended. */

import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../lib/record/clock.js'
import { SideFailure } from './side-failure.js'

export interface SideCommand {
  readonly file: string
  readonly args: readonly string[]
}

/** Clock ticks per second in /proc/PID/stat; 100 on every Linux in use. */
const TICKS_PER_SECOND = 100
/** A JVM on a busy machine needs its time to close. */
const CLOSE_TIMEOUT_MS = 40_000
/** Thousands of tasks have as many topics' partitions to be created first. */
const READY_TIMEOUT_MS = 300_000
/** Position of user time in /proc/PID/stat, counted after the command's closing parenthesis; system time follows. */
const USER_TICKS_FIELD = 11

/** How to run a script, named from this folder without its ending: as compiled, or by tsx where this process came up that way. */
export function commandOf(script: string, args: readonly string[]): SideCommand {
  const here = import.meta.url
  const ending = here.endsWith('.ts') ? '.ts' : '.js'
  const file = fileURLToPath(new URL(`./${script}${ending}`, here))
  const flags = process.execArgv.filter((flag) => !flag.startsWith('--cpu-prof'))
  const profile = process.env.BENCH_CPU_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_CPU_PROFILE}`] : []
  return { file: process.execPath, args: [...flags, ...profile, file, ...args] }
}

export class Side {
  /** Wall-clock milliseconds at which the process was started. */
  readonly startedAtMs: number
  readonly #child: ChildProcess
  readonly #exited: Promise<number>
  readonly #outputEnded: Promise<unknown>
  readonly #name: string
  #stderr = ''
  #output = ''
  #sampledCpuSeconds = 0
  #sampledPeakMb = 0

  constructor(name: string, command: SideCommand) {
    this.#name = name
    this.startedAtMs = systemClock.now()
    this.#child = spawn(command.file, command.args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stderr?.on('data', (bytes) => {
      this.#stderr = (this.#stderr + String(bytes)).slice(-8_000)
    })
    this.#child.stdout?.on('data', (bytes) => {
      this.#output += String(bytes)
    })
    this.#outputEnded = new Promise((resolve) => this.#child.once('close', resolve))
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', () => resolve(1))
      this.#child.once('exit', (code) => resolve(code ?? 1))
    })
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Wall-clock milliseconds at which the side said that it is ready, read from its own "ready EPOCHMS" line. */
  async ready(): Promise<number> {
    const deadlineMs = systemClock.monotonicMs() + READY_TIMEOUT_MS
    for (;;) {
      const match = /^ready (\d+)$/m.exec(this.#output)
      if (match !== null) return Number(match[1])
      if (!this.running) throw await this.failure('ended before it was ready')
      if (systemClock.monotonicMs() > deadlineMs) {
        this.#child.kill('SIGKILL')
        throw await this.failure(`was not ready after ${READY_TIMEOUT_MS / 1000} s`)
      }
      await new Promise((resolve) => systemClock.setTimer(5, () => resolve(undefined)))
    }
  }

  /** User and system CPU seconds of the process so far, all threads; the last known ones once it has ended. */
  cpuSeconds(): number {
    try {
      const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const ticks = Number(fields[USER_TICKS_FIELD]) + Number(fields[USER_TICKS_FIELD + 1])
      this.#sampledCpuSeconds = ticks / TICKS_PER_SECOND
    } catch {
      // It has ended, or there is no /proc: what was seen last stands.
    }
    return this.#sampledCpuSeconds
  }

  /** The most memory the process ever had resident, in MB of 10^6 bytes; the last known one once it has ended. */
  peakRssMb(): number {
    const peakMb = this.#memoryMb('VmHWM')
    if (!Number.isNaN(peakMb)) this.#sampledPeakMb = peakMb
    return this.#sampledPeakMb
  }

  /** Resident now, in MB of 10^6 bytes; NaN where there is no /proc. */
  rssMb(): number {
    return this.#memoryMb('VmRSS')
  }

  /** Files, sockets and pipes; NaN where there is no /proc. */
  openFiles(): number {
    try {
      return readdirSync(`/proc/${this.#child.pid}/fd`).length
    } catch {
      return Number.NaN
    }
  }

  /** A line of /proc/PID/status; NaN: the process has ended, or there is no /proc. */
  #memoryMb(field: 'VmHWM' | 'VmRSS'): number {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'latin1')
      const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)
      return match === null ? Number.NaN : (Number(match[1]) * 1024) / 1e6
    } catch {
      return Number.NaN
    }
  }

  /** Ends its standard input, which asks it to close; kills it when it does not. */
  async close(): Promise<void> {
    this.#child.stdin?.end()
    const cancel = systemClock.setTimer(CLOSE_TIMEOUT_MS, () => this.#child.kill('SIGKILL'))
    const code = await this.#exited
    cancel()
    if (code !== 0) throw await this.failure(`closed with exit code ${code}`)
  }

  /** Asks it to stop as a supervisor does, and waits until it is gone. */
  async terminate(): Promise<void> {
    if (!this.running) return
    this.#child.kill('SIGTERM')
    const cancel = systemClock.setTimer(CLOSE_TIMEOUT_MS, () => this.#child.kill('SIGKILL'))
    await this.#exited
    cancel()
  }

  /** Waits until it has ended by itself; the last line of its standard output. */
  async lastLine(): Promise<string> {
    const code = await this.#exited
    await this.#outputEnded
    const line = this.#output.trimEnd().split('\n').at(-1) ?? ''
    if (code !== 0 || line === '') throw await this.failure(`ended with exit code ${code}`)
    return line
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async failure(what: string): Promise<SideFailure> {
    const said = this.#stderr.trim().split('\n').slice(-3).join(' | ')
    return new SideFailure(`${this.#name} ${what}${said === '' ? '' : `: ${said}`}`)
  }
}
