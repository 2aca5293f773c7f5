/** Serdes for the keys of windowed tables on topics. */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import type { Windowed } from '../windows/window.js'
import { checked, own } from './checked.js'
import { int64ByteString } from './int64-bytes.js'
import { sessionKey, splitSessionKey, splitTimeWindowedKey, timeWindowedKey } from './key-layouts.js'
import { type Serde, toByteString } from './serde.js'
import { isSerde } from './topic.js'

/**
 * Keys of tumbling, hopping, sliding and unlimited windows (Java's TimeWindowedSerde): the key, then the start of the window. The
 * bytes do not contain the end, so give `windowSizeMs`; `Infinity` for unlimited windows.
 */
export function timeWindowed<K>(given: Serde<K>, windowSizeMs: number): Serde<Windowed<K>> {
  const inner = innerSerde(given, 'timeWindowed')
  if (typeof windowSizeMs !== 'number' || !(windowSizeMs >= 1)) {
    const shown = typeof windowSizeMs === 'number' ? String(windowSizeMs) : kindOf(windowSizeMs)
    const text = `timeWindowed: windowSizeMs is ${shown}: use the size of the window, Infinity for unlimited`
    throw new MillraceError('CONFIG_INVALID', text)
  }
  return own({
    name: `timeWindowed(${inner.name})`,
    serialize(value: Windowed<K>, topic: string): Buffer {
      const { startMs } = value.window
      checkWritten(startMs, startMs, topic)
      return timeWindowedKey(inner.serialize(value.key, topic), startMs)
    },
    deserialize(bytes: Buffer, topic: string): Windowed<K> {
      const { key, startMs } = splitTimeWindowedKey(bytes)
      checkRead(startMs, startMs, topic)
      return { key: inner.deserialize(key, topic), window: { startMs, endMs: startMs + windowSizeMs } }
    },
    byteString: (value: Windowed<K>, topic: string) =>
      toByteString(inner, value.key, topic) + int64ByteString(value.window.startMs),
    partitionBytes: (value: Windowed<K>, topic: string) => inner.serialize(value.key, topic),
  })
}

/** Keys of session windows (Java's SessionWindowedSerde): the key, then end and start. */
export function sessionWindowed<K>(given: Serde<K>): Serde<Windowed<K>> {
  const inner = innerSerde(given, 'sessionWindowed')
  return own({
    name: `sessionWindowed(${inner.name})`,
    serialize(value: Windowed<K>, topic: string): Buffer {
      const { startMs, endMs } = value.window
      checkWritten(startMs, endMs, topic)
      return sessionKey(inner.serialize(value.key, topic), startMs, endMs)
    },
    deserialize(bytes: Buffer, topic: string): Windowed<K> {
      const { key, startMs, endMs } = splitSessionKey(bytes)
      checkRead(startMs, endMs, topic)
      return { key: inner.deserialize(key, topic), window: { startMs, endMs } }
    },
    byteString: (value: Windowed<K>, topic: string) =>
      toByteString(inner, value.key, topic) +
      int64ByteString(value.window.endMs) +
      int64ByteString(value.window.startMs),
    partitionBytes: (value: Windowed<K>, topic: string) => inner.serialize(value.key, topic),
  })
}

function innerSerde<K>(given: Serde<K>, where: string): Serde<K> {
  if (isSerde(given)) return checked(given)
  throw new MillraceError('CONFIG_INVALID', `${where}: the serde of the key is ${kindOf(given)}: use a serde`)
}

/** @throws MillraceError SERDE_BYTES_INVALID where a time is beyond 2^53 and would be rounded */
function checkRead(startMs: number, endMs: number, topic: string): void {
  if (Number.isSafeInteger(startMs) && Number.isSafeInteger(endMs)) return
  const message = `a windowed key on topic ${topic} has a time beyond 2^53`
  throw new MillraceError('SERDE_BYTES_INVALID', message, { topic })
}

/** @throws MillraceError SERDE_VALUE_INVALID */
function checkWritten(startMs: number, endMs: number, topic: string): void {
  if (Number.isSafeInteger(startMs) && Number.isSafeInteger(endMs)) return
  const message = `a windowed key for topic ${topic} has a time that is not a whole number below 2^53`
  throw new MillraceError('SERDE_VALUE_INVALID', message, { topic })
}
