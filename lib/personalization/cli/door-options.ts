/** The flags about doors: who may, from which pages, behind which proxies, how often. */
import { isIP } from 'node:net'
import { duration } from '../config/duration.js'
import { LEAST_BYTES, MOST_BYTES } from '../doors/limits/door-limits.js'
import type { HttpOptions } from '../doors/server.js'
import { size, whole, wrong } from './flag-values.js'

export type DoorOptions = Pick<HttpOptions, 'demoLogin' | 'origins' | 'writeKeys' | 'trustProxy' | 'requestTimeoutMs'> &
  HttpOptionLimits
type HttpOptionLimits = { readonly [name in (typeof LIMITS)[number][1]]?: number }

/** Flag → the option of the server. */
const LIMITS = [
  ['rate-key', 'ratePerKey'],
  ['rate-user', 'ratePerUser'],
  ['rate-address', 'ratePerAddress'],
  ['rate-messages', 'rateMessages'],
  ['max-connections', 'maxConnections'],
  ['max-connections-per-user', 'maxConnectionsPerUser'],
  ['max-connections-per-address', 'maxConnectionsPerAddress'],
  ['max-headers', 'maxHeadersBytes'],
  ['max-body', 'maxBodyBytes'],
  ['max-segment-call', 'maxSegmentCallBytes'],
  ['max-cloud-event', 'maxCloudEventBytes'],
  ['max-batch', 'maxBatchBytes'],
  ['max-batch-events', 'maxBatchEvents'],
] as const

export const DOOR_HELP = `Who may     --demo-login        any visitor may be any user; the simulated shop without --brokers implies it
            --write-key KEY     may write events of any user, and read nothing; repeatable, beside MILLRACE_WRITE_KEYS
            --origin ORIGIN     pages of this origin may connect, e.g. https://shop.example; repeatable
            --trust-proxy N|ADDRESS,...   the proxies in front of the service: how many, or their addresses
Limits      --rate-key 5000  --rate-user 50  --rate-address 2000  --rate-messages 10   a second; 0: no limit
            --max-connections 20000  --max-connections-per-user 8  --max-connections-per-address 1000
            --max-body 16KB  --max-headers 16KB  --max-segment-call 32KB  --max-cloud-event 64KB
            --max-batch 500KB  --max-batch-events 2500
            --request-timeout 15s   in this time a request must have arrived whole
`

export const DOOR_FLAGS = {
  'demo-login': { type: 'boolean' },
  'write-key': { type: 'string', multiple: true },
  origin: { type: 'string', multiple: true },
  'trust-proxy': { type: 'string' },
  'rate-key': { type: 'string' },
  'rate-user': { type: 'string' },
  'rate-address': { type: 'string' },
  'rate-messages': { type: 'string' },
  'request-timeout': { type: 'string', default: '15s' },
  'max-connections': { type: 'string' },
  'max-connections-per-user': { type: 'string' },
  'max-connections-per-address': { type: 'string' },
  'max-headers': { type: 'string' },
  'max-body': { type: 'string' },
  'max-segment-call': { type: 'string' },
  'max-cloud-event': { type: 'string' },
  'max-batch': { type: 'string' },
  'max-batch-events': { type: 'string' },
} as const

type DoorValues = {
  readonly [name in keyof typeof DOOR_FLAGS]?:
    | (name extends 'demo-login' ? boolean : name extends 'origin' | 'write-key' ? string[] : string)
    | undefined
}

/** `isShop`: the input is the simulated shop, on a broker of this process. @throws MillraceError CONFIG_INVALID */
export function parseDoorOptions(values: DoorValues, isShop: boolean): DoorOptions {
  const limits: { -readonly [name in keyof HttpOptionLimits]: number } = {}
  for (const [flag, name] of LIMITS) {
    const text = values[flag]
    if (text === undefined) continue
    limits[name] = name.endsWith('Bytes') ? size(text, flag, LEAST_BYTES, MOST_BYTES) : whole(text, flag, 0, 10_000_000)
  }
  return {
    demoLogin: values['demo-login'] ?? isShop,
    writeKeys: values['write-key'] ?? [],
    origins: (values.origin ?? []).map(originOf),
    trustProxy: values['trust-proxy'] === undefined ? [] : proxies(values['trust-proxy']),
    requestTimeoutMs: requestTimeout(values['request-timeout']),
    ...limits,
  }
}

/** The write key of a demonstration that has no other. */
const DEMO_WRITE_KEY = 'demo'

/** Those of the flags, and those that `listed` has: the value of MILLRACE_WRITE_KEYS, null if there is none. */
export function writeKeysOf({ writeKeys = [], demoLogin }: DoorOptions, listed: string | null): readonly string[] {
  const keys = [...writeKeys, ...(listed ?? '').split(/[\s,]+/).filter((key) => key !== '')]
  return keys.length === 0 && demoLogin === true ? [DEMO_WRITE_KEY] : keys
}

function requestTimeout(text: string | undefined): number {
  const ms = duration(text)
  if (ms === undefined || ms < 1_000 || ms > 600_000) {
    throw wrong('request-timeout', `is ${text}`, 'write a time from 1s to 10m')
  }
  return ms
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isPage = url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
  if (!isPage || url.href !== `${url.origin}/`) {
    throw wrong('origin', `is ${text}`, 'write scheme and host of one site, for example https://shop.example')
  }
  return url.origin
}

/** Names of ranges that are understood besides addresses. */
const RANGES = ['loopback', 'linklocal', 'uniquelocal']

function proxies(text: string): number | string[] {
  if (/^\d+$/.test(text)) return whole(text, 'trust-proxy', 1, 32)
  const addresses = text.split(',').map((address) => address.trim())
  if (addresses.every((address) => RANGES.includes(address) || isNetwork(address))) return addresses
  const advice = 'write the number of proxies, or their addresses such as 10.0.0.0/8,loopback'
  throw wrong('trust-proxy', `is ${text}`, advice)
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}
