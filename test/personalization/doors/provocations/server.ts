import { connect } from 'node:net'
import { type OpenDoors, type Provocation, post } from '../provocation.js'

/** What comes back for `bytes`; the connection is left open for more. */
async function raw({ address }: OpenDoors, bytes: string): Promise<Response> {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => line.split(': ') as [string, string])
  return new Response(body, { status: Number(statusLine.split(' ')[1]), headers })
}

const HEAD = 'POST /api/activity HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
const SOON = { requestTimeoutMs: 50 }

const UNFINISHED: readonly [what: string, bytes: string][] = [
  ['a request line that does not end', 'POST /api/act'],
  ['headers that do not end', `${HEAD}cookie: a`],
  ['a body that does not come', `${HEAD}content-length: 100\r\n\r\n`],
  ['a body that does not end', `${HEAD}content-length: 100\r\n\r\n{"id":`],
  ['chunks that do not end', `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{"id"\r\n`],
]

const NOT_HTTP: readonly [what: string, bytes: string][] = [
  ['another protocol', 'EHLO shop.example\r\n\r\n'],
  ['two lengths', `${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`],
  ['a length and chunks', `${HEAD}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
]

export const PROVOCATIONS: readonly Provocation[] = [
  { code: 'ROUTE_UNKNOWN', what: 'a file that is missing', provoke: ({ address }) => fetch(`${address}/nowhere.css`) },
  { code: 'ROUTE_UNKNOWN', what: 'another method', provoke: ({ address }) => post(`${address}/health`, {}) },
  ...UNFINISHED.map(([what, bytes]): Provocation => {
    return { code: 'REQUEST_TIMEOUT', what, options: SOON, provoke: (doors) => raw(doors, bytes) }
  }),
  ...NOT_HTTP.map(([what, bytes]): Provocation => {
    return { code: 'REQUEST_MALFORMED', what, provoke: (doors) => raw(doors, bytes) }
  }),
  {
    code: 'HEADERS_TOO_LARGE',
    what: 'a cookie larger than all headers may be',
    provoke: (doors) => raw(doors, `${HEAD}cookie: ${'x'.repeat(20_000)}\r\n\r\n`),
  },
  { code: 'REQUEST_MALFORMED', what: 'a path that is none', provoke: ({ address }) => fetch(`${address}/%zz`) },
]
