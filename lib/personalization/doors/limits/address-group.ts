/** The address that limits count by. */

/** Groups of 16 bits in the part of an IPv6 address that a network gives to one customer, /64. */
const NETWORK_GROUPS = 4
const IPV4_AND_PORT = /^\d+(\.\d+){3}:\d+$/
const MAPPED_IPV4 = '::ffff:'

/** An IPv4 address unchanged, also if it is written as IPv6; of an IPv6 address its /64, which one customer has whole. */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address
  // Some proxies forward the port as well.
  if (IPV4_AND_PORT.test(address)) return address.slice(0, address.indexOf(':'))
  if (address.startsWith(MAPPED_IPV4) && address.includes('.')) return address.slice(MAPPED_IPV4.length)
  const [before = '', after] = address.toLowerCase().split('%')[0]!.split('::')
  const left = groups(before)
  const right = after === undefined ? [] : groups(after)
  const zeros = after === undefined ? 0 : 8 - left.length - right.length
  const all = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right]
  return `${all.slice(0, NETWORK_GROUPS).join(':')}::/64`
}

/** Without leading zeros. An IPv4 address at the end has two groups' room, all beyond the first four. */
function groups(part: string): string[] {
  if (part === '') return []
  return part.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : group.replace(/^0+(?=.)/, '')))
}
