/** The master key: 32 bytes that the operator keeps, and the keys that follow from it. */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { ServiceError } from '../errors.js'

const KEY_BYTES = 32
const SALT = 'millrace/personalization/v1'

/** What is derived from a master key. */
export class MasterKey {
  /** Makes pseudonyms of user ids. */
  readonly pseudonyms: KeyObject
  /** Wraps the keys of users. */
  readonly wrapping: KeyObject
  /** Seals what belongs to no user. */
  readonly common: KeyObject

  private constructor(bytes: Buffer) {
    const derive = (purpose: string) =>
      createSecretKey(Buffer.from(hkdfSync('sha256', bytes, SALT, purpose, KEY_BYTES)))
    this.pseudonyms = derive('pseudonyms')
    this.wrapping = derive('wrapping')
    this.common = derive('common')
  }

  /** From 64 hex digits or the base64 of 32 bytes. @throws ServiceError MASTER_KEY_INVALID */
  static of(text: string): MasterKey {
    const trimmed = text.trim()
    const isHex = /^[0-9a-f]{64}$/i.test(trimmed)
    if (!isHex && !/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) {
      throw new ServiceError('MASTER_KEY_INVALID', 'the master key is not 32 bytes as base64 or as 64 hex digits')
    }
    const bytes = Buffer.from(trimmed, isHex ? 'hex' : 'base64')
    if (bytes.every((byte) => byte === bytes[0])) {
      throw new ServiceError('MASTER_KEY_INVALID', 'the master key is one byte 32 times, which is not random')
    }
    return new MasterKey(bytes)
  }
}
