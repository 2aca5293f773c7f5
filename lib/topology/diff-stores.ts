/** The changes of one store of the old version. */
import { STORES } from '../state/stores/index.js'
import type { StoreSettingRule } from '../state/stores/store-info.js'
import type { NodeDescription, StoreDescription } from './description.js'
import { type Settings, settingsWith } from './kinds.js'
import type { ChangeKind, DescribedVersion } from './topology-change.js'

export type StoreChange = readonly [kind: ChangeKind, loses: boolean, message: string]

export function goneStore(
  store: StoreDescription,
  successor: string | null,
  old: DescribedVersion,
  next: DescribedVersion,
): StoreChange {
  const { name, changelog } = store
  const left = changelog === 'own' ? `; topic <application id>-${name}-changelog is no longer used` : ''
  // What a source topic holds anyway can be read from it again under any name.
  const loses = changelog === null || changelog === 'own'
  if (successor === null) {
    const twin = twinOf(store, old, next)
    if (twin !== null) return ['orphaned', false, `is no longer used: store ${twin} has the same contents${left}`]
    return ['orphaned', loses, `is no longer used${left}`]
  }
  const begins = loses ? 'empty' : 'from its source topic'
  return ['renamed', loses, `its name is now ${successor}, and it starts ${begins}${left}`]
}

/** Another store that the same records fill, now and then: the two sides of a stream joined with itself. */
function twinOf(store: StoreDescription, old: DescribedVersion, next: DescribedVersion): string | null {
  const owner = old.lineage.owner(store.name)
  if (owner?.kind !== 'joinWindow') return null
  const shape = old.lineage.shape(owner)
  for (const [name, other] of old.stores) {
    const filler = old.lineage.owner(name)
    if (name === store.name || filler === null || other.kind !== store.kind || !next.stores.has(name)) continue
    if (old.lineage.shape(filler) === shape) return name
  }
  return null
}

/** Of all kinds: a description may come from a version in which the store was of another. */
const SETTINGS: ReadonlyMap<string, StoreSettingRule> = new Map(
  Object.values(STORES).flatMap(({ settings }) => Object.entries<StoreSettingRule>(settings)),
)

export function* keptStore(
  store: StoreDescription,
  now: StoreDescription,
  old: DescribedVersion,
  next: DescribedVersion,
): Iterable<StoreChange> {
  const reshaped = reshapedStore(store, old, next)
  let told = false
  for (const change of [...retypedStore(store, now, old), ...rekeyedStore(store, now, old, next)]) {
    told ||= change[1]
    yield change
  }
  if (reshaped !== null && !told) yield reshaped
  yield* changelogChange(store, now)
  const part = (of: DescribedVersion) =>
    of.description.subTopologies.find(({ stores }) => stores.includes(store.name))?.id
  if (part(old) === part(next)) return
  const loses = store.changelog === null
  const how = loses ? 'it has no changelog to rebuild from' : 'it is rebuilt from its changelog'
  yield ['moved', loses, `goes from sub-topology ${part(old)} to ${part(next)}: ${how}`]
}

function* retypedStore(store: StoreDescription, now: StoreDescription, old: DescribedVersion): Iterable<StoreChange> {
  yield* otherKind(store, now)
  if (store.value !== now.value) yield ['retyped', true, `value serde was ${store.value}, is ${now.value}`]
  // A join's windows are no part of what it keeps: another size only changes how long it is needed.
  const joins = old.lineage.owner(store.name)?.kind === 'joinWindow'
  const [before, after] = [store as unknown as Settings, now as unknown as Settings]
  for (const [name, rule] of SETTINGS) {
    if (rule === 'silent' || (joins && (name === 'windowSizeMs' || name === 'retentionMs'))) continue
    if ('label' in rule) {
      if (before[name] !== after[name]) yield ['retyped', true, `${rule.label} was ${before[name]}, is ${after[name]}`]
    } else if (store.kind === now.kind || name !== 'retentionMs') {
      yield* shortened(rule.bound, rule.unit, before[name] as number | null, after[name] as number | null)
    }
  }
}

function* otherKind(store: StoreDescription, now: StoreDescription): Iterable<StoreChange> {
  if (store.kind === now.kind) return
  const difference = `kind was ${store.kind}, is ${now.kind}`
  const rebuilt = Object.values(STORES).some(
    ({ savedAs, rebuiltFrom }) => savedAs === now.kind && rebuiltFrom.includes(store.kind),
  )
  if (!rebuilt) yield ['retyped', true, difference]
  else if (store.changelog === null) yield ['moved', true, `${difference}: it has no changelog to rebuild from`]
  else yield ['moved', false, `${difference}: it is rebuilt from its changelog`]
}

/** Null or omitted: without bounds. */
function* shortened(what: string, unit: string, was?: number | null, is?: number | null): Iterable<StoreChange> {
  const bounds = (bound?: number | null) => bound ?? Number.POSITIVE_INFINITY
  if (bounds(is) >= bounds(was)) return
  yield ['retyped', true, `${what} was ${was ?? 'none'}, is ${is} ${unit}`]
}

function* rekeyedStore(
  store: StoreDescription,
  now: StoreDescription,
  old: DescribedVersion,
  next: DescribedVersion,
): Iterable<StoreChange> {
  if (store.key !== now.key) yield ['rekeyed', true, `key serde was ${store.key}, is ${now.key}`]
  const keys = lostKeys(store.name, old, next)
  if (keys !== null) yield ['rekeyed', true, keys]
  const [count, countNow] = [partitionsOf(store.name, old), partitionsOf(store.name, next)]
  if (count === null || countNow === null || count === countNow) return
  yield ['rekeyed', true, `had ${count} partitions, has ${countNow}: keys move away from their state`]
}

/** Null: as many as the topics of others have. */
function partitionsOf(store: string, { description }: DescribedVersion): number | null {
  const counts = new Map(description.repartitionTopics.map(({ name, partitions }) => [name, partitions]))
  const part = description.subTopologies.find(({ stores }) => stores.includes(store))
  const topics = (part?.nodes ?? []).flatMap(({ kind, topics }) => (kind === 'source' ? (topics ?? []) : []))
  const known = topics.map((topic) => counts.get(topic) ?? null)
  return known.reduce<number | null>((most, n) => (n === null || most === null ? null : Math.max(most, n)), 0) || null
}

/** Keys that came in before and come in no more, said in words; null: none. */
function lostKeys(store: string, old: DescribedVersion, next: DescribedVersion): string | null {
  const keys = (of: DescribedVersion) => new Set(fillers(store, of).flatMap((node) => [...of.lineage.keys(node)]))
  const now = keys(next)
  const gone = [...keys(old)].filter((origin) => !now.has(origin))
  if (gone.length === 0 || now.size === 0) return null
  return `keys came from ${gone.join(' and ')}, come from ${[...now].join(' and ')}`
}

/** The node that owns a store, and others of its kind that use it: a cogroup has one for each of its streams. */
function fillers(store: string, { lineage, description }: DescribedVersion): NodeDescription[] {
  const owner = lineage.owner(store)
  return description.subTopologies.flatMap(({ nodes }) =>
    nodes.filter(({ kind, stores }) => kind === owner?.kind && stores.includes(store)),
  )
}

const GENERATED = /-[0-9]{10}(-store)?$/

/** The store is filled by another computation than before; null: by the same. */
function reshapedStore({ name }: StoreDescription, old: DescribedVersion, next: DescribedVersion): StoreChange | null {
  const before = old.lineage.owner(name)
  const after = next.lineage.owner(name)
  if (before === null || after === null) return null
  const shapes = (of: DescribedVersion) => fillers(name, of).map((node) => of.lineage.shape(node))
  if (shapes(old).sort().join() === shapes(next).sort().join()) return null
  const heir = heirOf(name, old.lineage.shape(before), old, next)
  if (heir !== null)
    return ['retyped', true, `its computation now fills ${heir}, and it has the rows of another computation`]
  if (GENERATED.test(name) && old.lineage.outline(before) !== next.lineage.outline(after)) {
    return ['retyped', true, 'another computation now has its generated name, with the rows of the old one']
  }
  const windows = otherWindows(before, after)
  if (windows !== null) return ['retyped', true, windows]
  const named = settingsWith(after.kind, 'toldWithStore', 'computationToldWithStore')
  const how = settingChanges(before, after, named) ?? 'its input comes from other operators'
  return ['changed', false, `is filled in another way from now on, its contents stay: ${how}`]
}

/** Another store that is filled now by what filled `name` before, and was not before. */
function heirOf(name: string, shape: string, old: DescribedVersion, next: DescribedVersion): string | null {
  for (const other of next.stores.keys()) {
    const filler = other === name ? null : next.lineage.owner(other)
    if (filler === null || next.lineage.shape(filler) !== shape) continue
    const was = old.stores.has(other) ? old.lineage.owner(other) : null
    if (was === null || old.lineage.shape(was) !== shape) return other
  }
  return null
}

type Windows = Readonly<Record<string, unknown>>

/** Rows of windows that are cut otherwise are taken for whole ones. Grace and the gap of sessions cut nothing. */
function otherWindows(before: NodeDescription, after: NodeDescription): string | null {
  const was = before.settings.windows as Windows | undefined
  const is = after.settings.windows as Windows | undefined
  if (was === undefined || is === undefined || is.kind === 'session') return null
  const same = (['kind', 'sizeMs', 'advanceMs', 'startMs', 'timeDifferenceMs'] as const).every(
    (name) => was[name] === is[name],
  )
  return same ? null : `windows were ${JSON.stringify(was)}, are ${JSON.stringify(is)}`
}

/** What changed of the settings named, in words; null: nothing. */
export function settingChanges(was: NodeDescription, is: NodeDescription, names: readonly string[]): string | null {
  const said = (value: unknown) => JSON.stringify(value) ?? 'none'
  const changed = names.filter((name) => said(was.settings[name]) !== said(is.settings[name]))
  if (changed.length === 0) return null
  return changed.map((name) => `${name} was ${said(was.settings[name])}, is ${said(is.settings[name])}`).join(', ')
}

function* changelogChange(store: StoreDescription, now: StoreDescription): Iterable<StoreChange> {
  if (JSON.stringify(store.changelog) === JSON.stringify(now.changelog)) return
  if (now.changelog === 'own') {
    yield ['moved', true, 'its own changelog is new and starts empty']
  } else if (now.changelog === null) {
    yield ['moved', true, 'no longer has a changelog: if the disk is lost, its contents are lost']
  } else {
    yield ['moved', false, `is rebuilt from topic ${now.changelog.source}, which must be compacted`]
  }
}
