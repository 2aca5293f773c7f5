/** What window and session stores share: a directory of times per key and segment, an order of all keys on request. */

import type { Overlay } from '../layers/overlay.js'
import { Retention } from '../layers/store-retention.js'
import type { StoreTimes } from '../layers/store-times.js'
import type { TimeIndex } from '../layers/time-index.js'
import { KeyIndex } from '../order/key-index.js'
import type { OrderedKeys } from '../order/ordered-keys.js'
import type { StoreParts } from './local-store.js'
import { PartsStore } from './parts-store.js'
import { segmentGroup, TimeScans } from './time-scans.js'

export interface SegmentedLayout {
  /** Times by which one entry of a key differs from another: 1 (start) or 2 (end, start). */
  readonly times: 1 | 2
  /** Bytes of them in front of the key. */
  readonly timeBytes: number
  /** An entry is gone once stream time is more than retention plus so much past its leading time. */
  readonly slackMs: 0 | -1
}

export abstract class SegmentedStore extends PartsStore {
  readonly times: StoreTimes
  readonly index: TimeIndex | null
  readonly directory: KeyIndex
  readonly order: OrderedKeys | null
  readonly overlays: readonly Overlay[]
  readonly retention: Retention
  protected readonly scans: TimeScans | null

  constructor(parts: StoreParts, times: StoreTimes, index: TimeIndex | null, layout: SegmentedLayout) {
    super(parts)
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
