/** OpenFeature's remote evaluation protocol: any OpenFeature SDK asks which arm of an experiment a user is in. */
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { EXPERIMENTS } from '../../experiments/experiment.js'
import type { Door, DoorContext } from '../door.js'
import { doorErrorOf } from '../error-answers.js'
import { DoorError, type DoorErrorCode } from '../errors.js'
import { evaluation, experimentOf } from './evaluation.js'

const FLAGS = '/ofrep/v1/evaluate/flags'
/** Longest key of a user, with the prefix of a visitor. */
const MAX_KEY_BYTES = 100
const CONTROL = /\p{Cc}/u

/** OFREP's codes of errors. */
type OfrepCode = 'PARSE_ERROR' | 'TARGETING_KEY_MISSING' | 'INVALID_CONTEXT' | 'FLAG_NOT_FOUND' | 'GENERAL'

/** Those of the errors that other parts of the server throw. */
const OFREP_CODES: Readonly<Partial<Record<DoorErrorCode, OfrepCode>>> = {
  EXPERIMENT_UNKNOWN: 'FLAG_NOT_FOUND',
  REQUEST_MALFORMED: 'PARSE_ERROR',
  REQUEST_TOO_LARGE: 'PARSE_ERROR',
  REQUEST_TYPE_UNSUPPORTED: 'PARSE_ERROR',
}

interface Keyed {
  readonly Params: { readonly key: string }
}

export const ofrepDoor: Door = {
  name: 'ofrep',
  what: `OpenFeature's remote evaluation: POST ${FLAGS}/KEY, POST ${FLAGS}`,
  errors: [
    'EXPERIMENT_UNKNOWN',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'REQUEST_TOO_LARGE',
    'REQUEST_TYPE_UNSUPPORTED',
    'SERVER_FAILED',
    'TICKET_INVALID',
    'TICKET_MISSING',
    'USER_NOT_ALLOWED',
  ],
  async route(server, context) {
    await server.register(async (scope) => {
      // The server answers; what OFREP's clients look for is added here.
      scope.setErrorHandler((error, request) => {
        throw inOfrep(doorErrorOf(error), (request.params as Partial<Keyed['Params']>).key)
      })
      scope.post<Keyed>(`${FLAGS}/:key`, async (request) => {
        const userKey = await targetOf(request, context)
        const experiment = experimentOf(request.params.key)
        if (experiment === undefined) throw new DoorError('EXPERIMENT_UNKNOWN', 'there is no experiment of this name')
        return evaluation(experiment, await dealt(userKey, context))
      })
      scope.post(FLAGS, async (request, reply) => {
        const user = await dealt(await targetOf(request, context), context)
        const flags = EXPERIMENTS.map((experiment) => evaluation(experiment, user))
        const etag = `"${createHash('sha256').update(JSON.stringify(flags)).digest('hex').slice(0, 16)}"`
        reply.header('etag', etag).header('cache-control', 'no-cache')
        if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
        return { flags }
      })
    })
  },
}

async function dealt(userKey: string, { service }: DoorContext) {
  return { arm: await service.armOf(userKey), isHeldOut: service.isHeldOut(userKey) }
}

/** The user whom the request is about, and whom it may ask about. @throws DoorError */
async function targetOf(request: FastifyRequest, { access }: DoorContext): Promise<string> {
  const body: unknown = request.body
  if (!isObject(body)) throw malformed('PARSE_ERROR', 'the body is not an object')
  const { context = {} } = body
  if (!isObject(context)) throw malformed('INVALID_CONTEXT', 'context is not an object')
  const { targetingKey = '' } = context
  if (typeof targetingKey !== 'string') throw malformed('INVALID_CONTEXT', 'targetingKey is not a text')
  if (targetingKey === '') throw malformed('TARGETING_KEY_MISSING', 'the context has no targetingKey')
  if (Buffer.byteLength(targetingKey) > MAX_KEY_BYTES || CONTROL.test(targetingKey)) {
    throw malformed('INVALID_CONTEXT', `targetingKey has control characters or more than ${MAX_KEY_BYTES} bytes`)
  }
  await access.checkReader(request, targetingKey)
  return targetingKey
}

function malformed(errorCode: OfrepCode, message: string): DoorError {
  return new DoorError('REQUEST_MALFORMED', message, { also: { errorCode } })
}

function inOfrep({ code, message, details }: DoorError, key: string | undefined): DoorError {
  const errorCode = details.also?.errorCode ?? OFREP_CODES[code] ?? 'GENERAL'
  const also = { ...(key === undefined ? {} : { key }), errorCode, errorDetails: message }
  return new DoorError(code, message, { ...details, also })
}

/** Of `if-none-match`: a list, `*`, and tags that a proxy has made weak. */
function matches(header: string | undefined, etag: string): boolean {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
