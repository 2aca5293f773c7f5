/** Stores a checksum of key and value with each value of a native database, and checks it on every read. */
import { crc32c } from '../../record/crc32c.js'
import type { KeyRange } from './engine.js'
import type { NativeBatch, NativeDatabase, NativeIterator } from './native/database.js'

const SUM_BYTES = 4

export class ChecksummedDatabase implements NativeDatabase {
  readonly #database: NativeDatabase

  constructor(database: NativeDatabase) {
    this.#database = database
  }

  getSync(key: Buffer): Buffer | undefined {
    const stored = this.#database.getSync(key)
    return stored === undefined ? undefined : checked(key, stored)
  }

  async getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]> {
    const found = await this.#database.getMany(keys)
    return found.map((stored, i) => (stored === undefined ? undefined : checked(keys[i]!, stored)))
  }

  batch(): NativeBatch {
    const batch = this.#database.batch()
    return {
      put: (key, value) => batch.put(key, summed(key, value)),
      del: (key) => batch.del(key),
      write: (options) => batch.write(options),
    }
  }

  iterator(options: KeyRange & { readonly highWaterMarkBytes: number }): NativeIterator {
    const iterator = this.#database.iterator(options)
    return {
      nextv: async (count) => {
        const entries = await iterator.nextv(count)
        for (const entry of entries) entry[1] = checked(entry[0], entry[1])
        return entries
      },
      close: () => iterator.close(),
    }
  }

  clear(range: KeyRange): Promise<void> {
    return this.#database.clear(range)
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}

function summed(key: Buffer, value: Buffer): Buffer {
  const stored = Buffer.allocUnsafe(value.length + SUM_BYTES)
  value.copy(stored)
  stored.writeUInt32LE((crc32c(key) ^ crc32c(value)) >>> 0, value.length)
  return stored
}

function checked(key: Buffer, stored: Buffer): Buffer {
  const length = stored.length - SUM_BYTES
  if (length < 0 || stored.readUInt32LE(length) !== (crc32c(key) ^ crc32c(stored, 0, length)) >>> 0) {
    throw Object.assign(new Error('a value does not match its checksum'), { code: 'LEVEL_CORRUPTION' })
  }
  return stored.subarray(0, length)
}
