/** What the stores share that keep one section of data, without a retention of their own. */
import { PartsStore } from './parts-store.js'

export abstract class BufferStore extends PartsStore {
  get overlays() {
    return [this.parts.data]
  }

  get times() {
    return null
  }
}
