/** One request to one known broker: chooses a version that both sides support, encodes, sends and decodes. */

import { MillraceError } from '../errors.js'
import { apiVersionsApi } from '../protocol/api/api-versions.js'
import {
  type Api,
  decodeResponse,
  encodeRequest,
  isFlexible,
  type RequestInput,
  type ResponseOf,
} from '../protocol/api/define.js'
import { responseHeaderIsFlexible } from '../protocol/api/header.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import { kindOf } from '../record/kind-of.js'
import type { BrokerAddress, Lane, Transport } from '../transport/transport.js'

export interface RequestOptions {
  readonly lane: Lane
  /** Default: the cluster's requestTimeoutMs. */
  readonly timeoutMs?: number
  /** Highest version to use, where a newer one means something else. */
  readonly maxVersion?: number
  /** Lowest version that carries what the caller relies on. */
  readonly minVersion?: number
  /** For Produce with acks=0. */
  readonly noResponse?: boolean
}

/** Where the layout depends on the version, a function of it. */
export type RequestBody<A extends Api> = RequestInput<A> | ((version: number) => RequestInput<A>)

type Ranges = ReadonlyMap<number, readonly [first: number, last: number]>

/** ApiVersions v3 is answered by every broker >= 2.4; an older one answers in v0 with UNSUPPORTED_VERSION. */
const FIRST_ASKED = 3

export class BrokerLink {
  readonly #transport: Transport
  readonly #requestTimeoutMs: number
  readonly #ranges = new Map<string, Promise<Ranges>>()

  constructor(transport: Transport, requestTimeoutMs: number) {
    this.#transport = transport
    this.#requestTimeoutMs = requestTimeoutMs
  }

  async send<A extends Api>(
    address: BrokerAddress,
    api: A,
    body: RequestBody<A>,
    options: RequestOptions,
  ): Promise<ResponseOf<A>> {
    const version = await this.versionFor(address, api, options)
    const input = typeof body === 'function' ? body(version) : body
    try {
      const answer = await this.#transport.send(address, options.lane, {
        apiKey: api.key,
        apiVersion: version,
        body: encodeRequest(api, version, input),
        flexibleRequest: isFlexible(api, version),
        flexibleResponse: responseHeaderIsFlexible(api, version),
        timeoutMs: options.timeoutMs ?? this.#requestTimeoutMs,
        ...(options.noResponse === true ? { noResponse: true } : {}),
      })
      return decoded(address, api, version, requireBytes(answer))
    } catch (error) {
      // The broker may come back as another version.
      if (isTransportError(error)) this.#ranges.delete(keyOf(address))
      throw error
    }
  }

  /** CLIENT_VERSION_UNSUPPORTED where the ranges do not meet. */
  async versionFor(address: BrokerAddress, api: Api, options: RequestOptions): Promise<number> {
    const offered = (await this.#rangesOf(address)).get(api.key)
    const first = Math.max(api.versions[0], options.minVersion ?? 0)
    const last = Math.min(api.versions[1], options.maxVersion ?? Number.POSITIVE_INFINITY)
    if (offered !== undefined) {
      const version = Math.min(last, offered[1])
      if (version >= first && version >= offered[0]) return version
    }
    const theirs = offered === undefined ? 'does not offer it' : `offers versions ${offered[0]} to ${offered[1]}`
    throw new MillraceError(
      'CLIENT_VERSION_UNSUPPORTED',
      `${keyOf(address)} ${theirs}, but Millrace needs ${api.name} version ${first} to ${last}; use another broker version.`,
    )
  }

  #rangesOf(address: BrokerAddress): Promise<Ranges> {
    const key = keyOf(address)
    const known = this.#ranges.get(key)
    if (known !== undefined) return known
    const asked = this.#ask(address)
    this.#ranges.set(key, asked)
    asked.catch(() => {
      if (this.#ranges.get(key) === asked) this.#ranges.delete(key)
    })
    return asked
  }

  async #ask(address: BrokerAddress): Promise<Ranges> {
    const version = FIRST_ASKED
    const answer = await this.#transport.send(address, 'admin', {
      apiKey: apiVersionsApi.key,
      apiVersion: version,
      body: encodeRequest(apiVersionsApi, version, {
        clientSoftwareName: 'millrace',
        clientSoftwareVersion: '0.1.0',
      }),
      flexibleRequest: true,
      flexibleResponse: false,
      timeoutMs: this.#requestTimeoutMs,
    })
    const tooNew = requireBytes(answer).length >= 2 && answer.readInt16BE(0) === KAFKA_ERROR.UNSUPPORTED_VERSION
    const response = decoded(address, apiVersionsApi, tooNew ? 0 : version, answer)
    return new Map(response.apiKeys.map((row) => [row.apiKey, [row.minVersion, row.maxVersion] as const]))
  }
}

/** Of a transport that is not ours. @throws MillraceError CONFIG_INVALID */
function requireBytes(answer: Buffer): Buffer {
  if (Buffer.isBuffer(answer)) return answer
  const text = `option transport: its send answered ${kindOf(answer)}: resolve with a Buffer, the body of the response`
  throw new MillraceError('CONFIG_INVALID', text)
}

/** An answer that cannot be read was damaged on the way, or comes from something in between: it is as good as lost. */
function decoded<A extends Api>(address: BrokerAddress, api: A, version: number, answer: Buffer): ResponseOf<A> {
  try {
    return decodeResponse(api, version, answer)
  } catch (cause) {
    const message = `The answer of ${keyOf(address)} cannot be read: ${(cause as Error).message}`
    throw new MillraceError('TRANSPORT_CLOSED', message, { retriable: true, cause })
  }
}

export function isTransportError(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code.startsWith('TRANSPORT_')
}

function keyOf(address: BrokerAddress): string {
  return `${address.host}:${address.port}`
}
