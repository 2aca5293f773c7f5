/** A request handler: which API and versions it answers, and how. */
import {
  type Api,
  decodeRequest,
  encodeResponse,
  encodeResponseHeader,
  type RequestOf,
  type ResponseInput,
} from '../../protocol/index.js'
import type { BrokerCore, RequestContext } from '../core.js'

export interface Handler {
  readonly api: Api
  /** First and last version answered and advertised, both included. */
  readonly versions: readonly [first: number, last: number]
  /** The response body; null where the request gets no response. Synchronous unless the answer has to wait. */
  answer(core: BrokerCore, body: Buffer, context: RequestContext): Buffer | null | Promise<Buffer | null>
}

/** This broker never throttles, so an answer leaves that field at its default of 0. */
export type ResponseBody<A extends Api> = Omit<ResponseInput<A>, 'throttleTimeMs'>
type Answer<A extends Api> = ResponseBody<A> | null

/** `handle` may throw: the connection is then closed. */
export function defineHandler<A extends Api>(
  api: A,
  versions: readonly [first: number, last: number],
  handle: (core: BrokerCore, request: RequestOf<A>, context: RequestContext) => Answer<A> | Promise<Answer<A>>,
): Handler {
  return {
    api,
    versions,
    answer(core, body, context) {
      const encode = (response: Answer<A>) =>
        response === null ? null : encodeResponse(api, context.version, response as ResponseInput<A>)
      const result = handle(core, decodeRequest(api, context.version, body, 'ignored'), context)
      return result instanceof Promise ? result.then(encode) : encode(result)
    },
  }
}

/** Header and body of a response as one frame, without the length in front. */
export function responseFrame(api: Api, version: number, correlationId: number, body: Buffer): Buffer {
  const header = encodeResponseHeader(api, version, correlationId)
  const frame = Buffer.allocUnsafe(header.length + body.length)
  header.copy(frame)
  body.copy(frame, header.length)
  return frame
}
