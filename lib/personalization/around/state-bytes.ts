/**
 * The state of a user as bytes: a version, then consents, zone, deliveries and purchases. Whole numbers take seven bits a byte, times
 * that ascend are written as the distance from the one before, texts as UTF-8 after their length.
 */
import { ServiceError } from '../errors.js'
import type { Channel } from '../records/recommendation.js'
import type { BoughtItem } from './already-bought.js'
import type { Consent } from './consent.js'
import type { Delivered } from './frequency-caps.js'
import { type AroundState, INITIAL_AROUND, type KnownZone } from './state.js'

const VERSION = 1
/** A channel is written as its place in this list, so the order must not change. */
const CODES: readonly Channel[] = ['page', 'push', 'email', 'sms', 'none']

/** Null: nothing is known of the user. */
export function encodeAround({ consents, zone, delivered, bought }: AroundState): Buffer | null {
  if (consents.length === 0 && zone === null && delivered.length === 0 && bought.length === 0) return null
  const bytes: number[] = [VERSION]
  writeWhole(bytes, consents.length)
  for (const { purpose, granted, at } of consents) {
    writeText(bytes, purpose)
    writeWhole(bytes, at * 2 + (granted ? 1 : 0))
  }
  writeWhole(bytes, zone === null ? 0 : zone.at + 1)
  if (zone !== null) writeText(bytes, zone.name)
  writeWhole(bytes, delivered.length)
  for (const { channel, times, forgottenMs } of delivered) {
    writeWhole(bytes, CODES.indexOf(channel))
    writeWhole(bytes, forgottenMs)
    writeWhole(bytes, times.length)
    times.forEach((time, i) => {
      writeWhole(bytes, time - (times[i - 1] ?? 0))
    })
  }
  writeWhole(bytes, bought.length)
  bought.forEach(({ itemId, at }, i) => {
    writeWhole(bytes, at - (bought[i - 1]?.at ?? 0))
    writeText(bytes, itemId)
  })
  return Buffer.from(bytes)
}

/**
 * The state that {@link encodeAround} wrote. `bytes` null: nothing is known of the user.
 * @throws ServiceError USER_ENTRY_VERSION for another version or an incomplete state
 */
export function decodeAround(bytes: Buffer | null): AroundState {
  if (bytes === null) return INITIAL_AROUND
  const version = bytes[0]
  if (version !== VERSION) {
    throw unreadable(`has version ${version ?? 'none'}; this service reads version ${VERSION}`)
  }
  const from = { bytes, at: 1 }
  const state = {
    consents: readConsents(from),
    zone: readZone(from),
    delivered: readDelivered(from),
    bought: readBought(from),
  }
  if (from.at !== bytes.length) throw unreadable('does not have the length that its content says')
  return state
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function readConsents(from: Cursor): Consent[] {
  return readMany(from, () => {
    const purpose = readText(from)
    const packed = readWhole(from)
    return { purpose, granted: packed % 2 === 1, at: Math.floor(packed / 2) }
  })
}

function readZone(from: Cursor): KnownZone | null {
  const at = readWhole(from)
  return at === 0 ? null : { name: readText(from), at: at - 1 }
}

function readDelivered(from: Cursor): Delivered[] {
  return readMany(from, () => {
    const channel = CODES[readWhole(from)]
    if (channel === undefined) throw unreadable('has an unknown channel')
    const forgottenMs = readWhole(from)
    let time = 0
    const times = readMany(from, () => {
      time += readWhole(from)
      return time
    })
    return { channel, times, forgottenMs }
  })
}

function readBought(from: Cursor): BoughtItem[] {
  let at = 0
  return readMany(from, () => {
    at += readWhole(from)
    return { itemId: readText(from), at }
  })
}

function readMany<T>(from: Cursor, read: () => T): T[] {
  const values: T[] = []
  for (let left = readWhole(from); left > 0; left--) values.push(read())
  return values
}

function writeWhole(bytes: number[], value: number): void {
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
}

function readWhole(from: Cursor): number {
  let value = 0
  for (let factor = 1; ; factor *= 0x80) {
    const byte = from.bytes[from.at++]
    if (byte === undefined) throw unreadable('ends too early')
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return value
  }
}

function writeText(bytes: number[], value: string): void {
  const text = Buffer.from(value)
  writeWhole(bytes, text.length)
  for (const byte of text) bytes.push(byte)
}

function readText(from: Cursor): string {
  const length = readWhole(from)
  const start = from.at
  from.at += length
  if (from.at > from.bytes.length) throw unreadable('ends too early')
  return from.bytes.toString('utf8', start, from.at)
}

function unreadable(problem: string): ServiceError {
  return new ServiceError('USER_ENTRY_VERSION', `the state of a user for the rules around the decisions ${problem}`)
}
