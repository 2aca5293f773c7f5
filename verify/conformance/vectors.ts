/** Cases of plain numbers and bytes: partitions, window assignment, byte layouts. */
import { MillraceError } from '../../lib/errors.js'
import { murmur2 } from '../../lib/record/murmur2.js'
import { partitionForKey } from '../../lib/record/partitioner.js'
import { bigint64, float64, int32, string } from '../../lib/serde/primitive.js'
import { slidingLeftStart, windowStarts } from '../../lib/windows/arithmetic.js'
import { hopping, session, sliding, unlimited } from '../../lib/windows/definitions.js'
import type { ConformanceCase } from '../cases/case.js'
import { layoutBytes } from './layouts.js'

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
  if ('murmur2' in vector || 'partitionFor' in vector) return checkPartition(vector)
  if ('kind' in vector) return checkWindows(vector)
  if ('hex' in vector) return checkLayout(vector)
  return `there is no check for a vector with ${Object.keys(vector).join(', ')}`
}

function unequal(what: string, expected: unknown, got: unknown): string | null {
  const want = JSON.stringify(expected)
  const have = JSON.stringify(got)
  return want === have ? null : `${what}: expected ${want}, got ${have}`
}

/** What our serdes make of the key; null where the type is none of theirs. Whole numbers above 2^53 come as text. */
function keyBytes({ type, key }: Vector): Buffer | null {
  if (key === undefined || key === null) return null
  switch (type) {
    case 'utf8':
      return string.serialize(String(key), '')
    case 'int32-be':
      return int32.serialize(Number(key), '')
    case 'int64-be':
      return bigint64.serialize(BigInt(key as string | number), '')
    case 'float64-be':
      return float64.serialize(Number(key), '')
    default:
      return null
  }
}

function checkPartition(vector: Vector): string | null {
  const name = `key ${JSON.stringify(vector.key ?? vector.bytesHex)}`
  const ours = keyBytes(vector)
  if (ours !== null && vector.bytesHex !== undefined) {
    const found = unequal(`bytes of ${name}`, vector.bytesHex, ours.toString('hex'))
    if (found !== null) return found
  }
  const bytes = vector.bytesHex === undefined ? ours : Buffer.from(String(vector.bytesHex), 'hex')
  if (bytes === null) return `${name} has no bytes`
  const hash = vector.murmur2 === undefined ? null : unequal(`murmur2 of ${name}`, vector.murmur2, murmur2(bytes))
  if (hash !== null) return hash
  const partitions = (vector.partitionFor ?? {}) as Readonly<Record<string, number>>
  for (const [count, partition] of Object.entries(partitions)) {
    const found = unequal(`partition of ${name} among ${count}`, partition, partitionForKey(bytes, Number(count)))
    if (found !== null) return found
  }
  return null
}

/** A vector without windows lists bounds that are rejected. */
function checkWindows(vector: Vector): string | null {
  const name = `windows of ${JSON.stringify(vector)}`
  const refused = vector.windows === undefined || vector.windows === null
  let windows: unknown
  try {
    windows = windowsOf(vector)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return refused ? null : `${name}: ${error.message}`
  }
  return refused
    ? `${name}: expected a refusal, got ${JSON.stringify(windows)}`
    : unequal(name, vector.windows, windows)
}

/** Of a record alone: [start, end], sessions and sliding windows with both ends inclusive. */
function windowsOf(vector: Vector): (number | 'inf')[][] {
  const ts = Number(vector.ts)
  const number = (name: string, otherwise = 0) => Number(vector[name] ?? otherwise)
  const graceMs = number('graceMs')
  switch (vector.kind) {
    case 'unlimited': {
      const { startMs } = unlimited({ startMs: number('startMs') })
      return ts >= startMs ? [[startMs, 'inf']] : []
    }
    case 'session':
      session({ gapMs: number('gapMs'), graceMs })
      return [[ts, ts]]
    case 'sliding': {
      const { timeDifferenceMs } = sliding({ timeDifferenceMs: number('timeDifferenceMs'), graceMs })
      const start = slidingLeftStart(ts, timeDifferenceMs)
      return [[start, start + timeDifferenceMs]]
    }
    default: {
      const sizeMs = number('sizeMs')
      const windows = hopping({ sizeMs, advanceMs: number('advanceMs', sizeMs), graceMs })
      return windowStarts(ts, windows).map((startMs) => [startMs, startMs + sizeMs])
    }
  }
}

function checkLayout(vector: Vector): string | null {
  const what = String(vector.what)
  const bytes = layoutBytes(what, String(vector.input))
  if (bytes === undefined) return `the layout "${what}" is unknown`
  return unequal(what, vector.hex, bytes === null ? null : bytes.toString('hex'))
}
