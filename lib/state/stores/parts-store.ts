/** The information that every store gives about its parts. */
import { type DefinitionBase, isCached } from './store-info.js'
import type { StoreParts } from './store-parts.js'

export abstract class PartsStore<D extends DefinitionBase = DefinitionBase> {
  readonly parts: StoreParts<D>

  constructor(parts: StoreParts<D>) {
    this.parts = parts
  }

  get name(): string {
    return this.parts.definition.name
  }

  get definition() {
    return this.parts.definition
  }

  get cached(): boolean {
    return isCached(this.parts.definition)
  }

  get keepsHeaders(): boolean {
    return this.parts.keepsHeaders
  }

  get cache() {
    return this.parts.cache
  }
}
