/** The values of flags, each checked with an error that names the flag. */
import { MillraceError } from '../../index.js'

export function whole(text: string, flag: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw wrong(flag, `is ${text}`, `write a whole number from ${least} to ${most}`)
  }
  return value
}

const BYTES_OF_UNIT = { B: 1, KB: 1024, MB: 1024 * 1024 }

/** A number of bytes, also as 500KB or 1MB. */
export function size(text: string, flag: string, least: number, most: number): number {
  const [, digits, unit = 'B'] = /^(\d{1,12})(B|KB|MB)?$/i.exec(text) ?? []
  const bytes = Number(digits) * BYTES_OF_UNIT[unit.toUpperCase() as keyof typeof BYTES_OF_UNIT]
  // Not a number is neither.
  if (bytes >= least && bytes <= most) return bytes
  const { KB, MB } = BYTES_OF_UNIT
  throw wrong(flag, `is ${text}`, `write a size from ${least / KB}KB to ${most / MB}MB, for example 32KB`)
}

export function oneOf<T extends string>(text: string, flag: string, allowed: readonly T[]): T {
  if ((allowed as readonly string[]).includes(text)) return text as T
  throw wrong(flag, `is ${text}`, `use one of ${allowed.join(', ')}`)
}

export function legalName(text: string, flag: string, pattern: RegExp): string {
  if (pattern.test(text)) return text
  throw wrong(flag, 'is not allowed in a topic name', 'use letters, digits, ".", "_" and "-"')
}

export function wrong(flag: string, problem: string, advice: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `--${flag} ${problem}: ${advice}`)
}

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const

/** `--transport` and `--sasl`, as every command that connects to Kafka has them. @throws MillraceError CONFIG_INVALID */
export function kafkaFlags({ transport, sasl }: { readonly transport: string; readonly sasl?: string | undefined }) {
  return {
    transport: oneOf(transport, 'transport', ['platformatic', 'kafkajs']),
    sasl: sasl === undefined ? null : oneOf(sasl, 'sasl', MECHANISMS),
  }
}
