import t from 'tap'
import { decisionId } from '../../lib/personalization/records/decision-id.js'

t.test('golden ids: they stand on topics and must never change', async (t) => {
  const rows: [string, string, string][] = [
    ['carousel', '1', '5ab5764e8e251d0813231bdb1fd5006c'],
    ['cart-abandonment', '1', '852281d8b97758e4d21dbfb8ff363183'],
    ['spending-alert', '2010-12-01/17850', 'f07c3c336b5363e70b638104c8b955be'],
    ['spending-alert-withdrawn', '2010-12-01/17850', '0896a5f17be82be9ac42f6395440f299'],
  ]
  for (const [rule, subject, id] of rows) t.equal(decisionId(rule, subject), id)
})

t.test('rule and subject cannot run into each other', async (t) => {
  const ids = new Set([
    decisionId('spending-alert', 'x'),
    decisionId('spending-alert-withdrawn', 'x'),
    decisionId('spending-alert', '-withdrawnx'),
    decisionId('spending-alert', 'x\n'),
  ])
  t.equal(ids.size, 4)
})
