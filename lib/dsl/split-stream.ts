/** A stream being split: the first branch whose predicate holds gets the record. */
import { MillraceError } from '../errors.js'
import type { SplitNode } from '../topology/stateless-nodes.js'
import type { GraphNode } from './graph.js'
import { type Named, type StreamHandle, streamHandle } from './handle.js'
import type { SerdeState } from './serde-state.js'
import { KStream } from './stream.js'

/**
 * Branches are found in the result under the split's name followed by the branch's name; a branch without one is called
 * by its number, counted from 1, the default branch 0.
 */
export class SplitStream<K, V, KS extends SerdeState = 'known', VS extends SerdeState = 'known'> {
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

  branch(predicate: (key: K, value: V) => boolean, options?: Named): this {
    this.#predicates.push(predicate as SplitNode['predicates'][number])
    this.#branchNames.push(this.#addBranch(options?.name ?? String(this.#predicates.length)))
    return this
  }

  /** Records no branch took go to a branch of their own. */
  defaultBranch(options?: Named): ReadonlyMap<string, KStream<K, V, KS, VS>> {
    this.#defaultBranch = this.#addBranch(options?.name ?? '0')
    return this.#streams
  }

  /** Records no branch took are dropped. */
  noDefaultBranch(): ReadonlyMap<string, KStream<K, V, KS, VS>> {
    return this.#streams
  }

  #addBranch(suffix: string): string {
    if (this.#defaultBranch !== null) {
      throw new MillraceError('TOPOLOGY_INPUT_INVALID', `split ${this.#name} has its default branch, the last one`, {
        node: this.#name,
      })
    }
    const { graph } = this.#source
    const name = graph.nameOr(this.#name + suffix, '')
    const node = graph.add([this.#node], {
      name,
      write: (topology, parents) => topology.addNode({ kind: 'merge', name, parents, stores: [] }),
    })
    this.#streams.set(name, new KStream(streamHandle({ ...this.#source, node, name })))
    return name
  }
}
