/**
 * Six engines with one known mistake each, to show that the simulation would see it. A mutant is made from outside: a
 * method of an exported class is replaced while it runs, or bytes are changed on their way; the engine has no switch.
 */
import { Admin } from '../client/admin.js'
import type { CommitOutcome } from '../client/commit.js'
import { TransactionManager } from '../client/transaction-manager.js'
import { TaskState } from '../state/task-state.js'
import { runSeed, type SeedResult } from './sim-seed.js'

export interface Mutant {
  readonly name: string
  /** Puts the mistake in; returns what takes it out again. */
  readonly apply: () => () => void
}

/** A mutant must be caught within so many seeds. */
export const MUTANT_SEEDS = 50

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'restore to the last stable offset',
    apply: () =>
      replaceMethod(
        Admin.prototype,
        'listOffsets',
        (listOffsets) =>
          function (this: Admin, partitions, spec, _isolation) {
            return listOffsets.call(this, partitions, spec, 'readCommitted')
          },
      ),
  },
  {
    name: 'batch before EndTxn',
    apply: () =>
      replaceMethod(
        TaskState.prototype,
        'beginCommit',
        (beginCommit) =>
          function (this: TaskState, sink) {
            beginCommit.call(this, sink)
            // What is in flight goes into the committed layer and to disk, whatever becomes of the transaction.
            this.commitSucceeded(new Map())
            this.maybeFlush(true).catch(() => undefined)
          },
      ),
  },
  {
    name: 'stale generation ignored',
    apply: () =>
      replaceMethod(
        TransactionManager.prototype,
        'run',
        (run) =>
          function (this: TransactionManager, batches, offsets, identity) {
            // As before KIP-447: offsets without saying whose member commits them, and in which generation.
            const anybody = identity && { ...identity, memberId: '', generationId: -1, groupInstanceId: null }
            return run.call(this, batches, offsets, anybody)
          },
      ),
  },
  {
    name: 'unknown outcome taken for aborted',
    apply: () =>
      replaceMethod(
        TransactionManager.prototype,
        'run',
        (run) =>
          async function (this: TransactionManager, ...all): Promise<CommitOutcome> {
            const outcome = await run.apply(this, all)
            if (outcome.kind !== 'unknown') return outcome
            await this.init()
            return { kind: 'aborted', cause: outcome.cause }
          },
      ),
  },
  {
    name: 'an overlay kept on abort',
    apply: () =>
      replaceMethod(
        TaskState.prototype,
        'commitAborted',
        (commitAborted) =>
          function (this: TaskState) {
            this.commitSucceeded(new Map())
            commitAborted.call(this)
          },
      ),
  },
]

/** The first seed from `from` on that sees the mutant, with what it saw; null: none of `seeds` did. */
export async function catchMutant(mutant: Mutant, from: number, seeds: number): Promise<SeedResult | null> {
  const restore = mutant.apply()
  try {
    for (let seed = from; seed < from + seeds; seed++) {
      const result = await runSeed(seed)
      // A seed that only fell short of its size has seen nothing.
      if (result.violations.some(({ invariant }) => invariant !== 'seed')) return result
    }
    return null
  } finally {
    restore()
  }
}

type Method<T, Name extends keyof T> = Extract<T[Name], (...all: never[]) => unknown>

function replaceMethod<T extends object, Name extends keyof T>(
  prototype: T,
  name: Name,
  replacement: (original: Method<T, Name>) => T[Name],
): () => void {
  const original = prototype[name]
  prototype[name] = replacement(original as Method<T, Name>)
  return () => {
    prototype[name] = original
  }
}
