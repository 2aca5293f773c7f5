/** The limits of the doors and their defaults. Each has a flag of the same words. */
import { MillraceError } from '../../../index.js'

/** Limits of the doors; 0 is no limit, except for those in bytes. */
export interface DoorLimits {
  /** Events a second that one write key brings; bursts are twice that, as of all rates. Default 5,000. */
  readonly ratePerKey: number
  /** Events a second of one user. Default 50. */
  readonly ratePerUser: number
  /** Requests a second from one address, of IPv6 from one /64. Default 2,000. */
  readonly ratePerAddress: number
  /** Messages a second on one WebSocket. Default 10. */
  readonly rateMessages: number
  /** Open WebSockets and event streams in all. Default 20,000. */
  readonly maxConnections: number
  /** Of one user. Default 8. */
  readonly maxConnectionsPerUser: number
  /** From one address, of IPv6 from one /64. Default 1,000. */
  readonly maxConnectionsPerAddress: number
  /** All headers of a request. Default 16 KB. */
  readonly maxHeadersBytes: number
  /** A body, and a message on a WebSocket, of a door without a limit of its own below. Default 16 KB. */
  readonly maxBodyBytes: number
  /** One call of Segment's. Default 32 KB, which is Segment's own limit. */
  readonly maxSegmentCallBytes: number
  /** The data of one CloudEvent. Default 64 KB, which the specification wants every receiver to take. */
  readonly maxCloudEventBytes: number
  /** A batch of Segment's calls or of CloudEvents. Default 500 KB. */
  readonly maxBatchBytes: number
  /** Events in such a batch. Default 2,500. */
  readonly maxBatchEvents: number
}

const KB = 1024
/** What a limit in bytes may be. */
export const LEAST_BYTES = KB
export const MOST_BYTES = 64 * KB * KB

const DEFAULTS: DoorLimits = {
  ratePerKey: 5_000,
  ratePerUser: 50,
  ratePerAddress: 2_000,
  rateMessages: 10,
  maxConnections: 20_000,
  maxConnectionsPerUser: 8,
  maxConnectionsPerAddress: 1_000,
  maxHeadersBytes: 16 * KB,
  maxBodyBytes: 16 * KB,
  maxSegmentCallBytes: 32 * KB,
  maxCloudEventBytes: 64 * KB,
  maxBatchBytes: 500 * KB,
  maxBatchEvents: 2_500,
}

/** @throws MillraceError CONFIG_INVALID */
export function doorLimits(options: Partial<DoorLimits>): DoorLimits {
  const limits: { -readonly [name in keyof DoorLimits]: number } = { ...DEFAULTS }
  for (const name of Object.keys(DEFAULTS) as (keyof DoorLimits)[]) {
    const value = options[name] ?? DEFAULTS[name]
    const advice = problemOf(name, value)
    if (advice !== null) throw new MillraceError('CONFIG_INVALID', `${name} is ${value}: ${advice}`)
    limits[name] = value
  }
  return limits
}

function problemOf(name: keyof DoorLimits, value: number): string | null {
  if (!name.endsWith('Bytes')) {
    return Number.isFinite(value) && value >= 0 ? null : 'set a number from 0; 0 is no limit'
  }
  const isSize = Number.isSafeInteger(value) && value >= LEAST_BYTES && value <= MOST_BYTES
  return isSize ? null : `set a whole number from ${LEAST_BYTES} to ${MOST_BYTES}`
}
