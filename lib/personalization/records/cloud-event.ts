/** CloudEvents 1.0 as activities, from HTTP and from Kafka: `com.millrace.view` and so on, with the fields of an activity as data. */
import { createHash } from 'node:crypto'
import { ACTIVITY_TYPES, type ActivityType, activityOf, type UserActivity } from './activity.js'
import { isoMs } from './iso-time.js'
import { knownZone } from './known-zone.js'
import { countOf, InputProblem, isObject, type JsonObject, objectOf, wordOf } from './loose-values.js'
import { LooseProperties, propertiesText } from './other-properties.js'
import { traceparentOf } from './traceparent.js'

/** A CloudEvent in any mode: its attributes, extensions included, and its data as JSON. */
export interface CloudEvent {
  readonly attributes: JsonObject
  readonly data: unknown
}

/** What became of a CloudEvent. */
export type ReadCloudEvent =
  | { readonly activity: UserActivity; readonly traceparent: string | null }
  | { readonly problem: string }

const TYPE_PREFIX = 'com.millrace.'
/** Types that no producer may send: the loader's own mark, and the stand-in for types of a newer version. */
const RESERVED: readonly ActivityType[] = ['end_of_input', 'input_progress', 'unknown']
const TEXTS = [
  'userId',
  'anonymousId',
  'sessionId',
  'itemId',
  'currency',
  'category',
  'brand',
  'query',
  'country',
  'name',
  'videoId',
  'decisionId',
] as const
const WHOLE_NUMBERS = ['unitPriceMicros', 'positionMs', 'seekToMs'] as const
/** The event itself says these. */
const SAID_BY_ATTRIBUTES = ['eventId', 'type', 'source']

/** `receivedMs`: the time of an event that has none. The fields are read, but not checked against each other. */
export function readCloudEvent({ attributes, data }: CloudEvent, receivedMs: number): ReadCloudEvent {
  try {
    if (attributes.specversion !== '1.0') throw new InputProblem('specversion is not 1.0')
    const id = required(attributes, 'id')
    const source = required(attributes, 'source')
    const type = activityType(required(attributes, 'type'))
    const fields = new LooseProperties(objectOf(data, 'data'))
    for (const name of SAID_BY_ATTRIBUTES) fields.omit(name)
    const at = fields.take(['at'], timeOf) ?? timeOf(attributes.time, 'time') ?? receivedMs
    const activity = activityOf({
      ...dataFields(fields),
      eventId: eventIdOf(id, source),
      type,
      at,
      source: 'api',
      properties: propertiesOf(fields),
    })
    return { activity, traceparent: traceparentOf(attributes.traceparent) }
  } catch (error) {
    if (error instanceof InputProblem) return { problem: error.message }
    throw error
  }
}

/** The event of a JSON envelope: structured mode, and each member of a batch. */
export function cloudEventOf(envelope: unknown): CloudEvent {
  if (!isObject(envelope)) return { attributes: {}, data: undefined }
  const { data, data_base64: base64, ...attributes } = envelope
  return { attributes, data: base64 === undefined ? data : decoded(base64) }
}

/** Undefined, which is no data, if it is not JSON: the fields that are missing then say so. */
function decoded(base64: unknown): unknown {
  try {
    return JSON.parse(Buffer.from(String(base64), 'base64').toString())
  } catch {
    return undefined
  }
}

function required(attributes: JsonObject, name: string): string {
  const value = attributes[name]
  if (typeof value === 'string' && value !== '') return value
  throw new InputProblem(`the attribute ${name} is missing`)
}

function activityType(type: string): ActivityType {
  const name = type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : null
  const known = ACTIVITY_TYPES.find((each) => each === name)
  if (known !== undefined && !RESERVED.includes(known)) return known
  throw new InputProblem(`the type is not ${TYPE_PREFIX} and a type of activity`)
}

/** An event id has at most 80 bytes. */
const MAX_ID_BYTES = 70

/** Events of one id and different sources are different events, so the id has a mark of its source. */
function eventIdOf(id: string, source: string): string {
  const mark = createHash('sha256').update(source).digest('hex').slice(0, 8)
  const short = Buffer.byteLength(id) <= MAX_ID_BYTES ? id : createHash('sha256').update(id).digest('hex').slice(0, 32)
  return `${short}~${mark}`
}

function dataFields(fields: LooseProperties): Partial<UserActivity> {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, fields.take([name], wordOf)]))
  const numbers = Object.fromEntries(WHOLE_NUMBERS.map((name) => [name, fields.take([name], wholeOf)]))
  return {
    ...texts,
    ...numbers,
    quantity: fields.take(['quantity'], countOf) ?? 1,
    timeZone: fields.take(['timeZone'], knownZone),
    consent: fields.take(['consent'], consentOf),
  }
}

function wholeOf(value: unknown, name: string): number | null {
  if (value === undefined || value === null) return null
  if (Number.isSafeInteger(value)) return value as number
  throw new InputProblem(`${name} is not a whole number`)
}

function timeOf(value: unknown, name: string): number | null {
  if (value === undefined || value === null || value === '') return null
  const ms = typeof value === 'string' ? isoMs(value) : Number.isSafeInteger(value) ? (value as number) : undefined
  if (ms === undefined) throw new InputProblem(`${name} is not an RFC 3339 time`)
  return ms
}

function consentOf(value: unknown): UserActivity['consent'] {
  if (value === undefined || value === null) return null
  const entries = isObject(value) ? Object.entries(value) : []
  if (entries.length > 0 && entries.every(([, agreed]) => typeof agreed === 'boolean')) {
    return Object.fromEntries(entries) as Record<string, boolean>
  }
  throw new InputProblem('consent is not an object of true and false')
}

/** Data that is no field of an activity stays with it, beside what `properties` says. */
function propertiesOf(fields: LooseProperties): string | null {
  const said = fields.take(['properties'], (value, name) =>
    typeof value === 'string' ? parsed(value) : value === null ? null : objectOf(value, name),
  )
  return propertiesText([...fields.rest(), ...Object.entries(said ?? {})])
}

function parsed(text: string): JsonObject {
  try {
    return objectOf(JSON.parse(text), 'properties')
  } catch (cause) {
    throw cause instanceof InputProblem ? cause : new InputProblem('properties is not an object')
  }
}
