/** Segment's HTTP API: single calls, batches, and the settings that its browser client asks for. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { activityKey, type UserActivity } from '../../records/activity.js'
import { isObject, type JsonObject } from '../../records/loose-values.js'
import { TRACEPARENT_HEADER, traceparentOf } from '../../records/traceparent.js'
import { basicUserOf } from '../access.js'
import type { Door, DoorContext } from '../door.js'
import { takeEncodedJson } from '../encoded-body.js'
import { DoorError } from '../errors.js'
import { checkBatch } from '../limits/check-batch.js'
import { activitiesOfCall } from './segment-call.js'
import { CALL_TYPES, type CallType, type Receipt } from './who-and-when.js'

/** The browser client uses the first letters. */
const BATCH_PATHS = ['batch', 'b', 'import']
/** `text/plain` needs no preflight: the browser client and `sendBeacon` use it. */
const TYPES = ['application/json', 'text/plain']
const TAKEN = { success: true }

export const segmentDoor: Door = {
  name: 'segment',
  what: "Segment's HTTP API: POST /v1/track, /v1/identify, /v1/page, /v1/screen, /v1/alias, /v1/group, /v1/batch; GET /v1/projects/KEY/settings",
  errors: [
    'BROKER_UNAVAILABLE',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'REQUEST_TOO_LARGE',
    'REQUEST_TYPE_UNSUPPORTED',
    'SERVER_FAILED',
    'WRITE_KEY_INVALID',
  ],
  route(server, context) {
    const { maxBatchBytes, maxSegmentCallBytes } = context.limits
    takeEncodedJson(server, TYPES)
    server.addHook('onRequest', async (request) => context.access.checkHeaderKey(request))
    for (const type of CALL_TYPES) {
      for (const path of [type, type[0]!]) {
        server.post(`/v1/${path}`, { bodyLimit: maxSegmentCallBytes }, async (request) => {
          await takeCall(request, type, context)
          return TAKEN
        })
      }
    }
    for (const path of BATCH_PATHS) {
      server.post(`/v1/${path}`, { bodyLimit: maxBatchBytes }, (request) => takeBatch(request, context))
    }
    settingsRoute(server, context)
  },
}

async function takeCall(request: FastifyRequest, type: CallType, context: DoorContext): Promise<void> {
  const call = bodyOf(request)
  context.access.checkWriteKey(writeKeyOf(request, call), 1)
  const mapped = activitiesOfCall(call, { ...receipt(context), type })
  if ('problem' in mapped) throw new DoorError('REQUEST_MALFORMED', mapped.problem)
  await submitAll(mapped.activities, request, context)
}

/** A call of a batch that is not taken. */
interface InvalidCall {
  readonly index: number
  readonly reason: string
}

/** The valid calls are taken, the others reported. If none is valid, the request is. */
async function takeBatch(request: FastifyRequest, context: DoorContext) {
  const batch = bodyOf(request)
  const calls = batch.batch
  if (!Array.isArray(calls)) throw new DoorError('REQUEST_MALFORMED', 'batch is not a list of calls')
  checkBatch(calls, context.limits)
  context.access.checkWriteKey(writeKeyOf(request, batch), calls.length)
  const activities: UserActivity[] = []
  const invalid: InvalidCall[] = []
  const given = receipt(context)
  calls.forEach((call: unknown, index) => {
    const fallbackId = `${given.fallbackId}-${index}`
    const problem = sizeProblem(call, context.limits.maxSegmentCallBytes)
    const mapped = problem === null ? activitiesOfCall(call, { ...given, fallbackId, batch }) : { problem }
    if ('problem' in mapped) invalid.push({ index, reason: mapped.problem })
    else activities.push(...mapped.activities)
  })
  if (calls.length > 0 && invalid.length === calls.length) {
    throw new DoorError('REQUEST_MALFORMED', `no call is valid; the first: ${invalid[0]!.reason}`, {
      also: { invalid },
    })
  }
  await submitAll(activities, request, context)
  for (let i = 0; i < invalid.length; i++) context.countError('REQUEST_MALFORMED')
  return invalid.length === 0 ? TAKEN : { ...TAKEN, invalid }
}

function receipt({ clock, random, service }: DoorContext): Receipt {
  const receivedMs = clock.now()
  return { source: 'api', receivedMs, notAfterMs: receivedMs + service.clockSkewMs, fallbackId: random.uuid() }
}

function bodyOf({ body }: FastifyRequest): JsonObject {
  if (isObject(body)) return body
  throw new DoorError('REQUEST_MALFORMED', 'the body is not a JSON object')
}

/** In the header, or in the body, where browsers put it. */
function writeKeyOf(request: FastifyRequest, body: JsonObject): string | null {
  return basicUserOf(request) ?? (typeof body.writeKey === 'string' ? body.writeKey : null)
}

function sizeProblem(call: unknown, most: number): string | null {
  try {
    return Buffer.byteLength(JSON.stringify(call)) > most ? `larger than ${most} bytes (--max-segment-call)` : null
  } catch {
    // JSON is written recursively, but read without a limit.
    return 'nested too deeply'
  }
}

/** In order. If the broker does not answer, the client sends all of them again: under their ids they count once. */
async function submitAll(activities: readonly UserActivity[], request: FastifyRequest, context: DoorContext) {
  const events = new Map<string, number>()
  for (const activity of activities) {
    const key = activityKey(activity)
    events.set(key, (events.get(key) ?? 0) + 1)
  }
  for (const [key, count] of events) context.rates.chargeUser(key, count)
  const traceparent = traceparentOf(request.headers[TRACEPARENT_HEADER])
  await Promise.all(activities.map((activity) => context.intake.submit(activity, traceparent)))
}

/**
 * What analytics-next loads before it sends: where to send, and that there is nothing to load besides. The address is the
 * one that the browser has used, so its page needs to know no more than `cdnURL`.
 */
function settingsRoute(server: FastifyInstance, { access }: DoorContext): void {
  server.get<{ Params: { key: string } }>('/v1/projects/:key/settings', async (request, reply) => {
    const { key } = request.params
    access.checkWriteKey(key, 0)
    reply.header('cache-control', 'no-store')
    const segment = { apiKey: key, apiHost: `${request.host}/v1`, protocol: request.protocol }
    // Its own metrics would go to a route of Segment's.
    return { integrations: { 'Segment.io': segment }, metrics: { sampleRate: 0 } }
  })
}
