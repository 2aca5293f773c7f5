/** What deploying a new version of a topology would do to the state of the old one. Pure. */
import type { StoreDescription, TopologyDescription } from './description.js'
import { Lineage } from './lineage.js'

export type ChangeKind =
  /** State nobody reads any more. */
  | 'orphaned'
  /** The same computation under another name: it begins anew, and the old state is orphaned. */
  | 'renamed'
  /** State whose keys, or their partitions, are no longer those that come in. */
  | 'rekeyed'
  /** State the new version would read as what it is not. */
  | 'retyped'
  /** State that is rebuilt from another topic, or whose time is forgotten. Nothing is lost. */
  | 'moved'
  | 'added'

export interface TopologyChange {
  readonly kind: ChangeKind
  readonly what: 'store' | 'repartition topic' | 'operator'
  readonly name: string
  /** True where state, or records on their way, would be lost or misread. */
  readonly loses: boolean
  readonly message: string
}

interface Version {
  readonly description: TopologyDescription
  readonly lineage: Lineage
  readonly stores: ReadonlyMap<string, StoreDescription>
}

function version(description: TopologyDescription): Version {
  const stores = new Map(description.stores.map((store) => [store.name, store]))
  return { description, lineage: new Lineage(description), stores }
}

/** Changes that lose something come first. */
export function diffTopologies(before: TopologyDescription, after: TopologyDescription): TopologyChange[] {
  const old = version(before)
  const next = version(after)
  const changes = [...storeChanges(old, next), ...repartitionChanges(old, next), ...forgottenTimes(old, next)]
  return [...changes.filter(({ loses }) => loses), ...changes.filter(({ loses }) => !loses)]
}

function* storeChanges(old: Version, next: Version): Iterable<TopologyChange> {
  const added = new Set([...next.stores.keys()].filter((name) => !old.stores.has(name)))
  for (const [name, store] of old.stores) {
    const now = next.stores.get(name)
    if (now !== undefined) {
      yield* keptStore(store, now, old, next)
      continue
    }
    const successor = successorOf(name, added, old, next)
    if (successor !== null) added.delete(successor)
    yield goneStore(store, successor)
  }
  for (const name of added) {
    yield { kind: 'added', what: 'store', name, loses: false, message: 'begins empty' }
  }
}

function goneStore(store: StoreDescription, successor: string | null): TopologyChange {
  const { name, changelog } = store
  const left = changelog === 'own' ? `; topic <application id>-${name}-changelog is left behind` : ''
  // What a source topic holds anyway can be read from it again under any name.
  const loses = changelog === null || changelog === 'own'
  const what = 'store' as const
  if (successor === null) return { kind: 'orphaned', what, name, loses, message: `is used no more${left}` }
  const message = `is now called ${successor}, which begins ${loses ? 'empty' : 'from its source topic'}${left}`
  return { kind: 'renamed', what, name, loses, message }
}

/** The new store that is filled by the same computation. */
function successorOf(name: string, added: ReadonlySet<string>, old: Version, next: Version): string | null {
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

function* keptStore(store: StoreDescription, now: StoreDescription, old: Version, next: Version) {
  const { name } = store
  const change = (kind: ChangeKind, loses: boolean, message: string): TopologyChange => {
    return { kind, what: 'store', name, loses, message }
  }
  for (const what of ['kind', 'value', 'windowSizeMs'] as const) {
    if (store[what] === now[what]) continue
    // Both key-value kinds have one changelog format.
    if (what === 'kind' && isKeyValue(store) && isKeyValue(now)) continue
    yield change('retyped', true, `${LABELS[what]} was ${store[what]}, is ${now[what]}`)
  }
  if (store.key !== now.key) yield change('rekeyed', true, `key serde was ${store.key}, is ${now.key}`)
  const keys = lostKeys(name, old, next)
  if (keys !== null) yield change('rekeyed', true, keys)
  if (now.retentionMs !== null && (store.retentionMs === null || now.retentionMs < store.retentionMs)) {
    yield change('retyped', true, `retention was ${store.retentionMs ?? 'for good'}, is ${now.retentionMs} ms`)
  }
  yield* changelogChange(store, now, change)
  const part = (of: Version) => of.description.subTopologies.find(({ stores }) => stores.includes(name))?.id
  if (part(old) !== part(next)) {
    const loses = store.changelog === null
    const how = loses ? 'it has no changelog to be rebuilt from' : 'it is rebuilt from its changelog'
    yield change('moved', loses, `goes from sub-topology ${part(old)} to ${part(next)}: ${how}`)
  }
}

const LABELS = { kind: 'kind', value: 'value serde', windowSizeMs: 'window size in ms' }

function isKeyValue({ kind }: StoreDescription): boolean {
  return kind === 'keyValue' || kind === 'timestampedKeyValue'
}

/** Keys that came in before and come in no more, said in words; null: none. */
function lostKeys(store: string, old: Version, next: Version): string | null {
  const before = old.lineage.owner(store)
  const after = next.lineage.owner(store)
  if (before === null || after === null) return null
  const now = next.lineage.keys(after)
  const gone = [...old.lineage.keys(before)].filter((origin) => !now.has(origin))
  return gone.length === 0 ? null : `keys came from ${gone.join(' and ')}, come from ${[...now].join(' and ')}`
}

function* changelogChange(
  store: StoreDescription,
  now: StoreDescription,
  change: (kind: ChangeKind, loses: boolean, message: string) => TopologyChange,
): Iterable<TopologyChange> {
  const before = JSON.stringify(store.changelog)
  if (before === JSON.stringify(now.changelog)) return
  if (now.changelog === 'own') {
    yield change('moved', true, 'its own changelog, which it did not write so far, begins empty')
  } else if (now.changelog === null) {
    yield change('moved', true, 'has no changelog any more: a lost disk loses it')
  } else {
    yield change('moved', false, `is rebuilt from topic ${now.changelog.source}, which must be compacted`)
  }
}

function* repartitionChanges(old: Version, next: Version): Iterable<TopologyChange> {
  const now = new Map(next.description.repartitionTopics.map((topic) => [topic.name, topic]))
  const before = new Set(old.description.repartitionTopics.map(({ name }) => name))
  const what = 'repartition topic' as const
  for (const { name, partitions } of old.description.repartitionTopics) {
    const topic = now.get(name)
    if (topic === undefined) {
      const message = 'is read no more: records in it that are not processed yet are lost, let it drain first'
      yield { kind: 'orphaned', what, name, loses: true, message }
    } else if (topic.partitions !== partitions) {
      const count = (n: number | null) => n ?? 'as many partitions as its sources have'
      const message = `had ${count(partitions)}, has ${count(topic.partitions)}: keys move away from their state`
      yield { kind: 'rekeyed', what, name, loses: true, message }
    }
  }
  for (const name of now.keys()) {
    if (!before.has(name)) yield { kind: 'added', what, name, loses: false, message: 'is created' }
  }
}

/** Operators that keep a time of their own under their name, which travels in the committed offsets. */
const TIMED = new Set(['windowAggregate', 'slidingAggregate', 'sessionAggregate', 'streamJoin', 'suppress'])

function* forgottenTimes(old: Version, next: Version): Iterable<TopologyChange> {
  const nodes = ({ description }: Version) => description.subTopologies.flatMap((part) => part.nodes)
  const now = new Set(nodes(next).map(({ name }) => name))
  for (const node of nodes(old)) {
    if (!TIMED.has(node.kind) || now.has(node.name)) continue
    const kept = node.stores.some((store) => next.stores.has(store))
    if (!kept) continue
    const message = 'is gone or has another name: its stream time begins anew, so records that were late may be taken'
    yield { kind: 'moved', what: 'operator', name: node.name, loses: false, message }
  }
}
