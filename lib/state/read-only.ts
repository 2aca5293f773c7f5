/** Stores that refuse writes: how operators are given global stores. */
import { MillraceError } from '../errors.js'
import type { Store } from './task-state.js'

const WRITES: readonly (string | symbol)[] = ['put', 'putIfAbsent', 'delete']

/** The same store, but what writes throws STATE_READ_ONLY. */
export function readOnly(store: Store): Store {
  return new Proxy(store, {
    get(target, property) {
      if (WRITES.includes(property)) return refuse(target.name)
      const value = Reflect.get(target, property, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function refuse(name: string): () => never {
  return () => {
    throw new MillraceError('STATE_READ_ONLY', `store ${name} is global and only its topic changes it`)
  }
}
