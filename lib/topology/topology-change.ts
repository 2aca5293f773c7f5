/** What a comparison of two versions of a topology tells, and what it takes. Types only. */
import type { StoreDescription, TopologyDescription } from './description.js'
import type { Lineage } from './lineage.js'

export type ChangeKind =
  /** State nobody reads any more. */
  | 'orphaned'
  /** The same computation under another name: it begins anew, and the old state is orphaned. */
  | 'renamed'
  /** State whose keys, or their partitions, are no longer those that come in. */
  | 'rekeyed'
  /** State, or records on their way, that the new version would read as what they are not. */
  | 'retyped'
  /** Nothing is lost, but from now on it is done otherwise: what is in a store was made the old way. */
  | 'changed'
  /** State that is rebuilt from another topic, or whose time is forgotten. Nothing is lost. */
  | 'moved'
  | 'added'

export interface TopologyChange {
  readonly kind: ChangeKind
  readonly what: 'store' | 'repartition topic' | 'operator'
  readonly name: string
  /** True where state, or records on their way, would be lost or misread. */
  readonly loses: boolean
  readonly message: string
}

/** One version as the comparison needs it. */
export interface DescribedVersion {
  readonly description: TopologyDescription
  readonly lineage: Lineage
  readonly stores: ReadonlyMap<string, StoreDescription>
}
