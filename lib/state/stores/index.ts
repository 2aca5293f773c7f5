/** Every kind of store: one row each. A store definition is the definition of one of these rows. */
import { MillraceError } from '../../errors.js'
import type { CommittedView } from '../committed/view.js'
import { joinWindowInfo } from './join-window-store.js'
import { keyValueInfo, timestampedKeyValueInfo } from './key-value-kinds.js'
import { sessionInfo } from './session-store.js'
import type { DefinitionBase, StoreInfo } from './store-info.js'
import type { LocalStore } from './store-parts.js'
import { streamBufferInfo } from './stream-buffer-store.js'
import { subscriptionInfo } from './subscription-store.js'
import { suppressBufferInfo } from './suppress-buffer-store.js'
import { timersInfo } from './timers-store.js'
import { unmatchedInfo } from './unmatched-store.js'
import { versionedInfo } from './versioned-store.js'
import { windowInfo } from './window-store.js'

const ROWS = {
  keyValue: keyValueInfo,
  timestampedKeyValue: timestampedKeyValueInfo,
  window: windowInfo,
  session: sessionInfo,
  versioned: versionedInfo,
  joinWindow: joinWindowInfo,
  unmatched: unmatchedInfo,
  streamBuffer: streamBufferInfo,
  subscription: subscriptionInfo,
  suppressBuffer: suppressBufferInfo,
  timers: timersInfo,
}

/** The kind of a state store. */
export type StoreKind = keyof typeof ROWS

type Row = (typeof ROWS)[StoreKind]

/** A state store as declared, by its kind; every task of the sub-topology has its own instance. */
export type StoreDefinition = Row extends infer R ? (R extends StoreInfo<infer D> ? D : never) : never

/** The compiler holds it complete, and each row under the name of its kind. */
export const STORES: { readonly [K in StoreKind]: StoreInfo<Extract<StoreDefinition, { readonly kind: K }>> } = ROWS

export function storeInfo({ kind }: Pick<DefinitionBase, 'kind'>): StoreInfo {
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
