/** Stores that reject writes: global stores, and stores that another node fills. */
import { MillraceError } from '../errors.js'
import { storeInfo } from './stores/index.js'
import type { LocalStore } from './stores/store-parts.js'

/** The same store, but what writes throws STATE_READ_ONLY. */
export function readOnly<S extends LocalStore>(store: S): S {
  const { writes } = storeInfo(store.definition)
  const { name } = store.definition
  return new Proxy(store, {
    get(target, property) {
      if (typeof property === 'string' && writes.includes(property)) return refuse(name)
      const value = Reflect.get(target, property, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** The one node that may write to a store; undefined: any that uses it. */
export function fillingNode(store: unknown): string | undefined {
  return (store as { readonly definition?: { readonly filledBy?: string } }).definition?.filledBy
}

/** `store` as `node` may use it: one that another node fills rejects writes. */
export function usableBy<S>(store: S, node: string): S {
  const filledBy = fillingNode(store)
  return filledBy === undefined || filledBy === node
    ? store
    : (readOnly(store as unknown as LocalStore) as unknown as S)
}

function refuse(name: string): () => never {
  return () => {
    throw new MillraceError('STATE_READ_ONLY', `store ${name} is read-only: write to its topic instead`)
  }
}
