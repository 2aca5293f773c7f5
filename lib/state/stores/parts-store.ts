/** What every store says of itself by its parts. */
import type { StoreParts } from './local-store.js'

export abstract class PartsStore {
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

  get cached(): boolean {
    return this.parts.definition.cached
  }

  get cache() {
    return this.parts.cache
  }
}
