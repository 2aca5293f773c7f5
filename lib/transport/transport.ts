/** The port that carries request bytes to a broker and brings the response bytes back; everything else is ours. */

/**
 * Each lane has a connection of its own to a broker. A broker answers the requests of one connection in order, so a request that
 * waits, such as a long poll or a JoinGroup, would otherwise delay a commit.
 */
export type Lane =
  | 'fetch'
  /** Asks at once for partitions that became readable while a long poll waits on "fetch". */
  | 'fetch-prompt'
  | 'restore'
  /** Readers beside the processing: summaries, replays, the committed reader. */
  | 'read'
  | 'produce'
  | 'group'
  | 'admin'

/** Where a broker listens. */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** A request without its header: the transport writes header, correlation id and length prefix. */
export interface WireRequest {
  /** The number of the API in the protocol of Kafka. */
  readonly apiKey: number
  /** The version of the API. */
  readonly apiVersion: number
  /** The encoded request. */
  readonly body: Buffer
  /** Whether the request header is v2 (KIP-482): one tagged-field section after the client id. */
  readonly flexibleRequest: boolean
  /** Whether the response header is v1. ApiVersions has header v0 at every version. */
  readonly flexibleResponse: boolean
  /** If there is no answer within this time, the connection is closed and the call fails. */
  readonly timeoutMs: number
  /** True for Produce with acks=0, which gets no response: the promise resolves with an empty buffer. */
  readonly noResponse?: boolean
}

/** What another thread needs to make a transport like this one. */
export interface PortableTransport {
  readonly kind: 'platformatic' | 'kafkajs'
  /** Plain data: may be cloned. */
  readonly settings: object
  /** Functions of `settings.sasl` that stay on this thread, which the other one asks for what they answer. */
  readonly providers: Readonly<Record<string, () => unknown>>
}

/** Carries requests to brokers. {@link kafkajsTransport} makes one from a kafkajs client; the suite in `millrace/testing` checks your own. */
export interface Transport {
  /**
   * Resolves with the response body (header removed). Requests on one (address, lane) leave in call order. Several may
   * be in flight.
   * @throws MillraceError TRANSPORT_UNREACHABLE (nothing was sent), TRANSPORT_CLOSED or TRANSPORT_TIMEOUT (it may have
   *   been sent and taken effect), TRANSPORT_AUTHENTICATION, TRANSPORT_TLS. After a timeout the connection is replaced.
   */
  send(address: BrokerAddress, lane: Lane, request: WireRequest): Promise<Buffer>
  /** Null, or omitted: connections like these cannot be made on another thread. */
  readonly portable?: () => Promise<PortableTransport | null>
  /** Closes every connection; calls in flight fail with TRANSPORT_CLOSED. */
  close(): Promise<void>
}
