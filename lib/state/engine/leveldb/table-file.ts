/** Checks every block of a LevelDB table against its checksum. This build of LevelDB checks none. */
import { crc32c } from '../../../record/crc32c.js'
import { Cursor, Malformed } from './byte-cursor.js'
import { unmasked } from './log-file.js'

/** Reads bytes of one file; fewer only at its end. */
export type ReadAt = (position: number, length: number) => Promise<Buffer>

const FOOTER_BYTES = 48
/** Behind each block: how it is compressed, and its checksum. */
const TRAILER_BYTES = 5
const MAGIC = Buffer.from('57fb808b247547db', 'hex')
/** Blocks beside each other are read together, up to about this many bytes. */
const READ_BYTES = 512 * 1024

interface Block {
  readonly offset: number
  readonly size: number
}

/** @throws Malformed */
export async function checkTable(bytes: number, readAt: ReadAt): Promise<void> {
  if (bytes < FOOTER_BYTES) throw new Malformed('a table is too short')
  const footer = new Cursor(await readAt(bytes - FOOTER_BYTES, FOOTER_BYTES))
  if (!footer.bytes.subarray(FOOTER_BYTES - 8).equals(MAGIC)) throw new Malformed('a table has no end')
  const metaindex = block(footer)
  const index = block(footer)
  const blocks: Block[] = []
  for (const at of [metaindex, index]) blocks.push(...entries(await checkedBlock(at, readAt)))
  blocks.sort((a, b) => a.offset - b.offset)
  let end = 0
  for (const { offset, size } of blocks) {
    if (offset < end || offset + size + TRAILER_BYTES > bytes) throw new Malformed('blocks of a table overlap')
    end = offset + size + TRAILER_BYTES
  }
  for (let from = 0; from < blocks.length; ) {
    let to = from + 1
    const start = blocks[from]!.offset
    while (to < blocks.length && endOf(blocks[to]!) - start <= READ_BYTES) to++
    const read = await readAt(start, endOf(blocks[to - 1]!) - start)
    for (; from < to; from++) verify(read, blocks[from]!.offset - start, blocks[from]!.size)
  }
}

function endOf({ offset, size }: Block): number {
  return offset + size + TRAILER_BYTES
}

function block(cursor: Cursor): Block {
  return { offset: cursor.varint(), size: cursor.varint() }
}

async function checkedBlock({ offset, size }: Block, readAt: ReadAt): Promise<Buffer> {
  const read = await readAt(offset, size + TRAILER_BYTES)
  verify(read, 0, size)
  if (read[size] !== 0) throw new Malformed('a table is compressed, which is not supported')
  return read.subarray(0, size)
}

function verify(bytes: Buffer, at: number, size: number): void {
  const end = at + size
  if (end + TRAILER_BYTES > bytes.length) throw new Malformed('a table is incomplete')
  if (unmasked(bytes.readUInt32LE(end + 1)) !== crc32c(bytes, at, end + 1)) {
    throw new Malformed('a block of a table does not match its checksum')
  }
}

/** The blocks an index block points at. Its keys are of no interest here. */
function entries(index: Buffer): Block[] {
  if (index.length < 4) throw new Malformed('an index is too short')
  const end = index.length - 4 - 4 * index.readUInt32LE(index.length - 4)
  if (end < 0) throw new Malformed('an index is too short')
  const found: Block[] = []
  const cursor = new Cursor(index.subarray(0, end))
  while (!cursor.isAtEnd) {
    cursor.varint()
    const keyBytes = cursor.varint()
    const valueBytes = cursor.varint()
    cursor.take(keyBytes)
    found.push(block(new Cursor(cursor.take(valueBytes))))
  }
  return found
}
