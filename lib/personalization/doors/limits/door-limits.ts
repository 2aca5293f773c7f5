/** The limits of the doors and their defaults. Each has a flag of the same words. */
import { MillraceError } from '../../../index.js'

/** Limits of the doors; 0 is no limit. */
export interface DoorLimits {
  /** Events a second that one write key brings; bursts are twice that, as of all rates. Default 5,000. */
  readonly ratePerKey: number
  /** Events a second of one user. Default 50. */
  readonly ratePerUser: number
  /** Requests a second from one address, of IPv6 from one /64. Default 2,000. */
  readonly ratePerAddress: number
  /** Open WebSockets and event streams in all. Default 20,000. */
  readonly maxConnections: number
  /** Of one user. Default 8. */
  readonly maxConnectionsPerUser: number
  /** From one address, of IPv6 from one /64. Default 1,000. */
  readonly maxConnectionsPerAddress: number
}

const DEFAULTS: DoorLimits = {
  ratePerKey: 5_000,
  ratePerUser: 50,
  ratePerAddress: 2_000,
  maxConnections: 20_000,
  maxConnectionsPerUser: 8,
  maxConnectionsPerAddress: 1_000,
}

/** @throws MillraceError CONFIG_INVALID */
export function doorLimits(options: Partial<DoorLimits>): DoorLimits {
  const limits: { -readonly [name in keyof DoorLimits]: number } = { ...DEFAULTS }
  for (const name of Object.keys(DEFAULTS) as (keyof DoorLimits)[]) {
    const value = options[name] ?? DEFAULTS[name]
    if (!Number.isFinite(value) || value < 0) {
      throw new MillraceError('CONFIG_INVALID', `${name} is ${value}: set a number from 0; 0 is no limit`)
    }
    limits[name] = value
  }
  return limits
}
