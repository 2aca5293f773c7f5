/** `GET /events`: decisions as server-sent events, for browsers whose network has no WebSockets and for clients without them. */
import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { sendEvents } from './delivery/event-stream.js'
import type { ResumeMessage } from './delivery/frame.js'
import { parseEventId, resumeFrom } from './delivery/last-event-id.js'
import type { Door } from './door.js'
import { DoorError } from './errors.js'

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // A proxy that collects answers would keep decisions back.
  'x-accel-buffering': 'no',
}
const NEW: ResumeMessage = { type: 'resume', position: null, have: [] }

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
      const { resume, ticket } = resumeOf(request)
      const userId = await context.access.userAgain(request, ticket)
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
      const { clock, hub, access } = context
      const end = sendEvents(stream, { clock, hub, userId, resume, ticket: () => access.streamTicket(userId) })
      stream.once('close', end)
    })
  },
}

/**
 * Where the client was: by the id of its last event, in the header or as `?lastEventId=`, or by what a WebSocket says in its
 * first message, as `?position=PARTITION:NEXT&have=ID,ID`.
 * @throws DoorError REQUEST_MALFORMED
 */
function resumeOf({ headers, query }: FastifyRequest): {
  readonly resume: ResumeMessage
  readonly ticket: string | null
} {
  const { position, have, lastEventId } = query as Readonly<Record<'position' | 'have' | 'lastEventId', unknown>>
  const id = headers['last-event-id'] ?? lastEventId
  if (id !== undefined && id !== '') {
    const said = typeof id === 'string' ? parseEventId(id) : null
    if (said !== null) return said
    throw new DoorError('REQUEST_MALFORMED', 'last-event-id is not an id of this stream')
  }
  if (position === undefined && have === undefined) return { resume: NEW, ticket: null }
  const ids = have === undefined ? '' : String(have)
  const resume = position === undefined ? resumeFrom('0:0', ids) : resumeFrom(String(position), ids)
  if (resume !== null) return { resume: position === undefined ? { ...resume, position: null } : resume, ticket: null }
  throw new DoorError('REQUEST_MALFORMED', 'position is not PARTITION:NEXT, or have is not a list of decision ids')
}
