import t from 'tap'
import type { ConsentOptions } from '../../../lib/personalization/around/consent.js'
import { judge } from '../../../lib/personalization/around/index.js'
import { INITIAL_AROUND, mergeAround, observe } from '../../../lib/personalization/around/state.js'
import { activityOf } from '../../../lib/personalization/records/activity.js'
import { seededRandom } from '../../../lib/record/random.js'
import { decision, NO_RULES, NOON_MS, word } from './decision.js'

const purposes = { page: null, push: 'marketing', email: 'marketing', sms: 'sms-offers', none: null } as const
const withDefault = (otherwise: ConsentOptions['default']) => ({
  ...NO_RULES,
  consent: { purposes, default: otherwise },
})
const consent = (at: number, given: Record<string, boolean>) =>
  activityOf({ eventId: `${at}`, userId: 'ann', type: 'consent', at: NOON_MS + at, source: 'api', consent: given })

type Row = [what: string, events: [number, Record<string, boolean>][], otherwise: ConsentOptions['default'], string]

t.test('the latest event of the purpose counts, else the default', async (t) => {
  const rows: Row[] = [
    ['nothing known', [], 'granted', 'deliver'],
    ['nothing known', [], 'denied', 'no-consent'],
    ['granted', [[1, { marketing: true }]], 'denied', 'deliver'],
    ['denied', [[1, { marketing: false }]], 'granted', 'no-consent'],
    ['another purpose', [[1, { analytics: false }]], 'granted', 'deliver'],
    ['another purpose', [[1, { analytics: true }]], 'denied', 'no-consent'],
    [
      'withdrawn',
      [
        [1, { marketing: true }],
        [2, { marketing: false }],
      ],
      'granted',
      'no-consent',
    ],
    [
      'given again',
      [
        [1, { marketing: false }],
        [2, { marketing: true }],
      ],
      'denied',
      'deliver',
    ],
    [
      'an earlier event that comes later',
      [
        [2, { marketing: false }],
        [1, { marketing: true }],
      ],
      'granted',
      'no-consent',
    ],
    [
      'both at one time',
      [
        [1, { marketing: true }],
        [1, { marketing: false }],
      ],
      'granted',
      'no-consent',
    ],
    [
      'both at one time, the other way',
      [
        [1, { marketing: false }],
        [1, { marketing: true }],
      ],
      'granted',
      'no-consent',
    ],
    [
      'another purpose does not touch it',
      [
        [1, { marketing: true }],
        [2, { analytics: false }],
      ],
      'denied',
      'deliver',
    ],
    ['a name that objects have', [[1, { constructor: false, __proto__: false }]], 'granted', 'deliver'],
  ]
  for (const [what, events, otherwise, expected] of rows) {
    const config = withDefault(otherwise)
    const state = events.reduce((held, [at, given]) => observe(held, consent(at, given), config), INITIAL_AROUND)
    t.equal(word(judge(decision(), state, config, NOON_MS)), expected, `${what}, default ${otherwise}`)
  }
})

t.test('a channel has its own purpose, or none', async (t) => {
  const config = withDefault('denied')
  const state = observe(INITIAL_AROUND, consent(1, { 'sms-offers': true }), config)
  const rows = { page: 'deliver', push: 'no-consent', email: 'no-consent', sms: 'deliver', none: 'deliver' } as const
  for (const [channel, expected] of Object.entries(rows) as [keyof typeof rows, string][]) {
    t.equal(word(judge(decision({ channel }), state, config, NOON_MS)), expected, channel)
  }
})

t.test('an unknown consent is said', async (t) => {
  for (const otherwise of ['granted', 'denied'] as const) {
    const config = withDefault(otherwise)
    t.match(judge(decision(), INITIAL_AROUND, config, NOON_MS), { notes: ['unknown-consent'] })
    t.match(judge(decision({ channel: 'page' }), INITIAL_AROUND, config, NOON_MS), { notes: [] })
    const state = observe(INITIAL_AROUND, consent(1, { marketing: true }), config)
    t.match(judge(decision(), state, config, NOON_MS), { notes: [] })
  }
})

t.test('activity of other types says nothing about consent', async (t) => {
  const event = { ...consent(1, { marketing: false }), type: 'custom' as const }
  t.equal(observe(INITIAL_AROUND, event, withDefault('granted')), INITIAL_AROUND)
})

t.test(
  'what is kept is bounded, keeps the configured purposes, and does not depend on the order of arrival',
  async (t) => {
    const config = withDefault('granted')
    const random = seededRandom(1)
    const events = Array.from({ length: 400 }, (_, i) =>
      consent(random.int(10_000), { [i % 40 === 0 ? 'marketing' : `p${random.int(80)}`]: random.int(2) === 1 }),
    )
    const after = (order: typeof events) =>
      order.reduce((held, event) => observe(held, event, config), INITIAL_AROUND).consents
    const kept = after(events)
    t.equal(kept.length, 33)
    t.ok(kept.some(({ purpose }) => purpose === 'marketing'))
    for (let round = 0; round < 20; round++) {
      const shuffled = events
        .map((event) => [random.next(), event] as const)
        .sort(([a], [b]) => a - b)
        .map(([, event]) => event)
      t.same(after(shuffled), kept)
    }
  },
)

t.test("a merge keeps the user's words; a visitor's fill gaps, and no denial is lost", async (t) => {
  const said = (word: string | null) =>
    word === null ? [] : [{ purpose: 'marketing', granted: word.startsWith('yes'), at: Number(word.slice(-1)) }]
  const rows: readonly (readonly [user: string | null, visitor: string | null, both: string | null])[] = [
    [null, null, null],
    ['yes 1', null, 'yes 1'],
    [null, 'yes 1', 'yes 1'],
    [null, 'no 1', 'no 1'],
    ['yes 1', 'no 2', 'no 2'],
    ['yes 1', 'no 1', 'no 1'],
    ['yes 2', 'no 1', 'yes 2'],
    ['no 1', 'yes 2', 'no 1'],
    ['no 2', 'yes 1', 'no 2'],
    ['no 1', 'no 2', 'no 2'],
    ['yes 1', 'yes 2', 'yes 1'],
  ]
  for (const [user, visitor, both] of rows) {
    const merged = mergeAround(
      { ...INITIAL_AROUND, consents: said(user) },
      { ...INITIAL_AROUND, consents: said(visitor) },
      withDefault('granted'),
    )
    t.same(merged.consents, said(both), `${user} and ${visitor}`)
  }
})

t.test('merged words are bounded too', async (t) => {
  const many = (prefix: string) =>
    Array.from({ length: 30 }, (_, i) => ({ purpose: `${prefix}${i}`, granted: true, at: i }))
  const merged = mergeAround(
    { ...INITIAL_AROUND, consents: many('a') },
    { ...INITIAL_AROUND, consents: many('b') },
    withDefault('granted'),
  )
  t.equal(merged.consents.length, 32)
})
