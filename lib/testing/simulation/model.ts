/** The data of the simulation and its arithmetic, shared by the topology under test and its reference. */

export interface SimEvent {
  /** Unique in a seed. */
  readonly seq: number
  readonly item: string
  readonly amount: number
}

/** Depends on the order of what went in: `count:hash`. */
export const NO_DIGEST = '0:0'

export function addToDigest(digest: string, event: SimEvent): string {
  const [count, hash] = digest.split(':').map(Number)
  return `${count! + 1}:${(Math.imul(hash!, 31) + event.seq + 1) >>> 0}`
}

/** Does not depend on the order, so that sessions can be joined: `count:sum:xor`. */
export const NO_SUM = '0:0:0'

export function addToSum(sum: string, event: SimEvent): string {
  return joinSums(sum, `1:${event.amount}:${event.seq}`)
}

export function joinSums(left: string, right: string): string {
  const [countA, sumA, xorA] = left.split(':').map(Number)
  const [countB, sumB, xorB] = right.split(':').map(Number)
  return `${countA! + countB!}:${sumA! + sumB!}:${(xorA! ^ xorB!) >>> 0}`
}
