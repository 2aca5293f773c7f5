/** Cases that are plain numbers and bytes: partitions, byte layouts, window assignment. */
import { murmur2, partitionForKey } from '../record/partitioner.js'
import { changed } from '../serde/changed.js'
import { sessionKey, timeWindowedKey, windowStoreKey } from '../serde/key-layouts.js'
import { int64, string } from '../serde/primitive.js'
import { windowStarts } from '../windows/arithmetic.js'
import type { ConformanceCase } from './conformance-case.js'

type Vector = Readonly<Record<string, unknown>>

/** Null: all as expected. Otherwise the first difference, in words. */
export function vectorDifference(testCase: ConformanceCase): string | null {
  for (const vector of testCase.vectors ?? []) {
    const found = check(vector)
    if (found !== null) return found
  }
  return null
}

function check(vector: Vector): string | null {
  if ('murmur2' in vector) return checkPartition(vector)
  if ('windows' in vector) return checkWindows(vector)
  if ('hex' in vector) return checkLayout(vector)
  return `nobody knows how to check a vector with ${Object.keys(vector).join(', ')}`
}

function unequal(what: string, expected: unknown, got: unknown): string | null {
  const want = JSON.stringify(expected)
  const have = JSON.stringify(got)
  return want === have ? null : `${what}: expected ${want}, got ${have}`
}

function checkPartition(vector: Vector): string | null {
  const bytes = Buffer.from(String(vector.bytesHex), 'hex')
  const name = `murmur2 of ${JSON.stringify(vector.key ?? vector.bytesHex)}`
  const hash = unequal(name, vector.murmur2, murmur2(bytes))
  if (hash !== null) return hash
  const partitions = (vector.partitionFor ?? {}) as Readonly<Record<string, number>>
  for (const [count, partition] of Object.entries(partitions)) {
    const found = unequal(`${name}, partition of ${count}`, partition, partitionForKey(bytes, Number(count)))
    if (found !== null) return found
  }
  return null
}

function checkWindows(vector: Vector): string | null {
  const { kind, ts } = vector as { readonly kind: string; readonly ts: number }
  const name = `${kind} windows of ts ${ts}`
  if (kind === 'unlimited') {
    const startMs = Number(vector.startMs)
    return unequal(name, vector.windows, ts >= startMs ? [[startMs, 'inf']] : [])
  }
  const sizeMs = Number(vector.sizeMs)
  const starts = windowStarts(ts, { sizeMs, advanceMs: Number(vector.advanceMs ?? sizeMs) })
  const windows = starts.map((startMs) => [startMs, startMs + sizeMs])
  return unequal(name, vector.windows, windows)
}

/** Layouts are named in words; each is recognised by the start of its name. */
function checkLayout(vector: Vector): string | null {
  const what = String(vector.what)
  const input = String(vector.input)
  const bytes = layout(what, input)
  return bytes === null ? `nobody knows the layout "${what}"` : unequal(what, vector.hex, bytes.toString('hex'))
}

function layout(what: string, input: string): Buffer | null {
  const [text = '', ...rest] = input.split(' ')
  const key = Buffer.from(text, 'utf8')
  const numbers = (rest.join(' ').match(/\d+/g) ?? []).map(Number)
  const [first = 0, second = 0] = numbers
  if (what.startsWith('TimeWindowedSerializer')) return timeWindowedKey(key, first)
  if (what.startsWith('SessionWindowedSerializer') || what.startsWith('SessionKeySchema'))
    return sessionKey(key, first, second)
  if (what.startsWith('WindowKeySchema') || what.startsWith('same with seq')) return windowStoreKey(key, first, second)
  if (what.startsWith('ValueAndTimestampSerializer')) return timestamped(input)
  if (what.startsWith('ChangedSerializer')) return changeBytes(input)
  return null
}

/** `value v1 ts 1700000000000`. */
function timestamped(input: string): Buffer {
  const [, value = '', , ts = '0'] = input.split(' ')
  return Buffer.concat([int64.serialize(Number(ts), ''), Buffer.from(value, 'utf8')])
}

/** `new=n old=null`. */
function changeBytes(input: string): Buffer {
  const side = (name: string) => {
    const value = new RegExp(`${name}=(\\S+)`).exec(input)?.[1] ?? 'null'
    return value === 'null' ? null : value
  }
  return changed(string).serialize({ newValue: side('new'), oldValue: side('old'), isLatest: true }, '')
}
