/** Request and response headers and their ids. */
import { MillraceError } from '../../errors.js'
import { Reader } from '../wire/byte-reader.js'
import { Writer } from '../wire/byte-writer.js'
import { apiVersionsApi } from './api-versions.js'
import { type Api, isFlexible } from './define.js'

export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
}

/** Header version 2 when `version` of the API is flexible, 1 otherwise. Without the frame's length in front. */
export function encodeRequestHeader(api: Api, version: number, correlationId: number, clientId: string | null): Buffer {
  const writer = new Writer(64)
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(correlationId)
  if (clientId === null) writer.nullString(false)
  else writer.string(clientId, false)
  if (isFlexible(api, version)) writer.unsignedVarint(0)
  return writer.finish()
}

/**
 * Reads the header at the front of a request (the frame's length already taken off). `api` is the API the key names, or
 * undefined; `lookUp` is normally `apiByKey`. The body starts at `bodyStart`.
 */
export function decodeRequestHeader(
  bytes: Buffer,
  lookUp: (apiKey: number) => Api | undefined,
): { readonly header: RequestHeader; readonly api: Api | undefined; readonly bodyStart: number } {
  const reader = new Reader(bytes)
  const apiKey = reader.int16()
  const apiVersion = reader.int16()
  const correlationId = reader.int32()
  const clientId = reader.nullableString(false)
  const api = lookUp(apiKey)
  if (api !== undefined && isFlexible(api, apiVersion)) skipTags(reader)
  return { header: { apiKey, apiVersion, correlationId, clientId }, api, bodyStart: reader.position }
}

/** Header version 1 when flexible, 0 otherwise; ApiVersions always 0, so that any client can read it (KIP-511). */
export function encodeResponseHeader(api: Api, version: number, correlationId: number): Buffer {
  const writer = new Writer(5)
  writer.int32(correlationId)
  if (responseHeaderIsFlexible(api, version)) writer.unsignedVarint(0)
  return writer.finish()
}

/** The body starts at `bodyStart`. */
export function decodeResponseHeader(
  api: Api,
  version: number,
  bytes: Buffer,
): { readonly correlationId: number; readonly bodyStart: number } {
  const reader = new Reader(bytes)
  const correlationId = reader.int32()
  if (responseHeaderIsFlexible(api, version)) skipTags(reader)
  return { correlationId, bodyStart: reader.position }
}

export function responseHeaderIsFlexible(api: Api, version: number): boolean {
  return api.key !== apiVersionsApi.key && isFlexible(api, version)
}

function skipTags(reader: Reader): void {
  const count = reader.unsignedVarint()
  if (count > reader.remaining) {
    throw new MillraceError('PROTOCOL_INVALID', `Malformed header: it claims ${count} tagged fields.`)
  }
  for (let i = 0; i < count; i++) {
    reader.unsignedVarint()
    reader.take(reader.unsignedVarint())
  }
}
