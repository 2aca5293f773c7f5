/** `POST /cloudevents`: CloudEvents 1.0 in binary, structured and batched mode. */
import type { FastifyRequest } from 'fastify'
import { activityKey, activityProblem, type UserActivity } from '../records/activity.js'
import { type CloudEvent, cloudEventOf, readCloudEvent } from '../records/cloud-event.js'
import { TRACEPARENT_HEADER, traceparentOf } from '../records/traceparent.js'
import type { Door, DoorContext } from './door.js'
import { takeEncodedJson } from './encoded-body.js'
import { DoorError } from './errors.js'
import { checkBatch } from './limits/check-batch.js'
import type { DoorLimits } from './limits/door-limits.js'

const JSON_TYPES = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i
const ENVELOPE = /^application\/cloudevents\+json\s*(?:;|$)/i
const BATCH = /^application\/cloudevents-batch\+json\s*(?:;|$)/i
const PREFIX = 'ce-'

export const cloudEventsDoor: Door = {
  name: 'cloudevents',
  what: 'POST /cloudevents: CloudEvents 1.0 in binary, structured and batched mode',
  errors: [
    'BROKER_UNAVAILABLE',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'REQUEST_TOO_LARGE',
    'REQUEST_TYPE_UNSUPPORTED',
    'SERVER_FAILED',
    'TICKET_INVALID',
    'TICKET_MISSING',
    'USER_NOT_ALLOWED',
    'WRITE_KEY_INVALID',
  ],
  route(server, context) {
    takeEncodedJson(server, JSON_TYPES)
    server.addHook('onRequest', async (request) => context.access.checkHeaderKey(request))
    server.post('/cloudevents', { bodyLimit: context.limits.maxBatchBytes }, async (request, reply) => {
      const answer = await take(eventsOf(request, context.limits), request, context)
      return reply.code(202).send(answer)
    })
  },
}

/** An event that is taken, with its own trace context or that of the request. */
interface Taken {
  readonly activity: UserActivity
  readonly traceparent: string | null
}

/** The valid events are taken, the others reported. If none is valid, the request is. */
async function take(events: readonly CloudEvent[], request: FastifyRequest, context: DoorContext) {
  const taken: Taken[] = []
  const invalid: { readonly index: number; readonly reason: string }[] = []
  events.forEach((event, index) => {
    const read = readEvent(event, context)
    if ('problem' in read) invalid.push({ index, reason: read.problem })
    else taken.push(read)
  })
  if (taken.length === 0 && invalid.length > 0) {
    const message = events.length === 1 ? invalid[0]!.reason : `no event is valid; the first: ${invalid[0]!.reason}`
    throw new DoorError('REQUEST_MALFORMED', message, events.length === 1 ? {} : { also: { invalid } })
  }
  await checkWriters(taken, request, context)
  const traceparent = traceparentOf(request.headers[TRACEPARENT_HEADER])
  await Promise.all(taken.map((one) => context.intake.submit(one.activity, one.traceparent ?? traceparent)))
  for (let i = 0; i < invalid.length; i++) context.countError('REQUEST_MALFORMED')
  return invalid.length === 0 ? { accepted: taken.length } : { accepted: taken.length, invalid }
}

function readEvent(event: CloudEvent, { clock, limits, service }: DoorContext): Taken | { readonly problem: string } {
  const tooLarge = sizeProblem(event, limits)
  if (tooLarge !== null) return { problem: tooLarge }
  const nowMs = clock.now()
  const read = readCloudEvent(event, nowMs)
  if ('problem' in read) return read
  const problem = activityProblem(read.activity, { notAfterMs: nowMs + service.clockSkewMs })
  return problem === null ? read : { problem }
}

/** Before anything is sent. An identity is that of the user it names. */
async function checkWriters(taken: readonly Taken[], request: FastifyRequest, { access }: DoorContext): Promise<void> {
  const events = new Map<string, number>()
  for (const { activity } of taken) {
    const user = activity.userId ?? activityKey(activity)
    events.set(user, (events.get(user) ?? 0) + 1)
  }
  for (const [user, count] of events) await access.checkWriter(request, user, count)
}

/** @throws DoorError REQUEST_MALFORMED, REQUEST_TOO_LARGE */
function eventsOf(request: FastifyRequest, limits: DoorLimits): readonly CloudEvent[] {
  const { body, headers } = request
  const type = headers['content-type'] ?? ''
  if (!BATCH.test(type)) return [within(ENVELOPE.test(type) ? cloudEventOf(body) : binaryEvent(request), limits)]
  if (!Array.isArray(body)) throw new DoorError('REQUEST_MALFORMED', 'the batch is not a list of events')
  checkBatch(body, limits)
  return body.map(cloudEventOf)
}

function within(event: CloudEvent, limits: DoorLimits): CloudEvent {
  const tooLarge = sizeProblem(event, limits)
  if (tooLarge === null) return event
  throw new DoorError('REQUEST_TOO_LARGE', tooLarge)
}

function sizeProblem({ data }: CloudEvent, { maxCloudEventBytes }: DoorLimits): string | null {
  if (textLength(data) <= maxCloudEventBytes) return null
  return `the data is larger than ${maxCloudEventBytes} bytes (--max-cloud-event)`
}

/** JSON is written recursively, but read without a limit: what is nested too deeply is too large. */
function textLength(data: unknown): number {
  try {
    return data === undefined ? 0 : Buffer.byteLength(JSON.stringify(data))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Attributes are headers; what is not ASCII in them is percent-encoded. */
function binaryEvent({ headers, body }: FastifyRequest): CloudEvent {
  const attributes: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(PREFIX) && typeof value === 'string') attributes[name.slice(PREFIX.length)] = decoded(value)
  }
  if (Object.keys(attributes).length > 0) return { attributes, data: body }
  throw new DoorError('REQUEST_MALFORMED', 'no CloudEvent: the request has no ce- headers, and is no envelope')
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
