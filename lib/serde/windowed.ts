/** Serdes for the keys of windowed tables on topics. */
import type { Windowed } from '../windows/window.js'
import { int64ByteString } from './int64-bytes.js'
import { sessionKey, splitSessionKey, splitTimeWindowedKey, timeWindowedKey } from './key-layouts.js'
import { type Serde, toByteString } from './serde.js'

/**
 * Keys of tumbling, hopping and sliding windows: the bytes hold only the start, so the reader needs `windowSizeMs`
 * (`Infinity` for unlimited windows).
 */
export function timeWindowed<K>(inner: Serde<K>, windowSizeMs: number): Serde<Windowed<K>> {
  return Object.freeze({
    name: `timeWindowed(${inner.name})`,
    serialize: (value: Windowed<K>, topic: string) =>
      timeWindowedKey(inner.serialize(value.key, topic), value.window.startMs),
    deserialize(bytes: Buffer, topic: string): Windowed<K> {
      const { key, startMs } = splitTimeWindowedKey(bytes)
      return { key: inner.deserialize(key, topic), window: { startMs, endMs: startMs + windowSizeMs } }
    },
    byteString: (value: Windowed<K>, topic: string) =>
      toByteString(inner, value.key, topic) + int64ByteString(value.window.startMs),
    partitionBytes: (value: Windowed<K>, topic: string) => inner.serialize(value.key, topic),
  })
}

/** Keys of session windows: start and end are both in the bytes. */
export function sessionWindowed<K>(inner: Serde<K>): Serde<Windowed<K>> {
  return Object.freeze({
    name: `sessionWindowed(${inner.name})`,
    serialize: (value: Windowed<K>, topic: string) =>
      sessionKey(inner.serialize(value.key, topic), value.window.startMs, value.window.endMs),
    deserialize(bytes: Buffer, topic: string): Windowed<K> {
      const { key, startMs, endMs } = splitSessionKey(bytes)
      return { key: inner.deserialize(key, topic), window: { startMs, endMs } }
    },
    byteString: (value: Windowed<K>, topic: string) =>
      toByteString(inner, value.key, topic) +
      int64ByteString(value.window.endMs) +
      int64ByteString(value.window.startMs),
    partitionBytes: (value: Windowed<K>, topic: string) => inner.serialize(value.key, topic),
  })
}
