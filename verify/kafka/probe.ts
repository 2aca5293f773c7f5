/** Network checks for a broker launcher: free ports, and whether a Kafka broker answers at an address. */

import { connect, createServer } from 'node:net'

/** A Metadata request, version 1, naming no topic: correlation id 1, no client id. */
const METADATA_REQUEST = Buffer.from('0000000e0003000100000001ffff00000000', 'hex')

/** Bytes before the broker count in a Metadata v1 response: size (4) and correlation id (4). */
const RESPONSE_HEADER_BYTES = 8

/** `count` different TCP ports that are free on 127.0.0.1 at the time of the call. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => {
            const address = server.address()
            resolve(typeof address === 'object' && address !== null ? address.port : 0)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** True when nothing listens on `port` of 127.0.0.1. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/**
 * True when the broker at `address` (HOST:PORT) answers a Metadata request within `timeoutMs` and names at least one
 * broker. A broker that is still fenced answers with none, so "it answers" means that topics can be created on it.
 */
export function brokerAnswers(address: string, timeoutMs = 2_000): Promise<boolean> {
  const colon = address.lastIndexOf(':')
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) })
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const finish = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(timeoutMs, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
    socket.once('connect', () => socket.write(METADATA_REQUEST))
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
      if (received.length >= RESPONSE_HEADER_BYTES + 4) finish(received.readInt32BE(RESPONSE_HEADER_BYTES) > 0)
    })
  })
}
