/** Which addresses are not on the public internet, so that a webhook's URL cannot reach into the network of the service. */
import { BlockList, isIP, isIPv6 } from 'node:net'

/** From the special-purpose registries of IANA: what is not globally reachable, multicast, and what is reserved. */
const NOT_PUBLIC: readonly (readonly [net: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

/** Of IPv6 only this is in use for the public; within it, what follows is not. */
const PUBLIC_V6 = ['2000::', 3] as const
const NOT_PUBLIC_V6: readonly (readonly [net: string, prefix: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
]

const v4 = new BlockList()
for (const [net, prefix] of NOT_PUBLIC) v4.addSubnet(net, prefix, 'ipv4')
const publicV6 = new BlockList()
publicV6.addSubnet(...PUBLIC_V6, 'ipv6')
const v6 = new BlockList()
for (const [net, prefix] of NOT_PUBLIC_V6) v6.addSubnet(net, prefix, 'ipv6')

/** True unless it is an address on the public internet. IPv6 that has an IPv4 address inside is judged by that one. */
export function isPrivateAddress(address: string): boolean {
  if (!isIPv6(address)) return isIP(address) !== 4 || v4.check(address, 'ipv4')
  const inside = embeddedV4(address)
  if (inside !== null) return isPrivateAddress(inside)
  return !publicV6.check(address, 'ipv6') || v6.check(address, 'ipv6')
}

/** Of an IPv4-mapped address, of NAT64 (64:ff9b::/96), and of 6to4 (2002::/16). */
function embeddedV4(address: string): string | null {
  const words = wordsOf(address)
  const leading = words.slice(0, 6).join(':')
  if (leading === '0:0:0:0:0:ffff' || leading === '64:ff9b:0:0:0:0') return dotted(words[6]!, words[7]!)
  return words[0] === '2002' ? dotted(words[1]!, words[2]!) : null
}

/** Eight numbers in hexadecimal, without leading zeros. */
function wordsOf(address: string): string[] {
  // The parser of URLs knows every way to write an address, and writes one.
  const written = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1)
  const [head = '', tail] = written.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(zeros).fill('0'), ...after]
}

function dotted(high: string, low: string): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}
