import t from 'tap'
import { type InjectPlan, inject, NO_INJECTION, parseInject } from '../../lib/personalization/input/inject.js'
import { seededRandom } from '../../lib/record/random.js'

interface Timed {
  readonly id: number
  readonly at: number | undefined
}

async function injected(
  events: readonly Timed[],
  plan: Partial<InjectPlan>,
  seed: number | string = 1,
): Promise<Timed[]> {
  const out: Timed[] = []
  for await (const one of inject(events, { ...NO_INJECTION, ...plan }, seededRandom(seed), ({ at }) => at))
    out.push(one)
  return out
}

function inOrder(count: number, seed: string): Timed[] {
  const random = seededRandom(seed)
  let at = 0
  return Array.from({ length: count }, (_, id) => {
    at += random.int(4)
    return { id, at }
  })
}

/** How far behind the highest time before it each event comes. */
function lags(events: readonly Timed[]): number[] {
  let highest = Number.NEGATIVE_INFINITY
  return events.map(({ at }) => {
    highest = Math.max(highest, at!)
    return highest - at!
  })
}

const ids = (events: readonly Timed[]) => events.map(({ id }) => id)
const byNumber = (a: number, b: number) => a - b

t.test('reads what --inject may say', async (t) => {
  const rows: [string, Partial<InjectPlan>][] = [
    ['shuffle=5000', { shuffleMs: 5_000 }],
    ['duplicate=1', { duplicateShare: 1 }],
    ['duplicate=.25', { duplicateShare: 0.25 }],
    ['late=0.01:60000', { lateShare: 0.01, lateMs: 60_000 }],
    ['late=0:0,duplicate=0.5,shuffle=1', { shuffleMs: 1, duplicateShare: 0.5 }],
  ]
  for (const [text, plan] of rows) t.same(parseInject(text), { ...NO_INJECTION, ...plan }, text)
  const wrong = [
    '',
    'shuffle',
    'shuffle=',
    'shuffle=-1',
    'shuffle=1.5',
    'shuffle=1s',
    'shuffle=1,shuffle=2',
    'shuffle=1=2',
  ]
  wrong.push(
    'duplicate=1.1',
    'duplicate=2',
    'duplicate=-0.1',
    'duplicate=x',
    'duplicate=.',
    'late=0.1',
    'late=0.1:',
    'late=0.1:5:6',
  )
  wrong.push('reorder=5', 'shuffle=1,', 'shuffle=1 ')
  for (const text of wrong) t.throws(() => parseInject(text), { code: 'INJECT_INVALID' }, text)
})

t.test('nothing to inject changes nothing, even of disordered input', async (t) => {
  const events = [5, 3, 9, 1, 9].map((at, id) => ({ id, at }))
  t.same(await injected(events, {}), events)
})

t.test('shuffle moves events less than its bound, loses and doubles none, and repeats by seed', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const events = inOrder(500, `events ${seed}`)
    const shuffled = await injected(events, { shuffleMs: 50 }, seed)
    t.same(ids(shuffled).sort(byNumber), ids(events))
    t.ok(Math.max(...lags(shuffled)) < 50)
    t.notSame(ids(shuffled), ids(events))
    t.same(await injected(events, { shuffleMs: 50 }, seed), shuffled)
    t.notSame(await injected(events, { shuffleMs: 50 }, seed + 1000), shuffled)
  }
})

t.test('duplicates keep their id', async (t) => {
  const events = inOrder(1_000, 'duplicates')
  const twice = await injected(events, { duplicateShare: 1 })
  t.same(
    ids(twice),
    events.flatMap(({ id }) => [id, id]),
  )
  const some = await injected(events, { duplicateShare: 0.2, shuffleMs: 30 })
  t.equal(new Set(ids(some)).size, 1_000)
  t.ok(some.length > 1_140 && some.length < 1_260, `${some.length}`)
})

t.test('late events come as late as asked for', async (t) => {
  const events = inOrder(2_000, 'late')
  const out = await injected(events, { lateShare: 0.1, lateMs: 100 })
  t.same(ids(out).sort(byNumber), ids(events))
  const late = lags(out).filter((lag) => lag > 0)
  t.ok(late.length > 140 && late.length < 260, `${late.length}`)
  t.ok(late.every((lag) => lag <= 100))
  t.ok(late.filter((lag) => lag >= 96).length > late.length * 0.8)
})

t.test('what has no time stays with its neighbours', async (t) => {
  const events: Timed[] = [
    { id: 0, at: undefined },
    { id: 1, at: 5 },
    { id: 2, at: undefined },
    { id: 3, at: 7 },
  ]
  t.same(ids(await injected(events, { duplicateShare: 1 })), [0, 1, 1, 2, 3, 3])
})
