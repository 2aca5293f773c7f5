/** Equality of keys by value, as Java's `equals` of the usual key types. */

/** Primitives, bytes, arrays and plain objects; depth is that of the key itself. */
export function sameKey(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return left instanceof Uint8Array && right instanceof Uint8Array && Buffer.compare(left, right) === 0
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every((name) => Object.hasOwn(right, name) && sameKey(Reflect.get(left, name), Reflect.get(right, name)))
}
