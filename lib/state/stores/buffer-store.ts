/** The common part of stores with one section of data and without a retention. */
import { PartsStore } from './parts-store.js'
import type { StoreBase } from './store-info.js'

export abstract class BufferStore<D extends StoreBase> extends PartsStore<D> {
  get overlays() {
    return [this.parts.data]
  }

  get times() {
    return null
  }
}
