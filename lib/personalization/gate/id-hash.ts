/** 64 bits for an event id of a user: two halves of 32 bits, mixed apart from each other. The object is used again. */

export class IdHash {
  high = 0
  low = 0

  /** Of one id and two users it is two hashes. */
  set(userKey: string, eventId: string): void {
    this.high = 0x9747b28c ^ eventId.length
    this.low = 0x2f0b4a27 ^ userKey.length
    this.#mix(userKey)
    this.#mix(eventId)
    this.high = finished(this.high)
    this.low = finished(this.low ^ Math.imul(this.high, 0x9e3779b1))
  }

  #mix(text: string): void {
    let [high, low] = [this.high, this.low]
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      high ^= Math.imul(unit, 0xcc9e2d51)
      high = Math.imul((high << 13) | (high >>> 19), 0x1b873593) + 0x52dce729
      low = Math.imul(low ^ unit, 0x85ebca77)
      low = Math.imul((low << 17) | (low >>> 15), 0xc2b2ae3d) + 0x38495ab5
    }
    this.high = high | 0
    this.low = low | 0
  }
}

/** Every bit of the result depends on every bit of `hash`. */
function finished(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
