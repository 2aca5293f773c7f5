/** One client's connection: answers its requests in order, one after the other. */
import { MillraceError } from '../errors.js'
import { apiByKey, apiVersionsApi, decodeRequestHeader, encodeResponse } from '../protocol/index.js'
import { unsupportedApiVersions } from './api/api-versions.js'
import { type Handler, responseFrame } from './api/handler.js'
import { handlerOf } from './api/registry.js'
import type { BrokerCore, RequestContext } from './core.js'

/** A client's connection to an embedded broker, inside the process. */
export interface BrokerConnection {
  /**
   * Answers one request: header and body, without the length in front. Null for a request that gets no response. Rejects
   * when the connection has to be closed: BROKER_REQUEST_REJECTED, PROTOCOL_*.
   */
  handle(frame: Buffer): Promise<Buffer | null>
  /** Ends every wait of this connection. */
  close(): void
}

export class ClientConnection implements BrokerConnection {
  readonly #core: BrokerCore
  readonly #clientHost: string
  readonly #releases = new Set<() => void>()
  /** The request being answered, while it waits. */
  #last: Promise<unknown> | undefined
  #closed = false

  constructor(core: BrokerCore, clientHost: string) {
    this.#core = core
    this.#clientHost = clientHost
  }

  handle(frame: Buffer): Promise<Buffer | null> {
    const before = this.#last
    const answer = before === undefined ? this.#answerNow(frame) : before.then(() => this.#answer(frame))
    const settled: Promise<unknown> = answer.then(ignore, ignore).then(() => {
      if (this.#last === settled) this.#last = undefined
    })
    this.#last = settled
    return answer
  }

  close(): void {
    this.#closed = true
    for (const release of [...this.#releases]) release()
  }

  async #answerNow(frame: Buffer): Promise<Buffer | null> {
    return this.#answer(frame)
  }

  #answer(frame: Buffer): Buffer | null | Promise<Buffer | null> {
    if (this.#closed) throw new MillraceError('BROKER_REQUEST_REJECTED', 'The connection is closed')
    const { header, api, bodyStart } = decodeRequestHeader(frame, apiByKey)
    const { apiKey, apiVersion: version, correlationId, clientId } = header
    const handler = handlerOf(apiKey)
    if (api === undefined || handler === undefined) {
      throw new MillraceError('BROKER_REQUEST_REJECTED', `API key ${apiKey} is not supported`)
    }
    const [first, last] = handler.versions
    if (version < first || version > last) return refuseVersion(handler, version, correlationId)
    const context: RequestContext = {
      version,
      clientId: clientId ?? '',
      clientHost: this.#clientHost,
      onClose: (release) => {
        this.#releases.add(release)
        return () => this.#releases.delete(release)
      },
    }
    const toFrame = (body: Buffer | null) => (body === null ? null : responseFrame(api, version, correlationId, body))
    const body = handler.answer(this.#core, frame.subarray(bodyStart), context)
    return body instanceof Promise ? body.then(toFrame) : toFrame(body)
  }
}

/** Only ApiVersions can be answered in a version that is not known (KIP-511). */
function refuseVersion(handler: Handler, version: number, correlationId: number): Buffer {
  const { api, versions } = handler
  if (api.key !== apiVersionsApi.key) {
    throw new MillraceError(
      'BROKER_REQUEST_REJECTED',
      `${api.name} version ${version} is not supported; use versions ${versions[0]} to ${versions[1]}`,
    )
  }
  return responseFrame(api, 0, correlationId, encodeResponse(apiVersionsApi, 0, unsupportedApiVersions(handler)))
}

function ignore(): void {}
