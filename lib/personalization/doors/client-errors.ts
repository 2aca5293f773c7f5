/** Answers connections whose request never became one: too slow, headers too large, not HTTP. */
import type { Socket } from 'node:net'
import { DOOR_ERRORS, type DoorErrorCode } from './errors.js'

const NOT_HTTP = ['REQUEST_MALFORMED', 'the request is not HTTP/1.1', 'Bad Request'] as const
/** Node's code → ours, the message, and HTTP's words for the status. */
const ANSWERS: Readonly<Record<string, readonly [DoorErrorCode, message: string, words: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request did not arrive in time', 'Request Timeout'],
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'the headers are too large', 'Request Header Fields Too Large'],
}

/** For "clientError" of the HTTP server. `count` is called for each answer. */
export function clientErrorHandler(count: (code: DoorErrorCode) => void) {
  return (error: { readonly code?: string }, socket: Socket): void => {
    // A reset by the client has nobody to answer.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const [code, message, words] = ANSWERS[error.code ?? ''] ?? NOT_HTTP
    const { status, whatToDo } = DOOR_ERRORS[code]
    const body = JSON.stringify({ error: code, message, whatToDo })
    const head = `HTTP/1.1 ${status} ${words}\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close`
    count(code)
    socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy())
  }
}
