/** The files that a LevelDB manifest requires: the live tables with their sizes, and the oldest log still needed. */
import { Cursor, Malformed } from './byte-cursor.js'

const COMPARATOR = 'leveldb.BytewiseComparator'

export interface Manifest {
  /** Table number → bytes. */
  readonly tables: ReadonlyMap<number, number>
  readonly oldestLog: number
}

/** @throws Malformed */
export function readManifest(edits: readonly Buffer[]): Manifest {
  const tables = new Map<number, number>()
  let oldestLog: number | null = null
  let comparator: string | null = null
  for (const edit of edits) {
    const cursor = new Cursor(edit)
    while (!cursor.isAtEnd) {
      const tag = cursor.varint()
      switch (tag) {
        case 1:
          comparator = cursor.string().toString('latin1')
          break
        case 2:
          oldestLog = cursor.varint()
          break
        case 3: // next file number
        case 4: // last sequence number
        case 9: // number of the log before, which only old versions of LevelDB set
          cursor.varint()
          break
        case 5: // where the compaction of a level goes on
          cursor.varint()
          cursor.string()
          break
        case 6:
          cursor.varint()
          tables.delete(cursor.varint())
          break
        case 7: {
          cursor.varint()
          const table = cursor.varint()
          tables.set(table, cursor.varint())
          cursor.string()
          cursor.string()
          break
        }
        default:
          throw new Malformed(`the manifest has an entry of unknown kind ${tag}`)
      }
    }
  }
  if (oldestLog === null) throw new Malformed('the manifest is incomplete')
  if (comparator !== COMPARATOR) throw new Malformed('the manifest has another key order')
  return { tables, oldestLog }
}
