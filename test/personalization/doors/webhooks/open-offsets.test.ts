import t from 'tap'
import { OpenOffsets } from '../../../../lib/personalization/doors/webhooks/open-offsets.js'

t.test('what is committed stays before everything that is open', async (t) => {
  const offsets = new OpenOffsets()
  offsets.begin(0, 10)
  offsets.begin(3, 0)
  const both = () => [[...offsets.positions], [...offsets.committable]]
  t.same(both(), [
    [
      [0, 10],
      [3, 0],
    ],
    [
      [0, 10],
      [3, 0],
    ],
  ])
  for (const offset of [11, 14, 15]) {
    offsets.read(0, offset + 1)
    offsets.open(0, offset)
  }
  offsets.read(0, 20)
  t.same(both(), [
    [
      [0, 20],
      [3, 0],
    ],
    [
      [0, 11],
      [3, 0],
    ],
  ])
  offsets.settle(0, 14)
  t.equal(offsets.committable.get(0), 11)
  offsets.settle(0, 11)
  t.equal(offsets.committable.get(0), 15)
  offsets.settle(0, 15)
  t.equal(offsets.committable.get(0), 20)
  offsets.end(0)
  offsets.read(0, 30)
  offsets.open(0, 29)
  offsets.settle(0, 29)
  t.same(both(), [[[3, 0]], [[3, 0]]], 'a partition that left')
})
