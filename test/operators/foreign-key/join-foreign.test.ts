/** A row of the other table changed: every row that points at it is told. */
import t from 'tap'
import {
  type ForeignResponse,
  INSTRUCTION,
  type Subscription,
  subscriptionSerde,
} from '../../../lib/serde/foreign-key.js'
import { bytes, string } from '../../../lib/serde/primitive.js'
import type { Serde } from '../../../lib/serde/serde.js'
import type { SubscriptionStore } from '../../../lib/state/ports/store.js'
import { change, Operated } from '../operate.js'

const node = {
  kind: 'joinForeign',
  registrationTopic: 'asked',
  store: 'asked',
  versioned: true,
  foreignKeySerde: string,
  primaryKeySerde: string,
} as const
const stores = { asked: { kind: 'subscription', keySerde: bytes as never, valueSerde: bytes as never } } as const
const serde = subscriptionSerde(string as Serde<unknown>)
const asked = (primaryKey: string): Subscription => ({
  hash: Buffer.alloc(16, primaryKey),
  instruction: INSTRUCTION.answerAlways,
  primaryKey,
  primaryPartition: 3,
})

t.test('in the order of their keys, with the hash each asked with; others are not told', async (t) => {
  const operated = new Operated(node, { stores })
  const store = operated.store<SubscriptionStore>('asked')
  for (const [foreign, primary] of [
    ['f', 'b'],
    ['f', 'a'],
    ['ff', 'c'],
  ] as const) {
    store.put(Buffer.from(foreign), Buffer.from(primary), serde.serialize(asked(primary), 'asked'), 1)
  }
  operated.push(['f', change('F'), 7], ['f', change(null, 'F'), 8], ['none', change('N'), 9])
  t.same(
    operated.out.map(([key, answer, ts]) => [key, (answer as ForeignResponse).foreignValue, ts]),
    [
      ['a', 'F', 7],
      ['b', 'F', 7],
      ['a', null, 8],
      ['b', null, 8],
    ],
  )
  t.same((operated.out[0]![1] as ForeignResponse).hash, Buffer.alloc(16, 'a'))
})

t.test('null keys and versions that are not the latest are dropped', async (t) => {
  const operated = new Operated(node, { stores }).push([null, change('F'), 1], ['f', change('F', null, false), 2])
  t.same(operated.drops, ['nullKey', 'outOfOrder'])
})
