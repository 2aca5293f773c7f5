/** The effects of a new version of a topology on the state of the old one. Pure. */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import type { NodeDescription, TopologyDescription } from './description.js'
import { goneStore, keptStore, type StoreChange, settingChanges } from './diff-stores.js'
import { kindInfo, settingsWith } from './kinds.js'
import { Lineage } from './lineage.js'
import type { DescribedVersion, TopologyChange } from './topology-change.js'

function version(description: TopologyDescription): DescribedVersion {
  const stores = new Map(description.stores.map((store) => [store.name, store]))
  return { description, lineage: new Lineage(description), stores }
}

/**
 * What deploying `after` does to the state of `before`: compares two descriptions, from `JSON.parse(describe(topology, 'json'))`. Changes that
 * lose something come first.
 */
export function diffTopologies(before: TopologyDescription, after: TopologyDescription): TopologyChange[] {
  requireDescription(before, 'first')
  requireDescription(after, 'second')
  const old = version(before)
  const next = version(after)
  const changes = [
    ...storeChanges(old, next),
    ...repartitionChanges(old, next),
    ...forgottenTimes(old, next),
    ...changedOperators(old, next),
  ]
  return [...changes.filter(({ loses }) => loses), ...changes.filter(({ loses }) => !loses)]
}

function requireDescription(given: unknown, place: string): void {
  const { subTopologies, stores } = (given ?? {}) as Partial<TopologyDescription>
  if (Array.isArray(subTopologies) && Array.isArray(stores)) return
  const text = `diffTopologies: the ${place} argument is ${kindOf(given)}, but no description: use JSON.parse(describe(topology, 'json'))`
  throw new MillraceError('TOPOLOGY_INPUT_INVALID', text)
}

function* storeChanges(old: DescribedVersion, next: DescribedVersion): Iterable<TopologyChange> {
  const added = new Set([...next.stores.keys()].filter((name) => !old.stores.has(name)))
  const named = (name: string, change: StoreChange): TopologyChange => {
    const [kind, loses, message] = change
    return { kind, what: 'store', name, loses, message }
  }
  for (const [name, store] of old.stores) {
    const now = next.stores.get(name)
    if (now !== undefined) {
      for (const change of keptStore(store, now, old, next)) yield named(name, change)
      continue
    }
    const successor = successorOf(name, added, old, next)
    if (successor !== null) added.delete(successor)
    yield named(name, goneStore(store, successor, old, next))
  }
  for (const name of added) yield named(name, ['added', false, 'begins empty'])
}

/** The new store that is filled by the same computation. */
function successorOf(
  name: string,
  added: ReadonlySet<string>,
  old: DescribedVersion,
  next: DescribedVersion,
): string | null {
  const owner = old.lineage.owner(name)
  if (owner === null) return null
  const shape = old.lineage.shape(owner)
  const { kind } = old.stores.get(name)!
  for (const candidate of added) {
    const filler = next.lineage.owner(candidate)
    if (filler === null || next.stores.get(candidate)!.kind !== kind) continue
    if (next.lineage.shape(filler) === shape) return candidate
  }
  return null
}

/** Serdes of what is written to an internal topic. */
function serdesOf(
  topic: string,
  { description }: DescribedVersion,
): NonNullable<NodeDescription['serdes']> | undefined {
  const nodes = description.subTopologies.flatMap((part) => part.nodes)
  return nodes.find(({ kind, topics }) => kind === 'sink' && topics?.includes(topic))?.serdes
}

function* repartitionChanges(old: DescribedVersion, next: DescribedVersion): Iterable<TopologyChange> {
  const now = new Map(next.description.repartitionTopics.map((topic) => [topic.name, topic]))
  const before = new Set(old.description.repartitionTopics.map(({ name }) => name))
  const what = 'repartition topic' as const
  for (const { name, partitions } of old.description.repartitionTopics) {
    const topic = now.get(name)
    if (topic === undefined) {
      const message = 'is no longer read: its unprocessed records are lost, so drain it first'
      yield { kind: 'orphaned', what, name, loses: true, message }
      continue
    }
    if (topic.partitions !== partitions) {
      const count = (n: number | null) => n ?? 'as many partitions as its sources have'
      const message = `had ${count(partitions)}, has ${count(topic.partitions)}: keys move away from their state`
      yield { kind: 'rekeyed', what, name, loses: true, message }
    }
    const serdes = serdesOf(name, old)
    const serdesNow = serdesOf(name, next)
    for (const which of ['key', 'value'] as const) {
      if (serdes === undefined || serdesNow === undefined || serdes[which] === serdesNow[which]) continue
      const message = `${which} serde was ${serdes[which]}, is ${serdesNow[which]}: drain it first`
      yield { kind: 'retyped', what, name, loses: true, message }
    }
  }
  for (const name of now.keys()) {
    if (!before.has(name)) yield { kind: 'added', what, name, loses: false, message: 'is created' }
  }
}

function* forgottenTimes(old: DescribedVersion, next: DescribedVersion): Iterable<TopologyChange> {
  const nodes = ({ description }: DescribedVersion) => description.subTopologies.flatMap((part) => part.nodes)
  const now = new Set(nodes(next).map(({ name }) => name))
  for (const node of nodes(old)) {
    // Both sides of a stream-stream join go by one time, under the name of the left; a join that never waits by none.
    const untimed = (node.settings.timeOf ?? node.name) !== node.name || node.settings.wait === null
    if (!kindInfo(node.kind).keepsTime || untimed || now.has(node.name)) continue
    const kept = node.stores.some((store) => next.stores.has(store))
    if (!kept) continue
    const message = 'is removed or renamed: its stream time starts again, so late records may be accepted'
    yield { kind: 'moved', what: 'operator', name: node.name, loses: false, message }
  }
}

function* changedOperators(old: DescribedVersion, next: DescribedVersion): Iterable<TopologyChange> {
  const nodes = ({ description }: DescribedVersion) => description.subTopologies.flatMap((part) => part.nodes)
  const now = new Map(nodes(next).map((node) => [node.name, node]))
  for (const node of nodes(old)) {
    const after = now.get(node.name)
    if (after?.kind !== node.kind) continue
    const message = settingChanges(node, after, settingsWith(node.kind, 'told', 'computationTold'))
    if (message !== null) yield { kind: 'changed', what: 'operator', name: node.name, loses: false, message }
  }
}
