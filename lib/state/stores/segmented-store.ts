/**
 * The common part of window and session stores: an index of times per key and segment, and optionally an order of all
 * keys.
 */

import type { Overlay } from '../layers/overlay.js'
import { Retention } from '../layers/store-retention.js'
import { type StoredTimes, StoreTimes } from '../layers/store-times.js'
import { TimeIndex } from '../layers/time-index.js'
import { KeyIndex } from '../order/key-index.js'
import type { OrderedKeys } from '../order/ordered-keys.js'
import { PartsStore } from './parts-store.js'
import type { DefinitionBase } from './store-info.js'
import type { StoreParts } from './store-parts.js'
import { segmentGroup, TimeScans } from './time-scans.js'

export interface SegmentedLayout {
  /** Times by which one entry of a key differs from another: 1 (start) or 2 (end, start). */
  readonly times: 1 | 2
  /** Bytes of them in front of the key. */
  readonly timeBytes: number
  /** An entry is gone once stream time is more than retention plus so much past its leading time. */
  readonly slackMs: 0 | -1
}

/** Settings of both. */
export interface SegmentedDefinition extends DefinitionBase {
  /** False: every update is forwarded and logged at once (Kafka Streams' `withCachingDisabled`). */
  readonly cached: boolean
  /** How long after stream time an entry is kept, in milliseconds; Infinity: permanently. */
  readonly retentionMs: number
  /** An operator scans it by time (emit on close): an index of live entries is kept in memory. */
  readonly timeIndexed?: boolean
  /** The keys are kept in order, so that they can be walked. */
  readonly ordered?: boolean
}

export abstract class SegmentedStore<D extends SegmentedDefinition> extends PartsStore<D> {
  readonly times: StoreTimes
  readonly index: TimeIndex | null
  readonly directory: KeyIndex
  readonly order: OrderedKeys | null
  readonly overlays: readonly Overlay[]
  readonly retention: Retention
  protected readonly scans: TimeScans | null

  constructor(parts: StoreParts<D>, stored: StoredTimes | null, layout: SegmentedLayout) {
    super(parts)
    const times = new StoreTimes(parts.definition.retentionMs, stored)
    const index = parts.definition.timeIndexed === true ? new TimeIndex() : null
    this.times = times
    this.index = index
    this.directory = new KeyIndex(parts.directory(), times, layout.times)
    this.order = parts.definition.ordered === true ? parts.order(segmentGroup(times)) : null
    this.scans = this.order === null ? null : new TimeScans(this.order, times, layout.timeBytes)
    const segmented = this.order === null ? [this.directory.overlay] : [this.directory.overlay, this.order.overlay]
    this.overlays = [parts.data, ...segmented]
    this.retention = new Retention(times, parts.data, segmented, index, layout.slackMs)
  }

  expire(): Promise<void> {
    return this.retention.expire()
  }
}
