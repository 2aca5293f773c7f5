/** The bytes of an input file as text. Gzip is recognised by its first two bytes, not by the file name. */

import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ServiceError } from '../../errors.js'

/** A file's bytes in order, e.g. what `fs.createReadStream` gives. Read once. */
export type ByteSource = AsyncIterable<Uint8Array>

/**
 * UTF-8 text of `source` in chunks, without a byte order mark; characters are never cut. Raises INPUT_UNREADABLE where
 * gzip data is damaged or ends early; an error of the source itself passes unchanged.
 */
export async function* textOf(source: ByteSource): AsyncGenerator<string> {
  const chunks = source[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  while (head.length < 2) {
    const { value, done } = await chunks.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const whole = startingWith(head, chunks)
  const bytes: AsyncIterable<Uint8Array> = head[0] === 0x1f && head[1] === 0x8b ? gunzipped(whole) : whole
  const decoder = new TextDecoder()
  for await (const chunk of bytes) {
    const text = decoder.decode(chunk, { stream: true })
    if (text !== '') yield text
  }
  const rest = decoder.decode()
  if (rest !== '') yield rest
}

async function* startingWith(head: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  } finally {
    await chunks.return?.()
  }
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  // The callback only keeps the pipeline's error from going unheard; reading gunzip raises it too.
  pipeline(Readable.from(source, { objectMode: false }), gunzip, () => {})
  try {
    for await (const chunk of gunzip) yield chunk as Buffer
  } catch (error) {
    if (!isZlibError(error)) throw error
    throw new ServiceError('INPUT_UNREADABLE', `gzip data of the input is damaged or ends early (${error.code})`, {
      cause: error,
    })
  }
}

function isZlibError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
}

/** Lines of `source` in batches (one per chunk read), without their LF or CRLF; a last line needs no end. */
export async function* linesOf(source: ByteSource): AsyncGenerator<string[]> {
  let rest = ''
  for await (const text of textOf(source)) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (let i = 0; i < lines.length; i++) {
      if (lines[i]!.endsWith('\r')) lines[i] = lines[i]!.slice(0, -1)
    }
    if (lines.length > 0) yield lines
  }
  if (rest !== '') yield [rest.endsWith('\r') ? rest.slice(0, -1) : rest]
}
