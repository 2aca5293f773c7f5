import t from 'tap'
import { EventIds, parseEventId } from '../../../../lib/personalization/doors/delivery/last-event-id.js'

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string]
const NEW = { type: 'resume', position: null, have: [] } as const

t.test('an id has the position, and what came before its place was reached', async (t) => {
  const ids = new EventIds(NEW)
  t.equal(
    ids.next(() => 't'),
    null,
    'no position yet',
  )
  ids.sent({ position: { partition: 3, next: 10 }, decision: null })
  t.equal(
    ids.next(() => 't'),
    '3:10~~t',
  )
  ids.sent({ position: { partition: 3, next: 10 }, decision: { id: A, offset: 12 } })
  ids.sent({ position: { partition: 3, next: 11 }, decision: { id: B, offset: 10 } })
  t.equal(
    ids.next(() => 'v1.x.1.y'),
    `3:11~${A}~v1.x.1.y`,
    'the one at 10 is behind the position',
  )
  ids.sent({ position: { partition: 3, next: 13 }, decision: { id: C, offset: 13 } })
  t.equal(
    ids.next(() => 't'),
    `3:13~${C}~t`,
  )
  const again = parseEventId(ids.next(() => 't')!)
  t.same(again, { resume: { type: 'resume', position: { partition: 3, next: 13 }, have: [C] }, ticket: 't' })
  const next = new EventIds(again!.resume)
  t.equal(
    next.next(() => 'u'),
    `3:13~${C}~u`,
    'a heart-beat before the first event says the same',
  )
})

t.test('at most 64 ids: the latest', async (t) => {
  const ids = new EventIds(NEW)
  for (let i = 0; i < 70; i++) {
    ids.sent({ position: { partition: 0, next: 0 }, decision: { id: String(i).padStart(32, '0'), offset: i } })
  }
  const have = parseEventId(ids.next(() => 't')!)!.resume.have
  t.equal(have.length, 64)
  t.equal(have.at(-1), '69'.padStart(32, '0'))
})

t.test('what is no id', async (t) => {
  const rows: [string, boolean][] = [
    ['0:0~~t', true],
    [`0:0~${A},${B}~t`, true],
    ['0:0~~', true],
    ['', false],
    ['7', false],
    ['0:0', false],
    ['0:0~~t~u', false],
    ['0:0~x~t', false],
    [`0:0~${A},~t`, false],
    ['a:0~~t', false],
    ['-1:0~~t', false],
    ['0:99999999999999999~~t', false],
  ]
  for (const [text, isGood] of rows) t.equal(parseEventId(text) !== null, isGood, text)
})
