/** An API of Kafka's protocol as data, and the four functions that encode and decode its bodies. */
import { isMillraceError, MillraceError } from '../../errors.js'
import { Reader } from '../wire/byte-reader.js'
import { Writer } from '../wire/byte-writer.js'
import type { Decoded, Input, Shape } from '../wire/field.js'
import { compileSchema, type StructCodec } from '../wire/schema.js'

export interface Api<Request extends Shape = Shape, Response extends Shape = Shape> {
  readonly key: number
  readonly name: string
  /** First and last version implemented, both included. */
  readonly versions: readonly [first: number, last: number]
  /** First version with compact lengths and tagged fields (KIP-482); Infinity where there is none. */
  readonly flexibleFrom: number
  readonly request: Request
  readonly response: Response
}

/** A decoded request: every field is there, those the version lacks with their default. */
export type RequestOf<A extends Api> = Decoded<A['request']>
export type ResponseOf<A extends Api> = Decoded<A['response']>
/** A request to encode: what has a default, or is not in every version, may be omitted. */
export type RequestInput<A extends Api> = Input<A['request']>
export type ResponseInput<A extends Api> = Input<A['response']>

export function defineApi<Request extends Shape, Response extends Shape>(
  api: Api<Request, Response>,
): Api<Request, Response> {
  return api
}

export function isFlexible(api: Api, version: number): boolean {
  return version >= api.flexibleFrom
}

/** The body alone, without header. PROTOCOL_VERSION_UNSUPPORTED, PROTOCOL_VALUE_INVALID. */
export function encodeRequest<A extends Api>(api: A, version: number, body: RequestInput<A>): Buffer {
  return encode(api, 'request', version, body as Input<Shape>)
}

/**
 * `bytes` is the body alone. PROTOCOL_VERSION_UNSUPPORTED, PROTOCOL_TRUNCATED, PROTOCOL_INVALID. A broker ignores bytes
 * after the body, as Kafka's does: librdkafka leaves three behind when it asks for all topics.
 */
export function decodeRequest<A extends Api>(
  api: A,
  version: number,
  bytes: Buffer,
  bytesAfter: 'refused' | 'ignored' = 'refused',
): RequestOf<A> {
  return decode(api, 'request', version, bytes, bytesAfter) as RequestOf<A>
}

/** The body alone, without header. PROTOCOL_VERSION_UNSUPPORTED, PROTOCOL_VALUE_INVALID. */
export function encodeResponse<A extends Api>(api: A, version: number, body: ResponseInput<A>): Buffer {
  return encode(api, 'response', version, body as Input<Shape>)
}

/** `bytes` is the body alone. PROTOCOL_VERSION_UNSUPPORTED, PROTOCOL_TRUNCATED, PROTOCOL_INVALID. */
export function decodeResponse<A extends Api>(api: A, version: number, bytes: Buffer): ResponseOf<A> {
  return decode(api, 'response', version, bytes) as ResponseOf<A>
}

type Direction = 'request' | 'response'

interface Compiled extends StructCodec<Shape> {
  /** Size of the last body written: the next one is likely to need as much, and a buffer that fits is not copied. */
  lastBytes: number
}

/** Where the last body was larger, one of another size costs no more than this. */
const MAX_FIRST_BYTES = 1 << 20
const compiled = new WeakMap<Shape, Map<number, Compiled>>()

function codecOf(api: Api, direction: Direction, version: number): Compiled {
  const shape = api[direction]
  let byVersion = compiled.get(shape)
  if (byVersion === undefined) {
    byVersion = new Map()
    compiled.set(shape, byVersion)
  }
  let codec = byVersion.get(version)
  if (codec === undefined) {
    const [first, last] = api.versions
    if (!Number.isInteger(version) || version < first || version > last) {
      throw new MillraceError(
        'PROTOCOL_VERSION_UNSUPPORTED',
        `${api.name} version ${version} is not supported; use versions ${first} to ${last}.`,
      )
    }
    codec = { ...compileSchema(shape, version, isFlexible(api, version)), lastBytes: 0 }
    byVersion.set(version, codec)
  }
  return codec
}

function encode(api: Api, direction: Direction, version: number, body: Input<Shape>): Buffer {
  const codec = codecOf(api, direction, version)
  const writer = new Writer(Math.min(Math.max(256, codec.lastBytes + (codec.lastBytes >>> 2)), MAX_FIRST_BYTES))
  try {
    codec.write(writer, body)
  } catch (error) {
    throw inContext(error instanceof TypeError ? badType(error) : error, api, direction, version)
  }
  codec.lastBytes = writer.size
  return writer.finish()
}

function decode(
  api: Api,
  direction: Direction,
  version: number,
  bytes: Buffer,
  bytesAfter: 'refused' | 'ignored' = 'refused',
): Decoded<Shape> {
  const codec = codecOf(api, direction, version)
  const reader = new Reader(bytes)
  try {
    const body = codec.read(reader)
    if (reader.remaining !== 0 && bytesAfter === 'refused') {
      throw new MillraceError('PROTOCOL_INVALID', `Malformed message: ${reader.remaining} bytes are left over.`)
    }
    return body
  } catch (error) {
    throw inContext(error, api, direction, version)
  }
}

/** From a caller without types. */
function badType(cause: TypeError): MillraceError {
  return new MillraceError(
    'PROTOCOL_VALUE_INVALID',
    'Cannot encode the message: a value does not have the type of its field.',
    {
      cause,
    },
  )
}

function inContext(error: unknown, api: Api, direction: Direction, version: number): unknown {
  if (!isMillraceError(error)) return error
  return new MillraceError(error.code, `${api.name} ${direction} version ${version}: ${error.message}`, {
    cause: error,
  })
}
