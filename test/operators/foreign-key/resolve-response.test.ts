/** An answer is joined with the left row it was asked for; for another row it is stale. */
import t from 'tap'
import { murmur3 } from '../../../lib/serde/murmur3.js'
import { string } from '../../../lib/serde/primitive.js'
import type { KeyValueStore } from '../../../lib/state/ports/store.js'
import { Operated, rows } from '../operate.js'

const node = {
  kind: 'resolveResponse',
  registrationTopic: 'asked',
  left: false,
  table: { kind: 'store', store: 'left' },
  valueSerde: string,
  joiner: (_key: unknown, left: unknown, right: unknown) => `${left}&${right}`,
} as const
const hashOf = (value: string) => murmur3(Buffer.from(value))

/** Key, hash and value of the answer, and the result of an inner and of a left join; undefined: the answer is stale. */
const ROWS: readonly (readonly [string, Buffer | null, string | null, unknown, unknown])[] = [
  ['k', hashOf('L'), 'F', 'L&F', 'L&F'],
  ['k', hashOf('L'), null, null, 'L&null'],
  ['k', hashOf('before'), 'F', undefined, undefined],
  ['k', null, null, undefined, undefined],
  ['gone', null, null, null, null],
  ['gone', hashOf('L'), 'F', undefined, undefined],
]

for (const [key, hash, foreignValue, inner, left] of ROWS) {
  for (const [name, expected] of [
    ['inner', inner],
    ['left', left],
  ] as const) {
    t.test(`${name}: ${key}, ${hash?.toString('hex').slice(0, 4)}, ${foreignValue}`, async (t) => {
      const operated = new Operated({ ...node, left: name === 'left' }, { stores: { left: rows } })
      operated.store<KeyValueStore<string, string>>('left').put('k', 'L', 1)
      operated.push([key, { hash, foreignValue, primaryPartition: 3 }, 7])
      t.same(operated.out, expected === undefined ? [] : [[key, expected, 7]])
      t.same(operated.drops, expected === undefined ? ['staleResponse'] : [])
    })
  }
}
