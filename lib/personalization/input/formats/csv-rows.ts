/** RFC 4180 on a stream: quoted fields with commas, doubled quotes and line breaks, with chunks that end anywhere. */

import { ServiceError } from '../../errors.js'
import { type ByteSource, textOf } from './bytes.js'

/** One record's fields; null where its quoting is broken (text after a closing quote, a quote inside bare text). */
export type CsvRow = readonly string[] | null

/** Splits text into rows; feed it chunk by chunk, then `end`. Both LF and CRLF end a row; empty lines are skipped. */
class CsvSplitter {
  #fields: string[] = []
  #field = ''
  /** bare: in an unquoted field; quoted: between quotes; closing: just after a quote that may be half of a pair. */
  #state: 'start' | 'bare' | 'quoted' | 'closing' = 'start'
  #broken = false
  #rows: CsvRow[] = []
  /** Rows ended so far. */
  #row = 0

  /** Raises INPUT_UNREADABLE where a quoted field is longer than a megabyte: its quote was never closed. */
  push(text: string): CsvRow[] {
    let i = 0
    let quote = text.indexOf('"')
    while (i < text.length) {
      if (this.#state === 'quoted') i = this.#insideQuotes(text, i)
      else if (this.#state === 'start' && this.#fields.length === 0) {
        const end = text.indexOf('\n', i)
        if (quote >= 0 && quote < i) quote = text.indexOf('"', i)
        if (end < 0 || (quote >= 0 && quote < end)) i = this.#outsideQuotes(text, i)
        else {
          this.#plainRow(text, i, end)
          i = end + 1
        }
      } else i = this.#outsideQuotes(text, i)
    }
    return this.#taken()
  }

  /** A whole row without a quote, as most are. */
  #plainRow(text: string, from: number, to: number): void {
    const line = text.slice(from, text.charCodeAt(to - 1) === CARRIAGE_RETURN && to > from ? to - 1 : to)
    if (line === '') return
    this.#row++
    this.#rows.push(line.split(','))
  }

  /** The last row where no line break ended it; a quote left open makes it broken. */
  end(): CsvRow[] {
    if (this.#state === 'quoted') this.#broken = true
    if (this.#state !== 'start' || this.#fields.length > 0) this.#endRow()
    return this.#taken()
  }

  #taken(): CsvRow[] {
    const rows = this.#rows
    this.#rows = []
    return rows
  }

  #insideQuotes(text: string, from: number): number {
    const quote = text.indexOf('"', from)
    if (quote < 0) {
      this.#field += text.slice(from)
      if (this.#field.length > MAX_QUOTED_LENGTH) throw endless(this.#row + 1)
      return text.length
    }
    this.#field += text.slice(from, quote)
    this.#state = 'closing'
    return quote + 1
  }

  #outsideQuotes(text: string, from: number): number {
    const char = text[from]!
    if (char === '"') {
      if (this.#state === 'closing') this.#field += '"'
      if (this.#state === 'bare') this.#broken = true
      this.#state = this.#state === 'bare' ? 'bare' : 'quoted'
      return from + 1
    }
    if (char === ',') {
      this.#endField()
      return from + 1
    }
    if (char === '\n') {
      if (this.#state !== 'start' || this.#fields.length > 0) this.#endRow()
      return from + 1
    }
    if (this.#state === 'closing') {
      // Only the CR of a CRLF may follow a closing quote.
      if (char !== '\r') this.#broken = true
      return from + 1
    }
    let end = from + 1
    while (end < text.length && !BARE_END.has(text.charCodeAt(end))) end++
    this.#field += text.slice(from, end)
    this.#state = 'bare'
    return end
  }

  #endField(): void {
    this.#fields.push(this.#field)
    this.#field = ''
    this.#state = 'start'
  }

  #endRow(): void {
    if (this.#state === 'bare' && this.#field.endsWith('\r')) this.#field = this.#field.slice(0, -1)
    const empty = this.#state === 'bare' && this.#field === '' && this.#fields.length === 0
    this.#endField()
    if (!empty) {
      this.#row++
      this.#rows.push(this.#broken ? null : this.#fields)
    }
    this.#fields = []
    this.#broken = false
  }
}

/** A stray quote would otherwise swallow the rest of a large file as one field, in memory. */
const MAX_QUOTED_LENGTH = 1_048_576

function endless(row: number): ServiceError {
  return new ServiceError(
    'INPUT_UNREADABLE',
    `row ${row} of the CSV input (the header is row 1) has an opening quote without a closing quote`,
  )
}

const CARRIAGE_RETURN = 0x0d

/** Where a run of bare text stops: quote, comma, line feed. */
const BARE_END = new Set([0x22, 0x2c, 0x0a])

/** Rows of a CSV file in batches, the header row included. */
export async function* csvRowsOf(source: ByteSource): AsyncGenerator<CsvRow[]> {
  const splitter = new CsvSplitter()
  for await (const text of textOf(source)) {
    const rows = splitter.push(text)
    if (rows.length > 0) yield rows
  }
  const rows = splitter.end()
  if (rows.length > 0) yield rows
}
