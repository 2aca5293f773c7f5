/**
 * The metadata of the state of a task, one record under a key that no store has (store numbers start at 1): format
 * version, store numbers, and the changelog offset of each store. It is written in the same batch as the data.
 */
import { MillraceError } from '../errors.js'
import type { StateEngine } from './engine/engine.js'
import type { StoredTimes } from './layers/store-times.js'
import { storeInfo } from './stores/index.js'
import { type DefinitionBase, keepsHeaders } from './stores/store-info.js'

/** Raised whenever the meaning of bytes on disk changes. */
export const LAYOUT_VERSION = 1

export const METADATA_KEY = Buffer.from([0, 0, 0x6d])

export interface StoredStore extends Partial<StoredTimes> {
  readonly number: number
  readonly kind: string
  /** Next changelog offset to read; null before the first commit. */
  readonly offset: number | null
  readonly topicId: string | null
  /** Wall-clock time at which the store was known to hold everything before `offset`. */
  readonly writtenAtMs: number
  /** Where the log began when a restore from there began that has not ended. */
  readonly restoredFrom?: number
  /** True: values are kept with headers. */
  readonly headers?: boolean
  /** True: the order of its keys is on disk and was kept with every write since. */
  readonly ordered?: boolean
}

export interface TaskMetadata {
  readonly version: number
  readonly stores: Readonly<Record<string, StoredStore>>
}

/** @throws MillraceError STATE_LAYOUT_UNSUPPORTED, STATE_DAMAGED: set the state aside and rebuild it */
export function readMetadata(engine: StateEngine, taskId: string): TaskMetadata {
  const bytes = engine.getSync(METADATA_KEY)
  if (bytes === undefined) return { version: LAYOUT_VERSION, stores: {} }
  let metadata: TaskMetadata
  try {
    metadata = JSON.parse(bytes.toString('utf8')) as TaskMetadata
  } catch (cause) {
    throw new MillraceError('STATE_DAMAGED', `the metadata record of task ${taskId} cannot be read`, { taskId, cause })
  }
  if (metadata.version !== LAYOUT_VERSION) {
    throw new MillraceError(
      'STATE_LAYOUT_UNSUPPORTED',
      `the state of task ${taskId} has format ${metadata.version}, this version writes format ${LAYOUT_VERSION}`,
      { taskId },
    )
  }
  return metadata
}

/** Numbers for stores by name: known ones keep theirs, new ones get the next. A store that changed its kind is rejected. */
export function numberStores(
  metadata: TaskMetadata,
  stores: readonly DefinitionBase[],
  taskId: string,
): Map<string, number> {
  const numbers = new Map<string, number>()
  let next = 1
  for (const known of Object.values(metadata.stores)) next = Math.max(next, known.number + 1)
  for (const store of stores) {
    const { name } = store
    const kind = storeInfo(store).savedAs
    const headers = keepsHeaders(store)
    const known = metadata.stores[name]
    if (known !== undefined && (known.headers ?? false) !== headers) {
      throw new MillraceError(
        'STATE_LAYOUT_UNSUPPORTED',
        `store ${name} of task ${taskId} is on disk ${headers ? 'without' : 'with'} headers, and the topology declares the opposite`,
        { taskId },
      )
    }
    if (known !== undefined && known.kind !== kind) {
      throw new MillraceError(
        'STATE_LAYOUT_UNSUPPORTED',
        `store ${name} of task ${taskId} is on disk as ${known.kind}, but is declared as ${kind}`,
        { taskId },
      )
    }
    numbers.set(name, known?.number ?? next++)
  }
  return numbers
}

export function encodeMetadata(metadata: TaskMetadata): Buffer {
  return Buffer.from(JSON.stringify(metadata), 'utf8')
}
