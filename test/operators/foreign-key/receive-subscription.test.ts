/** Subscriptions are kept under their foreign key, and handed on. */
import t from 'tap'
import { INSTRUCTION, type Instruction, type Subscription } from '../../../lib/serde/foreign-key.js'
import { bytes, string } from '../../../lib/serde/primitive.js'
import type { SubscriptionStore } from '../../../lib/state/ports/store.js'
import { Operated } from '../operate.js'

const node = {
  kind: 'receiveSubscription',
  registrationTopic: 'asked',
  store: 'asked',
  foreignKeySerde: string,
  primaryKeySerde: string,
} as const
const stores = { asked: { kind: 'subscription', keySerde: bytes as never, valueSerde: bytes as never } } as const
const subscription = (instruction: Instruction, primaryKey = 'k'): Subscription => ({
  hash: Buffer.alloc(16),
  instruction,
  primaryKey,
  primaryPartition: 3,
})
const kept = (operated: Operated) => {
  const found: string[] = []
  operated.store<SubscriptionStore>('asked').forEach(Buffer.from('f'), (key) => found.push(key.toString()))
  return found
}

t.test('what asks is kept, what deletes is forgotten, all of it goes on', async (t) => {
  const operated = new Operated(node, { stores })
  operated.push(
    ['f', subscription(INSTRUCTION.answerAlways, 'b'), 1],
    ['f', subscription(INSTRUCTION.answerIfMatched, 'a'), 2],
  )
  t.same(kept(operated), ['a', 'b'], 'in the order of keys')
  operated.push(['f', subscription(INSTRUCTION.deleteSilently, 'a'), 3])
  t.same(kept(operated), ['b'])
  operated.push(['f', subscription(INSTRUCTION.deleteAndAnswer, 'b'), 4])
  t.same(kept(operated), [])
  t.equal(operated.out.length, 4)
})

t.test('without a foreign key: only a left join asks, and nothing is kept', async (t) => {
  const operated = new Operated(node, { stores })
  operated.push([null, subscription(INSTRUCTION.answerAlways), 1], [null, subscription(INSTRUCTION.answerIfMatched), 2])
  t.equal(operated.out.length, 1)
  t.same(operated.drops, ['nullForeignKey'])
})
