/** The result of a comparison of two versions of a topology, and its inputs. Types only. */
import type { StoreDescription, TopologyDescription } from './description.js'
import type { Lineage } from './lineage.js'

/** What a new version does to a store, a repartition topic or an operator of the old one. */
export type ChangeKind =
  /** Nothing reads it any more. */
  | 'orphaned'
  /** The same computation has another name: its new store starts empty, and nothing reads the old one. */
  | 'renamed'
  /** Its keys, or the partitions of its keys, are no longer those of the records that arrive. */
  | 'rekeyed'
  /** The new version would read the stored bytes with other serdes. */
  | 'retyped'
  /** Nothing is lost. What a store contains was computed in the old way, what follows is computed in the new way. */
  | 'changed'
  /** The store is rebuilt from another topic, or its stream time starts again. Nothing is lost. */
  | 'moved'
  /** It is new. */
  | 'added'

/** One difference between two versions of a topology. */
export interface TopologyChange {
  /** What happens to it. */
  readonly kind: ChangeKind
  /** What changes. */
  readonly what: 'store' | 'repartition topic' | 'operator'
  readonly name: string
  /** Whether state, or records in a repartition topic, would be lost or misread. */
  readonly loses: boolean
  /** The change in words. */
  readonly message: string
}

/** One version as the comparison needs it. */
export interface DescribedVersion {
  readonly description: TopologyDescription
  readonly lineage: Lineage
  readonly stores: ReadonlyMap<string, StoreDescription>
}
