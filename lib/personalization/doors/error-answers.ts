/** Turns whatever a door throws into its answer, and counts it per door and code. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isMillraceError, type Log } from '../../index.js'
import { isServiceError } from '../errors.js'
import { DOOR_ERRORS, DoorError, type DoorErrorCode } from './errors.js'

/** Door → code → how often its clients got it. */
export type DoorErrorCounts = Readonly<Record<string, Readonly<Partial<Record<DoorErrorCode, number>>>>>

const DEFAULT_RETRY_SECONDS = 1

/** Statuses of Fastify's own errors. */
const CODE_OF_STATUS: Readonly<Record<number, DoorErrorCode>> = {
  404: 'ROUTE_UNKNOWN',
  408: 'REQUEST_TIMEOUT',
  413: 'REQUEST_TOO_LARGE',
  415: 'REQUEST_TYPE_UNSUPPORTED',
}

export class ErrorAnswers {
  readonly #log: Log
  readonly #counts: Record<string, Partial<Record<DoorErrorCode, number>>> = {}

  constructor(log: Log) {
    this.#log = log
  }

  get counts(): DoorErrorCounts {
    return Object.fromEntries(Object.entries(this.#counts).map(([door, counts]) => [door, { ...counts }]))
  }

  count(door: string, code: DoorErrorCode): void {
    this.#counts[door] ??= {}
    const counts = this.#counts[door]
    counts[code] = (counts[code] ?? 0) + 1
  }

  answer(door: string, thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const error = doorErrorOf(thrown)
    const { status, whatToDo } = DOOR_ERRORS[error.code]
    const { retryAfterSeconds, also } = error.details
    // A client that has gone away gets no answer.
    if (request.raw.socket?.destroyed !== true) this.count(door, error.code)
    if (status >= 500) {
      const { method, routeOptions } = request
      this.#log.warn({ error: error.cause ?? error, door, method, route: routeOptions.url }, 'a request failed')
    }
    if (status === 429 || status === 503) {
      reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterSeconds ?? DEFAULT_RETRY_SECONDS))))
    }
    if (status === 401) reply.header('www-authenticate', 'Bearer')
    reply.header('cache-control', 'no-store').type('application/json; charset=utf-8')
    return reply.code(status).send({ error: error.code, message: error.message, whatToDo, ...also })
  }
}

/** What a door throws, as the error that its client gets. */
export function doorErrorOf(thrown: unknown): DoorError {
  if (thrown instanceof DoorError) return thrown
  if (isServiceError(thrown, 'ACTIVITY_INVALID')) return new DoorError('REQUEST_MALFORMED', thrown.message)
  if (isMillraceError(thrown, 'CLIENT_RECORD_INVALID')) return new DoorError('REQUEST_TOO_LARGE', thrown.message)
  if (isMillraceError(thrown) && thrown.code.startsWith('CLIENT_')) {
    return new DoorError('BROKER_UNAVAILABLE', 'the broker did not answer, or did not store the event', {
      cause: thrown,
    })
  }
  const { statusCode, message } = thrown as Partial<FastifyError>
  if (statusCode === undefined || statusCode < 400 || statusCode > 499) {
    return new DoorError('SERVER_FAILED', 'the request could not be processed', { cause: thrown })
  }
  return new DoorError(CODE_OF_STATUS[statusCode] ?? 'REQUEST_MALFORMED', message ?? 'the request is malformed')
}
