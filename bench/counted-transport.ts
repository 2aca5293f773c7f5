/** A transport that counts what passes: transactions by producer, records and bytes produced by topic. */

import { decodeRequest } from '../lib/protocol/api/define.js'
import { endTxnApi, produceApi } from '../lib/protocol/index.js'
import type { BrokerAddress, Lane, PortableTransport, Transport, WireRequest } from '../lib/transport/transport.js'

/** Where a batch says how many records it holds. */
const COUNT_OFFSET = 57

export interface Produced {
  records: number
  bytes: number
}

export class CountedTransport implements Transport {
  /** Topic → what was written to it, aborted transactions included. */
  readonly produced = new Map<string, Produced>()
  /** Transactional id → transactions ended. */
  readonly transactions = new Map<string, number>()
  readonly portable: () => Promise<PortableTransport | null>
  readonly #inner: Transport

  constructor(inner: Transport) {
    this.#inner = inner
    this.portable = async () => (await inner.portable?.()) ?? null
  }

  send(address: BrokerAddress, lane: Lane, request: WireRequest): Promise<Buffer> {
    if (request.apiKey === produceApi.key) this.#produce(request)
    else if (request.apiKey === endTxnApi.key) {
      const { transactionalId } = decodeRequest(endTxnApi, request.apiVersion, request.body)
      this.transactions.set(transactionalId, (this.transactions.get(transactionalId) ?? 0) + 1)
    }
    return this.#inner.send(address, lane, request)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  #produce({ apiVersion, body }: WireRequest): void {
    for (const { name, partitionData } of decodeRequest(produceApi, apiVersion, body).topicData) {
      const produced = this.produced.get(name) ?? { records: 0, bytes: 0 }
      this.produced.set(name, produced)
      for (const { records } of partitionData) {
        if (records === null) continue
        produced.records += records.readInt32BE(COUNT_OFFSET)
        produced.bytes += records.length
      }
    }
  }
}
