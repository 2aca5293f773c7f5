/**
 * The records of the `user-keys` topic. `K`, pseudonym, number: a key with the id of its user, wrapped by the master key. `L`,
 * pseudonym, pseudonym: the second is a visitor who became the first. `M`, number: what tells whether a master key is the right one.
 */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { systemRandom } from '../../index.js'
import type { MasterKey } from './master-key.js'
import { seal, unseal } from './seal.js'

const PSEUDONYM_END = 17
const KEY_END = 21
const DATA_KEY_BYTES = 32
const NUMBER_BYTES = 4
const MARKER_BYTES = 8
const CHECK = Buffer.from('millrace')

/** What the key of a record says. Texts are latin1, one character for each byte. */
export type KeyRecord =
  | { readonly kind: 'key'; readonly pseudonym: string; readonly number: string }
  | { readonly kind: 'link'; readonly pseudonym: string; readonly visitor: string }
  | { readonly kind: 'marker' }

/** A key of a user. */
export interface UserKey {
  readonly number: string
  readonly user: string
  readonly key: KeyObject
}

/** Null: the record is none of ours. */
export function readKey(key: Buffer): KeyRecord | null {
  const kind = key.toString('latin1', 0, 1)
  const pseudonym = key.toString('latin1', 1, PSEUDONYM_END)
  if (kind === 'K' && key.length === KEY_END) {
    return { kind: 'key', pseudonym, number: key.toString('latin1', PSEUDONYM_END) }
  }
  if (kind === 'L' && key.length === 2 * PSEUDONYM_END - 1) {
    return { kind: 'link', pseudonym, visitor: key.toString('latin1', PSEUDONYM_END) }
  }
  return kind === 'M' && key.length === 1 + MARKER_BYTES ? { kind: 'marker' } : null
}

export function keyKey(pseudonym: string, number: string): Buffer {
  return Buffer.from(`K${pseudonym}${number}`, 'latin1')
}

export function linkKey(pseudonym: string, visitor: string): Buffer {
  return Buffer.from(`L${pseudonym}${visitor}`, 'latin1')
}

export function newMarkerKey(): Buffer {
  return Buffer.concat([Buffer.from('M'), systemRandom.bytes(MARKER_BYTES)])
}

/** A record with a new key. */
export function newKeyRecord(user: string, pseudonym: string, master: MasterKey) {
  const number = systemRandom.bytes(NUMBER_BYTES).toString('latin1')
  const plain = Buffer.concat([systemRandom.bytes(DATA_KEY_BYTES), Buffer.from(user)])
  return {
    number,
    key: keyKey(pseudonym, number),
    value: seal(plain, wrapKind(pseudonym, number), master.wrapping, null),
  }
}

/** The key in a record; null: this master key has not wrapped it. `value`: latin1 text. */
export function unwrapped(value: string, pseudonym: string, number: string, master: MasterKey): UserKey | null {
  const plain = opened(Buffer.from(value, 'latin1'), wrapKind(pseudonym, number), master)
  if (plain === null || plain.length < DATA_KEY_BYTES) return null
  return {
    number,
    user: plain.toString('utf8', DATA_KEY_BYTES),
    key: createSecretKey(plain.subarray(0, DATA_KEY_BYTES)),
  }
}

export function markerValue(master: MasterKey): Buffer {
  return seal(CHECK, 'marker', master.wrapping, null)
}

/** Whether the master key is the one that has written the marker. */
export function isMarkerOf(value: Buffer, master: MasterKey): boolean {
  return opened(value, 'marker', master)?.equals(CHECK) ?? false
}

function opened(value: Buffer, kind: string, master: MasterKey): Buffer | null {
  try {
    return unseal(value, kind, master.wrapping)
  } catch {
    return null
  }
}

/** Binds a wrapped key to its place. */
function wrapKind(pseudonym: string, number: string): string {
  return `user-key ${pseudonym}${number}`
}
