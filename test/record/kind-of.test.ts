/** What errors call a value, without a word of what is in it. */
import t from 'tap'
import { kindOf } from '../../lib/record/kind-of.js'

const KINDS: readonly [value: unknown, kind: string][] = [
  [undefined, 'undefined'],
  [null, 'null'],
  ['secret', 'a string'],
  [true, 'a boolean'],
  [5n, 'a bigint'],
  [() => 1, 'a function'],
  [[1], 'an array'],
  [{}, 'an object'],
  [new Date(0), 'a Date'],
  [Promise.resolve(), 'a promise'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [0, 'a number'],
  [-5, 'a number'],
  [2 ** 53 - 1, 'a number'],
  [2 ** 53, 'a number beyond 2^53'],
  [1.5, 'a fraction'],
]

t.test('the kind of a value', async (t) => {
  for (const [value, kind] of KINDS) t.equal(kindOf(value), kind)
})
