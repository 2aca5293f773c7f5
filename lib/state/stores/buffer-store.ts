/** The common part of stores with one section of data and without a retention. */
import { PartsStore } from './parts-store.js'
import type { DefinitionBase } from './store-info.js'

export abstract class BufferStore<D extends DefinitionBase> extends PartsStore<D> {
  get overlays() {
    return [this.parts.data]
  }

  get times() {
    return null
  }
}
