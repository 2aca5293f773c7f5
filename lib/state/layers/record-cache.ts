/**
 * The record cache of one store: the keys changed since the last forward, in order of last change, with the last
 * forwarded value. The overlay has the current values; the cache has their headers.
 */
import { type Headers, NO_HEADERS } from '../../record/record.js'
import { CELL_OVERHEAD_BYTES, type Cell, type HeldValue, NONE } from './cell.js'

/** Hears of one changed cell: what was forwarded before it is in `before`; headers are those of the last change. */
export type ForwardCell = (cell: Cell, before: HeldValue, headers: Headers) => void

export class RecordCache {
  readonly #limitBytes: number
  #forward: ForwardCell | null = null
  #oldest: Cell | null = null
  #newest: Cell | null = null
  #bytes = 0
  /** Of waiting cells whose last change had any. */
  readonly #headers = new Map<Cell, Headers>()

  /** `limitBytes`: above it, everything waiting is forwarded at once, as Kafka Streams does when it evicts. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  onFlush(forward: ForwardCell): void {
    this.#forward = forward
  }

  get active(): boolean {
    return this.#forward !== null
  }

  /** Before a write to `cell`, whose newest version must be known. */
  beforeWrite(cell: Cell, headers: Headers): void {
    if (headers.length > 0 || this.#headers.size > 0) this.#keepHeaders(cell, headers)
    if (cell.queued) {
      if (this.#newest === cell) return
      this.#unlink(cell)
    } else {
      cell.queued = true
      cell.before = cell.held
      this.#bytes += waitingBytes(cell)
    }
    cell.older = this.#newest
    cell.newer = null
    if (this.#newest === null) this.#oldest = cell
    else this.#newest.newer = cell
    this.#newest = cell
  }

  /** After the write. */
  afterWrite(): void {
    if (this.#bytes > this.#limitBytes) this.flush()
  }

  /** Tells the listener of every waiting key. A key that came and went between two flushes is not mentioned. */
  flush(): void {
    for (let cell = this.#oldest; cell !== null; cell = this.#oldest) {
      const before = cell.before === NONE ? null : cell.before
      const headers = this.#headers.get(cell) ?? NO_HEADERS
      this.#dequeue(cell)
      if (this.#forward !== null && !(before === null && cell.held === null)) this.#forward(cell, before, headers)
    }
    this.#bytes = 0
  }

  /** After an abort: nobody is told of what did not happen. */
  drop(): void {
    for (let cell = this.#oldest; cell !== null; cell = this.#oldest) this.#dequeue(cell)
    this.#bytes = 0
  }

  #dequeue(cell: Cell): void {
    this.#unlink(cell)
    cell.queued = false
    cell.before = NONE
    this.#bytes -= Math.min(this.#bytes, waitingBytes(cell))
    if (this.#headers.size > 0) this.#keepHeaders(cell, NO_HEADERS)
  }

  #keepHeaders(cell: Cell, headers: Headers): void {
    const kept = this.#headers.get(cell)
    if (kept !== undefined) this.#bytes -= Math.min(this.#bytes, headerBytes(kept))
    if (headers.length === 0) {
      this.#headers.delete(cell)
      return
    }
    // Copied, since a header is a view of the whole batch it came in.
    this.#headers.set(
      cell,
      headers.map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) })),
    )
    this.#bytes += headerBytes(headers)
  }

  #unlink(cell: Cell): void {
    if (cell.older === null) this.#oldest = cell.newer
    else cell.older.newer = cell.newer
    if (cell.newer === null) this.#newest = cell.older
    else cell.newer.older = cell.older
    cell.older = null
    cell.newer = null
  }
}

/** The cell is in memory in any case; what counts is data, about as Kafka Streams counts an entry. */
function waitingBytes(cell: Cell): number {
  return cell.bytes - CELL_OVERHEAD_BYTES + 32
}

function headerBytes(headers: Headers): number {
  let bytes = 0
  for (const { key, value } of headers) bytes += key.length + (value === null ? 0 : value.length)
  return bytes
}
