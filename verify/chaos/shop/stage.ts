/** One application under faults: its instances, the broker's view of each, and waiting for conditions. */
import { join } from 'node:path'
import { delay, systemClock } from '../../../lib/record/clock.js'
import type { Random } from '../../../lib/record/random.js'
import type { ApplicationWatch, TransactionState } from '../application-watch.js'
import { ChaosInstance } from './instance.js'

/** An invariant did not hold, or something did not happen in its time. */
export class ChaosFailure extends Error {}

/** The input was processed whole before the fault could be made. */
export class InputOver extends Error {}

export interface StageOptions {
  readonly watch: ApplicationWatch
  /** Of `npm start`, without --state-dir. */
  readonly args: readonly string[]
  /** Holds a state folder for each instance. */
  readonly folder: string
  readonly random: Random
  readonly print: (line: string) => void
  /** About how many there are. */
  readonly inputRecords: number
}

/** Longer than a take-over after a lost session (10 s) on a busy machine. */
const PATIENCE_MS = 60_000
const POLL_MS = 2
const WORK_LOOK_MS = 20

export class Stage {
  readonly watch: ApplicationWatch
  readonly random: Random
  readonly print: (line: string) => void
  readonly instances: readonly ChaosInstance[]
  /** How many more the rest of the input is for. */
  faultsLeft = 1
  readonly #inputRecords: number
  readonly #transactionalIds = new Map<string, string>()
  /** What the broker said of an instance when its present life began. */
  readonly #before = new Map<string, TransactionState | null>()

  constructor({ watch, args, folder, random, print, inputRecords }: StageOptions) {
    this.#inputRecords = inputRecords
    this.watch = watch
    this.random = random
    this.print = print
    this.instances = ['a', 'b'].map((name) => new ChaosInstance(name, [...args, '--state-dir', join(folder, name)]))
  }

  get alive(): readonly ChaosInstance[] {
    return this.instances.filter(({ isAlive }) => isAlive)
  }

  /** Starts a life. Milliseconds from there to its first commit. */
  async start(instance: ChaosInstance): Promise<number> {
    const id = this.#transactionalIds.get(instance.name)
    this.#before.set(instance.name, id === undefined ? null : await this.#atRest(id))
    const known = new Set(this.#transactionalIds.values())
    const { startedMs } = instance.start()
    if (id === undefined) {
      const found = await this.until(`${instance.name} to ask for a producer id`, [instance], async () =>
        (await this.watch.transactionalIds()).find((one) => !known.has(one)),
      )
      this.#transactionalIds.set(instance.name, found)
    }
    await this.until(`the first commit of ${instance.name}`, [instance], async () => {
      const now = await this.transaction(instance)
      return now?.state === 'CompleteCommit' && this.#isOfThisLife(instance, now) ? now : undefined
    })
    return systemClock.monotonicMs() - startedMs
  }

  /** What is prepared when a process dies, is completed without it. */
  #atRest(id: string): Promise<TransactionState> {
    return this.until('a prepared transaction to be completed', [], async () => {
      const found = await this.watch.transaction(id)
      return found === null || found.state.startsWith('Prepare') ? undefined : found
    })
  }

  async transaction(instance: ChaosInstance): Promise<TransactionState | null> {
    return this.watch.transaction(this.#transactionalIds.get(instance.name)!)
  }

  /** Resolves as soon as the broker says that a transaction of this life is open. */
  untilOpen(instance: ChaosInstance): Promise<TransactionState> {
    return this.until(`a transaction of ${instance.name}`, [instance], async () => {
      const now = await this.transaction(instance)
      return now?.state === 'Ongoing' && this.#isOfThisLife(instance, now) ? now : undefined
    })
  }

  /** Asks `probe` again and again while all of `needed` live. @throws InputOver, ChaosFailure */
  async until<T>(
    what: string,
    needed: readonly ChaosInstance[],
    probe: () => Promise<T | undefined>,
    patienceMs = PATIENCE_MS,
  ): Promise<T> {
    const deadlineMs = systemClock.monotonicMs() + patienceMs
    for (;;) {
      const found = await probe()
      if (found !== undefined) return found
      for (const instance of needed) requireAlive(instance)
      if (systemClock.monotonicMs() > deadlineMs) throw new ChaosFailure(`waited ${patienceMs / 1000} s for ${what}`)
      await delay(systemClock, POLL_MS)
    }
  }

  /**
   * Works on until about the share of what is left of the input that this fault may use, drawn so that lives end
   * anywhere. Time alone would put all faults where the input is thin.
   */
  async work(): Promise<void> {
    const now = await this.watch.committedInput()
    const share = Math.max(0, this.#inputRecords - now) / (this.faultsLeft + 1)
    const target = now + Math.floor(share * 1.5 * this.random.next())
    const needed = [...this.alive]
    const deadlineMs = systemClock.monotonicMs() + PATIENCE_MS
    while ((await this.watch.committedInput()) < target && systemClock.monotonicMs() < deadlineMs) {
      for (const instance of needed) requireAlive(instance)
      await delay(systemClock, WORK_LOOK_MS)
    }
  }

  /** Resolves when every instance alive has ended by itself; as long as offsets move, it is waited for. */
  async finish(): Promise<void> {
    for (const instance of this.alive) {
      let input = await this.watch.committedInput()
      let deadlineMs = systemClock.monotonicMs() + PATIENCE_MS
      while (instance.isAlive) {
        await Promise.race([instance.life!.ended, delay(systemClock, 500)])
        const now = await this.watch.committedInput()
        if (now !== input) deadlineMs = systemClock.monotonicMs() + PATIENCE_MS
        input = now
        if (systemClock.monotonicMs() > deadlineMs) {
          throw new ChaosFailure(`nothing was committed for ${PATIENCE_MS / 1000} s, at input ${input}`)
        }
      }
    }
    for (const { name, life } of this.instances) {
      const end = life?.end
      if (end && end.signal === null && end.code !== 0) throw failedLife(name, end.code, end.err)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.kill()))
  }

  #isOfThisLife(instance: ChaosInstance, now: TransactionState): boolean {
    const before = this.#before.get(instance.name) ?? null
    return before === null || now.producerId !== before.producerId || now.producerEpoch > before.producerEpoch
  }
}

function requireAlive({ name, life }: ChaosInstance): void {
  const end = life?.end
  if (!end) return
  if (end.code === 0) throw new InputOver('the input was over')
  throw failedLife(name, end.code, end.err)
}

function failedLife(name: string, code: number | null, err: string): ChaosFailure {
  return new ChaosFailure(`instance ${name} ended by itself with exit code ${code}: ${err.trim().slice(-500)}`)
}
