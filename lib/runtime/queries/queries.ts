/** Queries of an instance's stores from outside its topology: the committed view of every task it runs. */
import { isMillraceError, MillraceError } from '../../errors.js'
import type { TaskId } from '../../record/task-id.js'
import type { Serde } from '../../serde/serde.js'
import type { KeyBounds } from '../../state/committed/key-bounds.js'
import type { CommittedVersions, HistoryOptions } from '../../state/committed/versions.js'
import type {
  CommittedKeyValue,
  CommittedSessions,
  CommittedView,
  CommittedWindows,
  ScanOptions,
} from '../../state/committed/view.js'
import type { Row, SessionRow, WindowRow } from '../../state/ports/ordered.js'
import type { Session, ValueAndTimestamp, WindowEntry } from '../../state/ports/store.js'
import type { Version } from '../../state/ports/versioned.js'
import type { GlobalStores } from '../global-stores.js'
import type { TaskSet } from '../tasks/task-set.js'
import { type QueryOptions, requirePosition, type StoreMetadata } from './query-bound.js'

/**
 * Committed rows of a key-value store, as far as its partitions run on this instance. A key of another instance's partition is not
 * found.
 */
export interface QueryableKeyValueStore<K, V> {
  /** The row of `key`, or null. */
  get(key: K): Promise<ValueAndTimestamp<V> | null>
  /** All rows, task by task; within a task in the order of serialised keys. */
  all(options?: ScanOptions): AsyncIterable<Row<K, V>>
  /** Rows with from <= key <= to in the order of serialised keys; null leaves that end open. */
  range(from: K | null, to: K | null, options?: ScanOptions): AsyncIterable<Row<K, V>>
  /** Rows whose serialised key begins with `prefix`. */
  prefixScan(prefix: Buffer): AsyncIterable<Row<K, V>>
  /** The same, with the bytes that `serde` makes of `prefix`. */
  prefixScan<P>(prefix: P, serde: Serde<P>, options?: ScanOptions): AsyncIterable<Row<K, V>>
}

/** Committed rows of a versioned store. The methods of {@link QueryableKeyValueStore} read the latest versions. */
export interface QueryableVersionedStore<K, V> extends QueryableKeyValueStore<K, V> {
  /** The version that was valid at `asOfMs`; null if there was none, or if that is longer ago than the history. */
  getAsOf(key: K, asOfMs: number): Promise<Version<V> | null>
  /** The versions that were valid at some time from `fromMs` to `toMs`, both inclusive, oldest first. Deletions are omitted. */
  history(key: K, options?: HistoryOptions): Promise<readonly Version<V>[]>
}

/** Committed rows of a window store, as far as its partitions run on this instance. */
export interface QueryableWindowStore<K, V> {
  /** The row of one window, or null. */
  get(key: K, startMs: number): Promise<ValueAndTimestamp<V> | null>
  /** Rows of one key with fromMs <= start <= toMs, ascending. */
  fetch(key: K, fromMs: number, toMs: number, options?: ScanOptions): Promise<readonly WindowEntry<V>[]>
  /** Rows with fromMs <= start <= toMs, of all keys or of a range of them; task by task, by start, then key. */
  fetchAll(fromMs: number, toMs: number, options?: ScanOptions & KeyBounds<K>): AsyncIterable<WindowRow<K, V>>
}

/** Committed rows of a session store, as far as its partitions run on this instance. */
export interface QueryableSessionStore<K, V> {
  /** The value of one session, or null. */
  get(key: K, startMs: number, endMs: number): Promise<V | null>
  /** Sessions of one key, ascending by end, then start. */
  fetch(key: K, options?: ScanOptions): Promise<readonly Session<V>[]>
  /** The same, for sessions with end >= earliestEndMs and start <= latestStartMs. */
  find(key: K, earliestEndMs: number, latestStartMs: number, options?: ScanOptions): Promise<readonly Session<V>[]>
  /** Sessions with fromMs <= end <= toMs, of all keys or of a range of them; task by task, by end, then start, then key. */
  fetchAll(fromMs: number, toMs: number, options?: ScanOptions & KeyBounds<K>): AsyncIterable<SessionRow<K, V>>
}

/** The parts of an open instance that reads need. */
export interface Readable {
  readonly tasks: Pick<TaskSet, 'holders'>
  readonly globals: Pick<GlobalStores, 'committed'>
  /** Tasks with the store that belong here and cannot be read yet. */
  readonly instance: { opening(store: string): readonly TaskId[] }
}

/**
 * Reads of an instance's stores from outside its topology, from {@link Streams.queries}. A read sees one commit of each task, never
 * part of one. `options` apply to each read of the store that a method returns; each read may reject with QUERY_STORE_UNKNOWN,
 * QUERY_STORE_KIND, QUERY_STORE_NOT_READY, QUERY_POSITION_BEHIND, and with STREAMS_STATE after the instance has closed or failed.
 */
export class Queries {
  readonly #open: () => Readable
  readonly #stores: ReadonlySet<string>

  /** `open`: what runs now, asked at each read, for an instance may be replaced. It throws where nothing does. @internal */
  constructor(stores: ReadonlySet<string>, open: () => Readable) {
    this.#stores = stores
    this.#open = open
  }

  /** A key-value store, a table's for instance. */
  keyValue<K, V>(name: string, options: QueryOptions = {}): QueryableKeyValueStore<K, V> {
    const views = () => this.#views<CommittedKeyValue<K, V>>(name, 'keyValue', options)
    return {
      get: async (key) => firstRow(name, views(), (view) => view.get(key)),
      all: (scan) => chain(name, views, (view) => view.all(scan), scan),
      range: (from, to, scan) => chain(name, views, (view) => view.range(from, to, scan), scan),
      prefixScan: <P = Buffer>(prefix: P, serde?: Serde<P>, scan?: ScanOptions) =>
        chain(name, views, (view) => view.prefixScan(prefix, serde, scan), scan),
    }
  }

  /** A versioned store. */
  versions<K, V>(name: string, options: QueryOptions = {}): QueryableVersionedStore<K, V> {
    const views = () =>
      this.#views<CommittedKeyValue<K, V>>(name, 'keyValue', options).map((view) => {
        if (!('getAsOf' in view)) throw wrongKind(name, 'key-value', 'versioned')
        return view as CommittedVersions<K, V>
      })
    return {
      ...this.keyValue<K, V>(name, options),
      getAsOf: async (key, asOfMs) => firstRow(name, views(), (view) => view.getAsOf(key, asOfMs)),
      history: async (key, history) => firstList(name, views(), (view) => view.history(key, history)),
    }
  }

  /** A window store. */
  windows<K, V>(name: string, options: QueryOptions = {}): QueryableWindowStore<K, V> {
    const views = () => this.#views<CommittedWindows<K, V>>(name, 'window', options)
    return {
      get: async (key, startMs) => firstRow(name, views(), (view) => view.get(key, startMs)),
      fetch: async (key, fromMs, toMs, scan) => firstList(name, views(), (view) => view.fetch(key, fromMs, toMs, scan)),
      fetchAll: (fromMs, toMs, scan) => chain(name, views, (view) => view.fetchAll(fromMs, toMs, scan), scan),
    }
  }

  /** A session store. */
  sessions<K, V>(name: string, options: QueryOptions = {}): QueryableSessionStore<K, V> {
    const views = () => this.#views<CommittedSessions<K, V>>(name, 'session', options)
    return {
      get: async (key, startMs, endMs) => firstRow(name, views(), (view) => view.get(key, startMs, endMs)),
      fetch: async (key, scan) => firstList(name, views(), (view) => view.find(key, 0, Number.POSITIVE_INFINITY, scan)),
      find: async (key, earliestEndMs, latestStartMs, scan) =>
        firstList(name, views(), (view) => view.find(key, earliestEndMs, latestStartMs, scan)),
      fetchAll: (fromMs, toMs, scan) => chain(name, views, (view) => view.fetchAll(fromMs, toMs, scan), scan),
    }
  }

  /** The partitions of a store that this instance has, and the position of each. @throws MillraceError QUERY_STORE_UNKNOWN */
  metadata(name: string): StoreMetadata {
    const open = this.#open()
    const global = open.globals.committed(name) !== null
    if (!global) this.#requireStore(name)
    const holders = open.tasks.holders(name)
    const tasks = holders.map(({ taskId, position }) => ({
      taskId: taskId.text,
      partition: taskId.partition,
      position,
    }))
    return { store: name, global, tasks }
  }

  #requireStore(name: string): void {
    if (this.#stores.has(name)) return
    throw new MillraceError('QUERY_STORE_UNKNOWN', `the topology has no store ${name}`)
  }

  /** An answer without the rows of a task that is being restored would say that they do not exist. */
  #requireOpen({ instance }: Readable, name: string, partitions: readonly number[] | undefined): void {
    const opening = instance
      .opening(name)
      .filter((taskId) => partitions === undefined || partitions.includes(taskId.partition))
    if (opening.length === 0) return
    const named =
      opening.length > 5 ? `${opening.slice(0, 5).join(', ')} and ${opening.length - 5} more` : opening.join(', ')
    throw new MillraceError(
      'QUERY_STORE_NOT_READY',
      `store ${name} cannot be read yet: tasks ${named} are being opened`,
      {
        retriable: true,
      },
    )
  }

  #views<View extends CommittedView>(name: string, kind: View['kind'], options: QueryOptions): View[] {
    const { partitions } = options
    const open = this.#open()
    const global = open.globals.committed(name)
    if (global !== null) return asKind<View>(name, kind, [global])
    this.#requireStore(name)
    this.#requireOpen(open, name, partitions)
    const holders = open.tasks
      .holders(name)
      .filter(({ taskId }) => partitions === undefined || partitions.includes(taskId.partition))
    requirePosition(name, holders, options)
    return asKind<View>(
      name,
      kind,
      holders.map(({ view }) => view),
    )
  }
}

function asKind<View extends CommittedView>(name: string, kind: View['kind'], views: readonly CommittedView[]): View[] {
  for (const view of views) if (view.kind !== kind) throw wrongKind(name, view.kind, kind)
  return views as View[]
}

function wrongKind(name: string, is: string, asked: string): MillraceError {
  return new MillraceError('QUERY_STORE_KIND', `store ${name} is a ${is} store, not a ${asked} store`)
}

async function* chain<View, Entry>(
  store: string,
  views: () => readonly View[],
  read: (view: View) => AsyncIterable<Entry>,
  scan: ScanOptions | undefined,
) {
  const tasks = [...views()]
  if (scan?.reverse === true) tasks.reverse()
  try {
    for (const view of tasks) yield* read(view)
  } catch (error) {
    throw notReadyAfter(store, error)
  }
}

/** A key lives in one task: the first that has something has all. */
function firstRow<View, Row>(store: string, views: readonly View[], read: (view: View) => Promise<Row | null>) {
  return firstFound(store, views, read, (row) => row !== null, null)
}

function firstList<View, Entry>(
  store: string,
  views: readonly View[],
  read: (view: View) => Promise<readonly Entry[]>,
) {
  return firstFound(store, views, read, (entries) => entries.length > 0, [])
}

/** The first answer with something in it; `nothing` where no task has any. */
async function firstFound<View, Answer>(
  store: string,
  views: readonly View[],
  read: (view: View) => Promise<Answer>,
  isFound: (answer: Answer) => boolean,
  nothing: Answer,
): Promise<Answer> {
  try {
    for (const view of views) {
      const answer = await read(view)
      if (isFound(answer)) return answer
    }
    return nothing
  } catch (error) {
    throw notReadyAfter(store, error)
  }
}

/** What befell the state of a task under a read: it is rebuilt, or taken over by somebody else, and can be asked again. */
function notReadyAfter(store: string, error: unknown): unknown {
  if (!isMillraceError(error, 'STATE_DAMAGED', 'STATE_CLOSED')) return error
  const { taskId } = error
  const what = error.code === 'STATE_DAMAGED' ? 'is damaged and being rebuilt' : 'was closed during the read'
  const message = `store ${store} cannot be read now: the state of task ${taskId} ${what}`
  return new MillraceError('QUERY_STORE_NOT_READY', message, {
    ...(taskId !== undefined && { taskId }),
    retriable: true,
    cause: error,
  })
}
