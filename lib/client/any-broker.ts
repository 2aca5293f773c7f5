/** Requests that any broker can answer: each that is known is tried, then the bootstrap addresses. */
import { MillraceError } from '../errors.js'
import type { Api, ResponseOf } from '../protocol/api/define.js'
import type { Random } from '../record/random.js'
import type { BrokerAddress } from '../transport/transport.js'
import { type BrokerLink, isTransportError, type RequestBody, type RequestOptions } from './broker-link.js'

export interface AnyBrokerOptions {
  readonly link: BrokerLink
  readonly bootstrap: readonly BrokerAddress[]
  readonly random: Random
  readonly knownBrokers: () => BrokerAddress[]
  readonly closed: () => boolean
}

export class AnyBroker {
  readonly #options: AnyBrokerOptions
  #connectedOnce = false

  constructor(options: AnyBrokerOptions) {
    this.#options = options
  }

  /** Each broker known, in random order, then the bootstrap addresses, until one answers. */
  async request<A extends Api>(api: A, body: RequestBody<A>, options: RequestOptions): Promise<ResponseOf<A>> {
    const failed: string[] = []
    let last: MillraceError | undefined
    for (const address of this.candidates()) {
      try {
        const response = await this.#options.link.send(address, api, body, options)
        this.#connectedOnce = true
        return response
      } catch (error) {
        if (!isTransportError(error) || !error.retriable) throw error
        if (this.#options.closed()) throw clusterClosed(api.name, error)
        failed.push(`${address.host}:${address.port}`)
        last = error
      }
    }
    throw new MillraceError(
      'CLIENT_UNREACHABLE',
      `No Kafka broker answered at ${failed.join(', ')}; check the addresses, and whether the brokers run. ${last?.message ?? ''}`,
      { cause: last, retriable: this.#connectedOnce },
    )
  }

  candidates(): BrokerAddress[] {
    const known = this.#options.knownBrokers()
    for (let i = known.length - 1; i > 0; i--) {
      const j = this.#options.random.int(i + 1)
      const swapped = known[i]!
      known[i] = known[j]!
      known[j] = swapped
    }
    const others = this.#options.bootstrap.filter((b) => !known.some((k) => k.host === b.host && k.port === b.port))
    return [...known, ...others]
  }
}

export function clusterClosed(what: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'CLIENT_CLOSED',
    `${what} ended: the client is closed.`,
    cause === undefined ? {} : { cause },
  )
}
