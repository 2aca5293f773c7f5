/** CloudEvents on Kafka: records with `ce_` headers and JSON as value, or with a JSON envelope as value. */
import type { Headers } from '../../index.js'
import { type CloudEvent, cloudEventOf } from './cloud-event.js'

const CONTENT_TYPE = 'content-type'
const PREFIX = 'ce_'
const ENVELOPE = /^application\/cloudevents\+json\s*(?:;|$)/i
const JSON_DATA = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i

/** The event of a record; null: it is none. Value: null if the record has none. */
export function kafkaCloudEvent(
  headers: Headers,
  value: Buffer | null,
): CloudEvent | { readonly problem: string } | null {
  const attributes: Record<string, string> = {}
  let contentType: string | null = null
  let isBinary = false
  for (const { key, value: bytes } of headers) {
    const name = key.toLowerCase()
    if (name === CONTENT_TYPE) contentType = bytes?.toString() ?? null
    else if (name === 'traceparent') attributes.traceparent ??= bytes?.toString() ?? ''
    else if (name.startsWith(PREFIX)) {
      isBinary = true
      attributes[name.slice(PREFIX.length)] = bytes?.toString() ?? ''
    }
  }
  const isEnvelope = contentType !== null && ENVELOPE.test(contentType)
  if (!isBinary && !isEnvelope) return null
  if (!isEnvelope && contentType !== null && !JSON_DATA.test(contentType)) return { problem: 'the data is not JSON' }
  const json = value === null ? {} : jsonOf(value)
  if (json === undefined) return { problem: 'the data is not JSON' }
  return isEnvelope ? cloudEventOf(json) : { attributes, data: json }
}

function jsonOf(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString())
  } catch {
    return undefined
  }
}
