/** The bytes of a request frame before its body. */
import type { WireRequest } from './transport.js'

const LENGTH_BYTES = 4

/** The frame's length, then request header v1, or v2 with an empty tag section (KIP-482). `clientId` is UTF-8. */
export function frontOfFrame(request: WireRequest, correlationId: number, clientId: Buffer): Buffer {
  const front = Buffer.allocUnsafe(LENGTH_BYTES + 10 + clientId.length + (request.flexibleRequest ? 1 : 0))
  front.writeInt32BE(front.length - LENGTH_BYTES + request.body.length, 0)
  front.writeInt16BE(request.apiKey, 4)
  front.writeInt16BE(request.apiVersion, 6)
  front.writeInt32BE(correlationId, 8)
  front.writeInt16BE(clientId.length, 12)
  clientId.copy(front, 14)
  if (request.flexibleRequest) front[front.length - 1] = 0
  return front
}

/** The whole frame, without its length. */
export function frameOf(request: WireRequest, correlationId: number, clientId: Buffer): Buffer {
  return Buffer.concat([frontOfFrame(request, correlationId, clientId), request.body]).subarray(LENGTH_BYTES)
}
