/** What was fetched of a changelog, in pieces: between two of them a listener hears, and a restore can be called off. */
import type { FetchedBatches } from '../../client/fetcher.js'
import type { BatchView } from '../../protocol/index.js'

/** `max.poll.records` of Kafka Streams' consumers. Whole batches, so a piece may have more. */
const PIECE_RECORDS = 1_000

export interface Piece {
  readonly batches: readonly BatchView[]
  readonly nextOffset: number
}

/** A listener hears, and a restore can be called off, after as many records as a poll of Kafka Streams brings. */
export function* piecesOf({ batches, nextOffset }: FetchedBatches): Iterable<Piece> {
  let piece: BatchView[] = []
  let records = 0
  for (const batch of batches) {
    if (records >= PIECE_RECORDS) {
      yield { batches: piece, nextOffset: batch.baseOffset }
      piece = []
      records = 0
    }
    piece.push(batch)
    records += batch.count
  }
  yield { batches: piece, nextOffset }
}
