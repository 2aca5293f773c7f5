/** What each change of a left row asks of the other side. */
import t from 'tap'
import { INSTRUCTION, type Subscription } from '../../../lib/serde/foreign-key.js'
import { string } from '../../../lib/serde/primitive.js'
import type { Change } from '../../../lib/topology/node-base.js'
import { change, Operated } from '../operate.js'

const node = {
  kind: 'sendSubscription',
  registrationTopic: 'asked',
  left: false,
  versioned: true,
  foreignKey: (value: unknown) => String(value).split('/')[0] || null,
  foreignKeySerde: string,
  valueSerde: string,
} as const
const { deleteSilently, deleteAndAnswer, answerAlways, answerIfMatched } = INSTRUCTION

type Asked = readonly [foreignKey: string | null, instruction: number]
const ROWS: readonly (readonly [name: string, left: boolean, Change<unknown>, readonly Asked[], readonly string[]])[] =
  [
    ['inner, a new row', false, change('f/1'), [['f', answerIfMatched]], []],
    ['inner, the same foreign key', false, change('f/2', 'f/1'), [['f', answerIfMatched]], []],
    [
      'inner, another one',
      false,
      change('g/2', 'f/1'),
      [
        ['f', deleteSilently],
        ['g', answerAlways],
      ],
      [],
    ],
    ['inner, deleted', false, change(null, 'f/1'), [['f', deleteAndAnswer]], []],
    ['inner, no foreign key any more', false, change('/1', 'f/1'), [['f', deleteAndAnswer]], ['nullForeignKey']],
    ['inner, never had one', false, change('/1'), [], ['nullForeignKey']],
    ['left, a new row', true, change('f/1'), [['f', answerAlways]], []],
    [
      'left, another foreign key',
      true,
      change('g/1', 'f/1'),
      [
        ['f', deleteSilently],
        ['g', answerAlways],
      ],
      [],
    ],
    ['left, no foreign key', true, change('/1'), [[null, answerAlways]], []],
    [
      'left, deleted',
      true,
      change(null, 'f/1'),
      [
        ['f', deleteSilently],
        [null, answerAlways],
      ],
      [],
    ],
    ['left, from nothing to nothing', true, change(null), [], []],
    ['a version that is not the latest', false, change('f/1', null, false), [], ['outOfOrder']],
  ]

for (const [name, left, value, asked, drops] of ROWS) {
  t.test(name, async (t) => {
    const operated = new Operated({ ...node, left }).push(['k', value, 7])
    const sent = operated.out.map(([key, subscription]) => [key, (subscription as Subscription).instruction])
    t.same(sent, asked)
    t.same(operated.drops, drops)
    for (const [, subscription, timestamp] of operated.out) {
      const { hash, primaryKey, primaryPartition } = subscription as Subscription
      t.same([primaryKey, primaryPartition, timestamp], ['k', 3, 7])
      t.equal(hash === null, value.newValue === null, 'a deleted row has no hash')
    }
  })
}
