/** Values as JSON text in UTF-8. */
import { MillraceError } from '../errors.js'
import type { Serde } from './serde.js'

function wrong(what: string, topic: string): MillraceError {
  return new MillraceError('SERDE_VALUE_INVALID', `json on topic ${topic} cannot write ${what}`, { topic })
}

/**
 * JSON for a type the caller names: `json<Click>()`. Nothing checks at run time that what is read is a `T`, unless
 * `check` does: it gets the parsed value and returns it, or throws, which makes the record a poison record.
 */
export function json<T>(check?: (value: unknown) => T): Serde<T> {
  return Object.freeze({
    name: 'json',
    serialize(value: T, topic: string): Buffer {
      // Text would say `{}`.
      if (value instanceof Promise) throw wrong('a promise: wait for it in mapValuesAsync', topic)
      const text = JSON.stringify(value)
      if (text === undefined) throw wrong(`a ${typeof value}`, topic)
      return Buffer.from(text, 'utf8')
    },
    deserialize(bytes: Buffer, topic: string): T {
      let value: unknown
      try {
        value = JSON.parse(bytes.toString('utf8'))
      } catch {
        // The parser's own message quotes the payload, so it is not passed on.
        throw new MillraceError('SERDE_BYTES_INVALID', `${bytes.length} bytes on topic ${topic} are no valid JSON`, {
          topic,
        })
      }
      return check === undefined ? (value as T) : check(value)
    },
  })
}
