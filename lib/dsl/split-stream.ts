/** A stream that is being split: a record goes to the first branch whose predicate it matches. */
import type { StreamHandle } from './plan/handle.js'
import type { SerdeState } from './plan/serde-state.js'
import { addBranch, addDefaultBranch, type Predicate, type SplitHandle } from './plan/split.js'
import { KStream } from './stream.js'

/** Of a branch: its name, which follows the split's, and what is made of it. */
export interface BranchSettings<B extends string, S> {
  readonly name?: B
  /** Called at once with the branch, which is then omitted of the result (Kafka Streams' `Branched.withConsumer`). */
  readonly into?: (branch: S) => void
}

/** Known to the compiler only where both parts are. */
export type BranchName<Prefix extends string, B extends string> = string extends Prefix | B ? never : `${Prefix}${B}`

/** The branches by name. Names that were given as literals are known to be there. */
export type Branches<Name extends string, S> = [Name] extends [never]
  ? ReadonlyMap<string, S>
  : { get(name: Name): S } & ReadonlyMap<string, S>

/**
 * Branches are found in the result under the split's name followed by the branch's name; a branch without one is called
 * by its number, counted from 1, the default branch 0.
 */
export class SplitStream<
  K,
  V,
  KS extends SerdeState = 'known',
  VS extends SerdeState = 'known',
  Prefix extends string = never,
  Name extends string = never,
> {
  readonly #split: SplitHandle
  readonly #streams = new Map<string, KStream<K, V, KS, VS>>()

  /** @internal */
  constructor(split: SplitHandle) {
    this.#split = split
  }

  /** Adds a branch: records go to the first branch whose predicate is true. */
  branch<const B extends string = never>(
    predicate: (key: K, value: V) => boolean,
    options?: BranchSettings<B, KStream<K, V, KS, VS>>,
  ): SplitStream<K, V, KS, VS, Prefix, Name | BranchName<Prefix, B>> {
    this.#add(addBranch(this.#split, predicate as Predicate, options), options)
    return this as unknown as SplitStream<K, V, KS, VS, Prefix, Name | BranchName<Prefix, B>>
  }

  /** Records no branch took go to a branch of their own. */
  defaultBranch<const B extends string = never>(
    options?: BranchSettings<B, KStream<K, V, KS, VS>>,
  ): Branches<Name | BranchName<Prefix, B>, KStream<K, V, KS, VS>> {
    this.#add(addDefaultBranch(this.#split, options), options)
    return this.#streams as Branches<Name | BranchName<Prefix, B>, KStream<K, V, KS, VS>>
  }

  /** Records no branch took are dropped. */
  noDefaultBranch(): Branches<Name, KStream<K, V, KS, VS>> {
    return this.#streams as Branches<Name, KStream<K, V, KS, VS>>
  }

  #add(branch: StreamHandle, options: BranchSettings<string, KStream<K, V, KS, VS>> | undefined): void {
    const stream = new KStream<K, V, KS, VS>(branch)
    if (options?.into === undefined) this.#streams.set(branch.name, stream)
    else options.into(stream)
  }
}
