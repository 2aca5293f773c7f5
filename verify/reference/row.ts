/** The records of the naive interpreter, and the comparison of their keys. Everything is a plain value. */
import { int64 } from '../../lib/serde/primitive.js'
import type { CaseRecord, CaseValue, ConformanceCase, KeyType, WindowedKey } from '../cases/case.js'
import { keySerdeOf } from '../cases/serdes.js'

export type RowKey = CaseRecord['key']

/** A key inside a windowed key. */
export type InnerKey = WindowedKey['key']

/** A record of a stream, or a change of a table. */
export interface Row {
  readonly key: RowKey
  readonly value: CaseValue
  /** Tables only: what the row replaces, null where nothing or nobody asked. */
  readonly old: CaseValue
  readonly ts: number
  /** False for a change of a versioned table that is not its newest. */
  readonly latest: boolean
}

export interface Found {
  readonly value: CaseValue
  readonly ts: number
}

export function row(key: RowKey, value: CaseValue, ts: number, old: CaseValue = null): Row {
  return { key, value, old, ts, latest: true }
}

function isWindowed(key: RowKey): key is WindowedKey {
  return typeof key === 'object' && key !== null
}

/** Equal for equal keys only. */
function nameOf(key: RowKey): string {
  return isWindowed(key) ? `${JSON.stringify(key.key)}@${key.start}-${key.end}` : JSON.stringify(key)
}

export function sameKey(left: RowKey, right: RowKey): boolean {
  return nameOf(left) === nameOf(right)
}

/** Compares keys as their bytes compare. Windowed keys: the bytes of the key, and right behind them where it starts. */
export function byteOrder(testCase: ConformanceCase): (left: RowKey, right: RowKey) => number {
  const type: KeyType = testCase.keyType ?? 'string'
  const serde = keySerdeOf({ name: '', keyType: type })
  const inner = (key: CaseValue) => (key === null ? Buffer.alloc(0) : Buffer.from(serde.serialize(key, '')))
  const bytes = (key: RowKey) => {
    if (!isWindowed(key)) return inner(key)
    return Buffer.concat([inner(key.key), Buffer.from(int64.serialize(key.start, ''))])
  }
  return (left, right) => Buffer.compare(bytes(left), bytes(right))
}
