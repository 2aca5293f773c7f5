/** Serdes of conformance cases: keys by the case's key type, values marked as text or number. */
import { int32, int64, string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import type { Windowed } from '../../lib/windows/window.js'
import type { CaseRecord, ConformanceCase, KeyType, Scalar } from './case.js'

/** Key bytes decide the order in stores, so they are Java's: int 4 bytes, long 8 bytes, string UTF-8. */
export function keySerdeOf(testCase: ConformanceCase): Serde<Scalar> {
  const typeOf = (topic: string): KeyType => testCase.keyTypes?.[topic] ?? testCase.keyType ?? 'string'
  return {
    name: 'caseKey',
    serialize(value, topic) {
      if (typeof value !== 'number') return string.serialize(String(value), topic)
      return typeOf(topic) === 'int' ? int32.serialize(value, topic) : int64.serialize(value, topic)
    },
    deserialize(bytes, topic) {
      const type = typeOf(topic)
      if (type === 'string') return string.deserialize(bytes, topic)
      return type === 'int' ? int32.deserialize(bytes, topic) : int64.deserialize(bytes, topic)
    },
  }
}

const NUMBER = 0x6c
const TEXT = 0x73

/** One marking byte, then the number as int64 or the text. */
export const caseValue: Serde<Scalar> = {
  name: 'caseValue',
  serialize(value, topic) {
    const isNumber = typeof value === 'number'
    const payload = isNumber ? int64.serialize(value, topic) : string.serialize(String(value), topic)
    return Buffer.concat([Buffer.of(isNumber ? NUMBER : TEXT), payload])
  },
  deserialize(bytes, topic) {
    const payload = bytes.subarray(1)
    return bytes[0] === NUMBER ? int64.deserialize(payload, topic) : string.deserialize(payload, topic)
  },
}

/** Keys of outputs as cases write them, whatever their type: no other part of the topology reads them. */
export const outputKey: Serde<CaseRecord['key']> = {
  name: 'outputKey',
  serialize: (key) => Buffer.from(JSON.stringify(typeof key === 'object' ? caseKey(key) : key)),
  deserialize: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as CaseRecord['key'],
}

function caseKey(key: unknown): CaseRecord['key'] {
  const windowed = key as Windowed<Scalar> | null
  if (windowed === null) return null
  const { startMs, endMs } = windowed.window
  return { key: windowed.key, start: startMs, end: endMs === Number.POSITIVE_INFINITY ? 'inf' : endMs }
}
