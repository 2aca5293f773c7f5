/** A subscription is answered with the row under its foreign key. */
import t from 'tap'
import { INSTRUCTION, type Instruction } from '../../../lib/serde/foreign-key.js'
import type { KeyValueStore } from '../../../lib/state/ports/store.js'
import { Operated, rows } from '../operate.js'

const node = { kind: 'joinSubscription', table: { kind: 'store', store: 'other' } } as const
const hash = Buffer.alloc(16, 1)
const { deleteSilently, deleteAndAnswer, answerAlways, answerIfMatched } = INSTRUCTION

/** Foreign key, instruction, and the value and time of the answer; null: none. */
const ROWS: readonly (readonly [string | null, Instruction, readonly [unknown, number] | null])[] = [
  ['f', answerIfMatched, ['F', 50]],
  ['f', answerAlways, ['F', 50]],
  ['f', deleteAndAnswer, [null, 50]],
  ['f', deleteSilently, null],
  ['none', answerIfMatched, null],
  ['none', answerAlways, [null, 7]],
  ['none', deleteAndAnswer, [null, 7]],
  [null, answerAlways, [null, 7]],
]

for (const [key, instruction, answer] of ROWS) {
  t.test(`${key}, instruction ${instruction}`, async (t) => {
    const operated = new Operated(node, { stores: { other: rows } })
    operated.store<KeyValueStore<string, string>>('other').put('f', 'F', 50)
    operated.push([key, { hash, instruction, primaryKey: 'k', primaryPartition: 3 }, 7])
    const answers = answer === null ? [] : [['k', { hash, foreignValue: answer[0], primaryPartition: 3 }, answer[1]]]
    t.same(operated.out, answers)
  })
}
