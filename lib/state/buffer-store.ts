/** What the stores share that keep one section of data, without a retention of their own. */
import type { StoreParts } from './local-store.js'

export abstract class BufferStore {
  readonly parts: StoreParts

  constructor(parts: StoreParts) {
    this.parts = parts
  }

  get name(): string {
    return this.parts.definition.name
  }

  get definition() {
    return this.parts.definition
  }

  get overlays() {
    return [this.parts.data]
  }

  get cache() {
    return this.parts.cache
  }

  get times() {
    return null
  }
}
