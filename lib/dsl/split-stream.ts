/** A stream being split: the first branch whose predicate holds gets the record. */
import { MillraceError } from '../errors.js'
import type { SplitNode } from '../topology/stateless-nodes.js'
import type { GraphNode } from './plan/graph.js'
import { type Named, type StreamHandle, streamHandle } from './plan/handle.js'
import type { SerdeState } from './plan/serde-state.js'
import { KStream } from './stream.js'

/** Of a branch: its name, which follows the split's, and what is made of it. */
export interface BranchSettings<B extends string, S> {
  readonly name?: B
  /** Called at once with the branch, which is then left out of the result (Kafka Streams' `Branched.withConsumer`). */
  readonly into?: (branch: S) => void
}

/** Known to the compiler only where both parts are. */
type BranchName<Prefix extends string, B extends string> = string extends Prefix | B ? never : `${Prefix}${B}`

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
  readonly #source: StreamHandle
  readonly #name: string
  readonly #node: GraphNode
  readonly #predicates: SplitNode['predicates'][number][] = []
  readonly #branchNames: string[] = []
  readonly #streams = new Map<string, KStream<K, V, KS, VS>>()
  #defaultBranch: string | null = null

  constructor(source: StreamHandle, options: Named | undefined) {
    this.#source = source
    const { graph, node } = source
    const name = graph.nameOr(options?.name, 'KSTREAM-BRANCH-')
    this.#name = name
    this.#node = graph.add([node], {
      name,
      write: (topology, parents) =>
        topology.addNode({
          kind: 'split',
          name,
          parents,
          stores: [],
          predicates: Object.freeze([...this.#predicates]),
          branches: Object.freeze([...this.#branchNames]),
          defaultBranch: this.#defaultBranch,
        }),
    })
  }

  branch<const B extends string = never>(
    predicate: (key: K, value: V) => boolean,
    options?: BranchSettings<B, KStream<K, V, KS, VS>>,
  ): SplitStream<K, V, KS, VS, Prefix, Name | BranchName<Prefix, B>> {
    this.#predicates.push(predicate as SplitNode['predicates'][number])
    this.#addBranch(String(this.#predicates.length), options, (name) => this.#branchNames.push(name))
    return this as unknown as SplitStream<K, V, KS, VS, Prefix, Name | BranchName<Prefix, B>>
  }

  /** Records no branch took go to a branch of their own. */
  defaultBranch<const B extends string = never>(
    options?: BranchSettings<B, KStream<K, V, KS, VS>>,
  ): Branches<Name | BranchName<Prefix, B>, KStream<K, V, KS, VS>> {
    this.#addBranch('0', options, (name) => {
      this.#defaultBranch = name
    })
    return this.#streams as Branches<Name | BranchName<Prefix, B>, KStream<K, V, KS, VS>>
  }

  /** Records no branch took are dropped. */
  noDefaultBranch(): Branches<Name, KStream<K, V, KS, VS>> {
    return this.#streams as Branches<Name, KStream<K, V, KS, VS>>
  }

  #addBranch(
    number: string,
    options: BranchSettings<string, KStream<K, V, KS, VS>> | undefined,
    note: (name: string) => void,
  ): void {
    if (this.#defaultBranch !== null) {
      throw new MillraceError('TOPOLOGY_INPUT_INVALID', `split ${this.#name} has its default branch, the last one`, {
        node: this.#name,
      })
    }
    const { graph } = this.#source
    const name = graph.nameOr(this.#name + (options?.name ?? number), '')
    note(name)
    const node = graph.add([this.#node], {
      name,
      write: (topology, parents) => topology.addNode({ kind: 'merge', name, parents, stores: [] }),
    })
    const stream = new KStream<K, V, KS, VS>(streamHandle({ ...this.#source, node, name }))
    if (options?.into === undefined) this.#streams.set(name, stream)
    else options.into(stream)
  }
}
