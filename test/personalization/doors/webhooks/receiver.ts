/** A receiver of webhooks for tests: answers each request as it is told to. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly path: string
}

export type Answer = (received: Received, response: ServerResponse, request: IncomingMessage) => void

export interface Receiver {
  readonly url: string
  readonly received: Received[]
  answer: Answer
  /** Resolves when so many requests have come. */
  arrived(count: number): Promise<void>
}

export const accept: Answer = (_received, response) => response.writeHead(204).end()

export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_received, response) => response.writeHead(code, headers).end('no')
}

export async function receiver(t: Test, first: Answer = accept): Promise<Receiver> {
  let waiting: { count: number; go: () => void }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const received = { headers: request.headers, body: Buffer.concat(chunks).toString(), path: request.url ?? '' }
      it.received.push(received)
      for (const { count, go } of waiting) if (it.received.length >= count) go()
      waiting = waiting.filter(({ count }) => it.received.length < count)
      it.answer(received, response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const it: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    answer: first,
    arrived: (count) => new Promise((go) => (it.received.length >= count ? go() : void waiting.push({ count, go }))),
  }
  return it
}
