/** What the stores share that keep one section of data, without a retention of their own. */
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
