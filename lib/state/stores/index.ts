/** Every kind of store: one row each. A store definition is the definition of one of these rows. */
import { MillraceError } from '../../errors.js'
import type { CommittedView } from '../committed/view.js'
import { joinWindow } from './join-window-store.js'
import { keyValue, timestampedKeyValue } from './key-value-kinds.js'
import { session } from './session-store.js'
import type { StoreBase, StoreInfo } from './store-info.js'
import type { LocalStore } from './store-parts.js'
import { streamBuffer } from './stream-buffer-store.js'
import { subscription } from './subscription-store.js'
import { suppressBuffer } from './suppress-buffer-store.js'
import { timers } from './timers-store.js'
import { unmatched } from './unmatched-store.js'
import { versioned } from './versioned-store.js'
import { window } from './window-store.js'

const ROWS = {
  keyValue,
  timestampedKeyValue,
  window,
  session,
  versioned,
  joinWindow,
  unmatched,
  streamBuffer,
  subscription,
  suppressBuffer,
  timers,
}

export type StoreKind = keyof typeof ROWS

type Row = (typeof ROWS)[StoreKind]

/** A state store as declared, by its kind; every task of the sub-topology has its own instance. */
export type StoreDefinition = Row extends infer R ? (R extends StoreInfo<infer D> ? D : never) : never

/** The compiler holds it complete, and each row under the name of its kind. */
export const STORES: { readonly [K in StoreKind]: StoreInfo<Extract<StoreDefinition, { readonly kind: K }>> } = ROWS

export function storeInfo({ kind }: Pick<StoreBase, 'kind'>): StoreInfo {
  return STORES[kind as StoreKind]
}

/** @throws MillraceError QUERY_STORE_KIND for a store without rows */
export function committedView(store: LocalStore): CommittedView {
  const { committed } = storeInfo(store.definition)
  if (typeof committed !== 'string') return committed(store)
  throw new MillraceError(
    'QUERY_STORE_KIND',
    `store ${store.definition.name} contains ${committed}: it cannot be queried`,
  )
}
