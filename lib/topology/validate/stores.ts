/** Validation of state stores. */
import { MillraceError } from '../../errors.js'
import { type StoreDefinition, storeInfo } from '../../state/stores/index.js'
import { leastRetentionMs } from '../../windows/close.js'
import type { StreamTableJoinNode } from '../join-nodes.js'
import type { Node } from '../node.js'
import { checkRetention, requireKind } from '../store-definition.js'
import type { Topology } from '../topology.js'

const LEGAL_STORE_NAME = /^[A-Za-z0-9._-]{1,200}$/

function checkDefinition(store: StoreDefinition, seen: Set<string>): void {
  if (!LEGAL_STORE_NAME.test(store.name)) {
    throw new MillraceError(
      'TOPOLOGY_NAME_INVALID',
      `store name "${store.name}" must be 1 to 200 letters, digits, dots, dashes or underscores`,
    )
  }
  if (seen.has(store.name)) {
    throw new MillraceError('TOPOLOGY_NAME_DUPLICATE', `two stores have the name ${store.name}`)
  }
  seen.add(store.name)
  requireKind(store)
  if (store.engine !== 'level' && store.engine !== 'memory') {
    throw new MillraceError('CONFIG_INVALID', `store ${store.name}: engine is level or memory, not ${store.engine}`)
  }
  for (const which of ['keySerde', 'valueSerde'] as const) {
    if (typeof store[which]?.serialize !== 'function') {
      const option = which === 'keySerde' ? 'key' : 'value'
      throw new MillraceError('TOPOLOGY_SERDE_MISSING', `store ${store.name} has no ${option} serde`)
    }
  }
  checkRetention(store)
}

function retentionOf(store: StoreDefinition): number | null {
  return 'retentionMs' in store ? store.retentionMs : null
}

/** How long a node needs its windows kept, ms; null where it has none. An unlimited window is never done with. */
function leastRetentionOf(node: Node): number | null {
  if (node.kind === 'sessionAggregate' || node.kind === 'slidingAggregate') return leastRetentionMs(node.windows)
  if (node.kind !== 'windowAggregate') return null
  return node.windows.kind === 'time' ? leastRetentionMs({ ...node.windows, kind: 'time' }) : Number.POSITIVE_INFINITY
}

function checkUse(node: Node, stores: ReadonlyMap<string, StoreDefinition>, globals: ReadonlySet<string>): void {
  if (node.stores.length > 0 && (node.kind === 'source' || node.kind === 'sink')) {
    const message = `${node.kind} ${node.name} cannot be connected to store ${node.stores[0]}: connect a processor`
    throw new MillraceError('TOPOLOGY_INPUT_INVALID', message, { node: node.name })
  }
  for (const name of node.stores) {
    if (stores.has(name)) continue
    const message = globals.has(name)
      ? `node ${node.name} must not be connected to the global store ${name}: every node can read it`
      : `node ${node.name} uses the unknown store ${name}`
    throw new MillraceError('TOPOLOGY_STORE_UNKNOWN', message, { node: node.name })
  }
  if (node.kind === 'streamTableJoin') checkHistory(node, stores)
  const least = leastRetentionOf(node)
  if (least === null) return
  for (const name of node.stores) {
    if (node.wrapping?.stores.includes(name)) continue
    const retentionMs = retentionOf(stores.get(name)!)
    if (retentionMs !== null && retentionMs < least) {
      throw new MillraceError(
        'TOPOLOGY_RETENTION_TOO_SHORT',
        `store ${name} has retention ${retentionMs} ms, but node ${node.name} needs at least ${least} ms (window and grace)`,
        { node: node.name },
      )
    }
  }
}

/** Timers fire into one processor. */
function checkTimers(topology: Topology): void {
  for (const store of topology.stores) {
    if (storeInfo(store).port !== 'timers') continue
    const { name } = store
    const users = topology.nodes.filter(({ stores }) => stores.includes(name))
    if (users.length <= 1 && users.every((node) => node.kind === 'process')) continue
    throw new MillraceError(
      'TOPOLOGY_TIMERS_SHARED',
      `timer store ${name} must have one processor, but is connected to ${users.map((node) => node.name).join(', ')}`,
    )
  }
}

/** A restore repeats what fills a read-only store: it must depend on nothing else. */
function checkFillers(topology: Topology): void {
  for (const { name, filledBy } of topology.stores) {
    const others = topology.nodes.find((node) => node.name === filledBy)?.stores.filter((store) => store !== name) ?? []
    if (others.length === 0) continue
    throw new MillraceError(
      'TOPOLOGY_GLOBAL_PROCESSOR',
      `node ${filledBy} fills the read-only store ${name} and cannot use others: ${others.join(', ')}`,
    )
  }
}

/** A record that waited must find the version that stood at its time. */
function checkHistory(node: StreamTableJoinNode, stores: ReadonlyMap<string, StoreDefinition>): void {
  if (node.wait === null) return
  for (const name of node.stores) {
    const store = stores.get(name)!
    if (node.wrapping?.stores.includes(name)) continue
    const retentionMs = retentionOf(store)
    if (storeInfo(store).port !== 'versioned' || retentionMs! >= node.wait.graceMs) continue
    throw new MillraceError(
      'TOPOLOGY_RETENTION_TOO_SHORT',
      `store ${name} has ${retentionMs} ms of history, but join ${node.name} has graceMs ${node.wait.graceMs}`,
      { node: node.name },
    )
  }
}

/** @throws MillraceError TOPOLOGY_NAME_*, TOPOLOGY_SERDE_MISSING, TOPOLOGY_STORE_UNKNOWN, TOPOLOGY_RETENTION_TOO_SHORT */
export function checkStores(topology: Topology): void {
  const seen = new Set<string>()
  for (const store of topology.stores) checkDefinition(store, seen)
  for (const global of topology.globalStores) {
    checkDefinition(global.store, seen)
    if (!('ttlMs' in global.store) || global.store.ttlMs === undefined) continue
    throw new MillraceError(
      'CONFIG_INVALID',
      `global store ${global.store.name} cannot have ttlMs, because its topic is its changelog`,
    )
  }
  const stores = new Map(topology.stores.map((store) => [store.name, store]))
  checkTimers(topology)
  checkFillers(topology)
  const globals = new Set(topology.globalStores.map((global) => global.store.name))
  for (const node of topology.nodes) {
    checkUse(node, stores, globals)
    if (node.kind === 'streamGlobalTableJoin' && !globals.has(node.store)) {
      throw new MillraceError(
        'TOPOLOGY_STORE_UNKNOWN',
        `node ${node.name} joins the unknown global table ${node.store}`,
        {
          node: node.name,
        },
      )
    }
  }
}
