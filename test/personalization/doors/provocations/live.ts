import { WebSocket } from 'ws'
import { MillraceError } from '../../../../lib/errors.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'
import { entryProvocations, type OpenDoors, type Provocation, post } from '../provocation.js'

const ACK = JSON.stringify({ type: 'ack', decisionIds: ['a'.repeat(32)] })
const ACK_OF_NOTHING = JSON.stringify({ type: 'ack', decisionIds: [] })
const RESUME = JSON.stringify({ type: 'resume', position: null, have: [] })

async function ticketOf({ address }: OpenDoors, user = 'ada'): Promise<string> {
  const { ticket } = (await (await post(`${address}/tickets`, { user })).json()) as { ticket: string }
  return ticket
}

/** The answer to the upgrade, or the close code. */
function connect({ address }: OpenDoors, ticket: string, act?: (socket: WebSocket) => void, headers = {}) {
  const url = `${address.replace('http', 'ws')}/live${ticket === '' ? '' : `?ticket=${ticket}`}`
  const socket = new WebSocket(url, { headers })
  return new Promise<Response | number>((resolve) => {
    socket.on('open', () => act?.(socket))
    socket.on('unexpected-response', (_request, answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk) => chunks.push(chunk))
      const { statusCode: status = 0, headers } = answer
      const entries = Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string])
      answer.on('end', () => resolve(new Response(Buffer.concat(chunks), { status, headers: entries })))
    })
    socket.on('close', (code) => resolve(code))
    socket.on('error', () => undefined)
  })
}

async function twice(doors: OpenDoors, users: readonly [string, string]) {
  const socket = new WebSocket(`${doors.address.replace('http', 'ws')}/live?ticket=${await ticketOf(doors, users[0])}`)
  await new Promise((resolve) => socket.on('open', resolve))
  const answer = await connect(doors, await ticketOf(doors, users[1]))
  socket.terminate()
  return answer
}

const MESSAGES: readonly [code: Provocation['code'], what: string, act: (socket: WebSocket) => void][] = [
  ['REQUEST_MALFORMED', 'not JSON', (socket) => socket.send('hello')],
  ['REQUEST_MALFORMED', 'binary', (socket) => socket.send(Buffer.from(RESUME))],
  ['REQUEST_MALFORMED', 'resume twice', (socket) => [socket.send(RESUME), socket.send(RESUME)]],
  ['REQUEST_MALFORMED', 'ack before resume', (socket) => socket.send(ACK)],
  ['REQUEST_MALFORMED', 'ack of nothing', (socket) => [socket.send(RESUME), socket.send(ACK_OF_NOTHING)]],
  ['REQUEST_TOO_LARGE', 'a message too large', (socket) => socket.send('x'.repeat(17_000))],
]

const manual = new ManualClock(1_800_000_000_000)

export const PROVOCATIONS: readonly Provocation[] = [
  ...entryProvocations((doors, headers) => connect(doors, 'any', undefined, headers)),
  { code: 'TICKET_INVALID', what: 'no such ticket', provoke: (doors) => connect(doors, 'nonsense') },
  {
    code: 'TICKET_INVALID',
    what: 'the ticket again',
    async provoke(doors) {
      const ticket = await ticketOf(doors)
      await connect(doors, ticket, (socket) => socket.close())
      return connect(doors, ticket)
    },
  },
  { code: 'REQUEST_MALFORMED', what: 'no WebSocket', provoke: ({ address }) => fetch(`${address}/live?ticket=x`) },
  { code: 'TICKET_MISSING', what: 'no ticket', provoke: (doors) => connect(doors, '') },
  {
    code: 'TICKET_MISSING',
    what: 'a write key, which may only write',
    options: { writeKeys: ['key-1'] },
    provoke: (doors) => connect(doors, '', undefined, { authorization: `Basic ${btoa('key-1:')}` }),
  },
  {
    code: 'TICKET_INVALID',
    what: 'the server key, which is of no user',
    options: { serverKey: 'key-1' },
    provoke: (doors) => connect(doors, 'key-1'),
  },
  {
    code: 'SERVER_FAILED',
    what: 'the site fails',
    options: { authenticate: () => Promise.reject(new Error('secret words')) },
    provoke: (doors) => connect(doors, ''),
  },
  ...MESSAGES.map(([code, what, act]): Provocation => {
    return { code, what, provoke: async (doors) => connect(doors, await ticketOf(doors), act) }
  }),
  {
    code: 'CONNECTIONS_EXCEEDED',
    what: 'more of one user',
    options: { maxConnectionsPerUser: 1 },
    provoke: (doors) => twice(doors, ['ada', 'ada']),
  },
  {
    code: 'CONNECTIONS_EXCEEDED',
    what: 'more from one address',
    options: { maxConnectionsPerAddress: 1 },
    provoke: (doors) => twice(doors, ['ada', 'bob']),
  },
  {
    code: 'CONNECTIONS_EXCEEDED',
    what: 'more in all',
    options: { maxConnections: 1 },
    provoke: (doors) => twice(doors, ['ada', 'bob']),
  },
  {
    code: 'REQUEST_TOO_FREQUENT',
    what: 'more messages than a browser has to say',
    options: { clock: manual },
    provoke: async (doors) =>
      connect(doors, await ticketOf(doors), (socket) => {
        for (let i = 0; i < 21; i++) socket.send(RESUME)
      }),
  },
  {
    code: 'BROKER_UNAVAILABLE',
    what: 'an acknowledgement that cannot be stored',
    change: { produceActivity: () => Promise.reject(new MillraceError('CLIENT_UNREACHABLE', 'no broker')) },
    provoke: async (doors) =>
      connect(doors, await ticketOf(doors), (socket) => {
        socket.send(RESUME)
        socket.send(ACK)
        socket.on('message', (data) => {
          if (JSON.parse(String(data)).type === 'rejected') socket.close()
        })
      }),
  },
  {
    code: 'REQUEST_TIMEOUT',
    what: 'a browser that does not say resume',
    options: { clock: manual },
    provoke: async (doors) => connect(doors, await ticketOf(doors), () => manual.advance(5_000)),
  },
]
