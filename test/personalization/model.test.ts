import t from 'tap'
import { SharedModel } from '../../lib/personalization/recommender/model.js'
import { activityOf } from '../../lib/personalization/records/activity.js'

function teach(model: SharedModel, session: string, items: readonly string[], from: number): void {
  for (const [i, itemId] of items.entries()) {
    const at = 1_600_000_000_000 + from + i
    const view = activityOf({ eventId: `${from + i}`, type: 'view', at, itemId, sessionId: session, source: 'replay' })
    model.learn(view, 0, from + i)
  }
}

function taught(): SharedModel {
  const model = new SharedModel()
  teach(model, 'first', ['a', 'b'], 0)
  return model
}

const items = (
  model: SharedModel,
  session: string,
  seen: readonly string[],
  arm: 'control' | 'treatment' = 'control',
) => model.recommend(session, seen, arm, null).items

t.test('a session that has seen nothing new gets the list that it had', async (t) => {
  const model = taught()
  const before = items(model, 's', ['x', 'a'])
  t.same(before, ['b'])
  teach(model, 'second', ['a', 'c'], 2)
  for (const seen of [
    ['x', 'a'],
    ['x', 'a', 'a'],
    ['a', 'x', 'a'],
  ]) {
    t.same(items(model, 's', seen), before, seen.join(', '))
  }
})

t.test('it gets another where something is new', async (t) => {
  const rows: [string, (model: SharedModel) => readonly string[]][] = [
    ['another session', (model) => items(model, 'other', ['x', 'a'])],
    ['another item', (model) => items(model, 's', ['x', 'a', 'y', 'a'])],
    ['one item less', (model) => items(model, 's', ['a'])],
    ['the other arm', (model) => items(model, 's', ['x', 'a'], 'treatment')],
    [
      'five hundred views',
      (model) => {
        teach(model, 'long', Array(500).fill('z') as string[], 4)
        return items(model, 's', ['x', 'a'])
      },
    ],
  ]
  for (const [what, ask] of rows) {
    const model = taught()
    t.same(items(model, 's', ['x', 'a']), ['b'])
    teach(model, 'second', ['a', 'c'], 2)
    t.ok(ask(model).includes('c'), what)
  }
})
