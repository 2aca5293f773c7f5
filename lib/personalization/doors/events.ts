/** `GET /events`: decisions as server-sent events, for browsers whose network has no WebSockets. */
import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { parseResume, type ResumeMessage } from './delivery/frame.js'
import type { Door, DoorContext } from './door.js'
import { DoorError } from './errors.js'

/** A line that is no event, so that proxies keep the connection and one that is broken is noticed. */
const PING_MS = 20_000
const PING = ':\n\n'
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // A proxy that collects answers would keep decisions back.
  'x-accel-buffering': 'no',
}

export const eventsDoor: Door = {
  name: 'events',
  what: 'GET /events (server-sent events)',
  errors: [
    'CONNECTIONS_EXCEEDED',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'SERVER_FAILED',
    'TICKET_INVALID',
    'TICKET_MISSING',
  ],
  route(server, context) {
    const open = new Set<ServerResponse>()
    server.addHook('preClose', (done) => {
      for (const stream of open) stream.destroy()
      done()
    })
    server.get('/events', async (request, reply) => {
      const resume = resumeOf(request)
      const userId = await context.access.user(request)
      const release = context.connections.open(userId, request.ip)
      const stream = reply.raw
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) stream.setHeader(name, value)
      reply.hijack()
      stream.once('close', () => {
        release()
        open.delete(stream)
      })
      if (stream.destroyed) return
      stream.writeHead(200, HEADERS)
      open.add(stream)
      follow(stream, userId, resume, context)
    })
  },
}

function follow(stream: ServerResponse, userId: string, resume: ResumeMessage, { clock, hub }: DoorContext): void {
  const socket = {
    send: (text: string, done: () => void) => void stream.write(`data: ${text}\n\n`, () => done()),
    close: () => void stream.end(),
  }
  const unsubscribe = hub.subscribe(userId, socket, resume)
  let cancel = () => {}
  const ping = () => {
    stream.write(PING)
    cancel = clock.setTimer(PING_MS, ping)
  }
  ping()
  // An error is followed by "close".
  stream.on('error', () => undefined)
  stream.once('close', () => {
    cancel()
    unsubscribe()
  })
}

/** What a WebSocket says in its first message: `?position=PARTITION:NEXT&have=ID,ID`. @throws DoorError REQUEST_MALFORMED */
function resumeOf({ query }: FastifyRequest): ResumeMessage {
  const { position = null, have = '' } = query as { readonly position?: unknown; readonly have?: unknown }
  const [, partition, next] = /^(\d{1,15}):(\d{1,15})$/.exec(String(position)) ?? []
  const isPlaced = position === null || partition !== undefined
  const resume = parseResume(
    JSON.stringify({
      type: 'resume',
      position: partition === undefined ? null : { partition: Number(partition), next: Number(next) },
      have: have === '' ? [] : String(have).split(','),
    }),
  )
  if (resume !== null && isPlaced) return resume
  throw new DoorError('REQUEST_MALFORMED', 'position is not PARTITION:NEXT, or have is not a list of decision ids')
}
