/** The records of the loader: the input of a topic prefix, and how much of it is loaded. */

import { type Cluster, readAll, type Serde } from '../../../index.js'
import { ServiceError } from '../../errors.js'

/** The value of the `loader` topic; `schemas/loader-progress.avsc` is the same in Avro. */
export interface LoaderProgress {
  /** Format and content hash of a file, or the simulator and its seed. */
  readonly input: string
  /** What was injected, with the seed: two sequences of one input have different positions. */
  readonly sequence: string
  /** The instance that wrote it. */
  readonly owner: string
  /** Items of the sequence sent so far. */
  readonly position: number
  /** Highest event time sent, epoch milliseconds; 0 before the first. */
  readonly latestAt: number
  /** By partition, the offset of its end-of-input record; empty until the input was sent whole. */
  readonly ends: readonly number[]
  /** Grows with every write, so that a loader that waits for its input still shows that it lives. */
  readonly beat: number
}

export interface Ledger {
  /** The claim made first: the input this prefix belongs to. Null: nobody has loaded anything. */
  readonly claim: LoaderProgress | null
  /** Progress on the claimed input, null before the first rows. */
  readonly progress: LoaderProgress | null
}

export function claimKey(input: string): string {
  return `claim/${input}`
}

export function positionKey(input: string): string {
  return `position/${input}`
}

/** What is committed now. A claim is written once, so the first in the log stays the first whatever is compacted. */
export async function readLedger(cluster: Cluster, topic: string, serde: Serde<LoaderProgress>): Promise<Ledger> {
  let claim: LoaderProgress | null = null
  const positions = new Map<string, LoaderProgress>()
  for (const { key, value } of await readAll({ cluster, topic })) {
    if (key === null || value === null) continue
    const progress = serde.deserialize(value, topic)
    const name = key.toString()
    if (name === positionKey(progress.input)) positions.set(progress.input, progress)
    else if (name === claimKey(progress.input)) claim ??= progress
  }
  return { claim, progress: claim === null ? null : (positions.get(claim.input) ?? null) }
}

/** @throws ServiceError LOADER_INPUT_CONFLICT where the prefix belongs to another input, or to another order of it */
export function requireOwnInput(claim: LoaderProgress | null, wanted: { input: string; sequence: string }): void {
  if (claim === null || (claim.input === wanted.input && claim.sequence === wanted.sequence)) return
  const what =
    claim.input === wanted.input
      ? `in another order (${claim.sequence}, now ${wanted.sequence})`
      : `another input (${claim.input}, now ${wanted.input})`
  throw new ServiceError('LOADER_INPUT_CONFLICT', `these topics were loaded with ${what}`)
}
