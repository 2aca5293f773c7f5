/** Stores that are declared at the processor that uses them (KIP-401) instead of by name before. */

import type { StoreDefinition } from '../state/stores/index.js'
import { type StoreOptions, storeDefinition } from './store-definition.js'

/** The name of a store that is added elsewhere, or the options of one, which add it: the same object is the same store. */
export type UsedStore = string | StoreOptions<unknown, unknown>

export interface UsedStores {
  readonly names: readonly string[]
  /** Of those given by their options. */
  readonly definitions: readonly StoreDefinition[]
}

/** The stores of one builder that were declared by options. */
export class DeclaredStores {
  readonly #definitions = new Map<StoreOptions<unknown, unknown>, StoreDefinition>()

  /** @throws MillraceError CONFIG_INVALID if an option does not fit the kind of store */
  define(options: StoreOptions<unknown, unknown>): StoreDefinition {
    const known = this.#definitions.get(options)
    if (known !== undefined) return known
    const definition = storeDefinition(options)
    this.#definitions.set(options, definition)
    return definition
  }

  used(stores: readonly UsedStore[] = []): UsedStores {
    const definitions = stores.flatMap((store) => (typeof store === 'string' ? [] : [this.define(store)]))
    return {
      names: Object.freeze(stores.map((store) => (typeof store === 'string' ? store : store.name))),
      definitions,
    }
  }
}
