import t from 'tap'
import {
  type AbandonedCart,
  beforeInTime,
  type CartOptions,
  type CartState,
  cartDueAt,
  cartEvent,
  cartTime,
  END_OF_TIME,
  NO_CART,
} from '../../lib/personalization/decisions/cart.js'
import { isInvalidRow } from '../../lib/personalization/input/formats/rows.js'
import { formatNamed, replayOf } from '../../lib/personalization/input/index.js'
import { inject, NO_INJECTION } from '../../lib/personalization/input/inject.js'
import { type ActivityType, activityOf, type UserActivity } from '../../lib/personalization/records/activity.js'
import { seededRandom } from '../../lib/record/random.js'
import { needs, REES46, realFile } from './real-data.js'

const MINUTE = 60_000
const START = Date.UTC(2024, 0, 1)

function event(eventId: string, type: ActivityType, afterMs: number, itemId = 'i'): UserActivity {
  return activityOf({ eventId, type, at: START + afterMs, itemId, userId: 'u', source: 'replay' })
}

/** All that one user's events lead to, in the order given, the end of the input included. */
function run(events: readonly UserActivity[], options: CartOptions): AbandonedCart[] {
  let state: CartState = NO_CART
  let streamTimeMs = Number.NEGATIVE_INFINITY
  const all: AbandonedCart[] = []
  for (const one of events) {
    streamTimeMs = Math.max(streamTimeMs, one.at)
    const step = cartEvent(state, one, streamTimeMs, options)
    // States cross a store and a changelog between any two events.
    state = JSON.parse(JSON.stringify(step.state))
    all.push(...step.abandoned)
  }
  const end = cartTime(state, END_OF_TIME, options)
  t.equal(end.state, NO_CART)
  return [...all, ...end.abandoned]
}

/** The same from all events at once, as plainly as it can be said. */
function plainly(events: readonly UserActivity[], { abandonAfterMs }: CartOptions): string[] {
  const found: string[] = []
  let openedBy: string | null = null
  let lastAt = 0
  for (const { eventId, type, at } of [...events].sort((a, b) => (beforeInTime(a, b) ? -1 : 1))) {
    if (openedBy !== null && at > lastAt + abandonAfterMs) {
      found.push(openedBy)
      openedBy = null
    }
    lastAt = at
    if (type === 'cart') openedBy ??= eventId
    if (type === 'purchase' || type === 'remove') openedBy = null
  }
  return openedBy === null ? found : [...found, openedBy]
}

t.test('views that decide nothing are not kept, and nothing is decided otherwise', async (t) => {
  const options = { abandonAfterMs: 5 * MINUTE, graceMs: 20 * MINUTE }
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(`views/${seed}`)
    const types = ['view', 'view', 'view', 'search', 'cart', 'purchase', 'remove'] as const
    let afterMs = 0
    const inTime = Array.from({ length: 60 }, (_, i) => {
      afterMs += random.int(8) === 0 ? random.int(12) * MINUTE : random.int(2) * MINUTE
      return event(String(i), types[random.int(random.int(2) === 0 ? 4 : types.length)]!, afterMs)
    })
    const arrived = inTime
      .map((one) => ({ one, key: one.at + random.int(options.graceMs) }))
      .sort((a, b) => a.key - b.key)
      .map(({ one }) => one)
    t.same(
      run(arrived, options).map(({ openedBy }) => openedBy),
      plainly(inTime, options),
      `seed ${seed}`,
    )
  }
  let state: CartState = NO_CART
  for (let i = 0; i < 10_000; i++) {
    const view = event(String(i), i === 5_000 ? 'cart' : 'view', i * 100)
    state = cartEvent(state, view, view.at, options).state
  }
  t.ok(state.waiting.length < 20, `${state.waiting.length} of 10,000 events wait`)
})

t.test('one user', async (t) => {
  const rows: [what: string, events: [ActivityType, minutes: number][], openers: string[]][] = [
    ['left alone', [['cart', 0]], ['0']],
    [
      'nothing put in',
      [
        ['view', 0],
        ['purchase', 1],
      ],
      [],
    ],
    [
      'bought in time',
      [
        ['cart', 0],
        ['purchase', 4],
      ],
      [],
    ],
    [
      'bought on the deadline',
      [
        ['cart', 0],
        ['purchase', 5],
      ],
      [],
    ],
    [
      'bought after it',
      [
        ['cart', 0],
        ['purchase', 5.001],
      ],
      ['0'],
    ],
    [
      'taken out',
      [
        ['cart', 0],
        ['remove', 1],
      ],
      [],
    ],
    [
      'a view moves the deadline',
      [
        ['cart', 0],
        ['view', 5],
        ['purchase', 10],
      ],
      [],
    ],
    [
      'a search does',
      [
        ['cart', 0],
        ['search', 4],
        ['purchase', 8],
      ],
      [],
    ],
    [
      'a view after it does not',
      [
        ['cart', 0],
        ['view', 6],
        ['purchase', 7],
      ],
      ['0'],
    ],
    [
      'a second item joins the cart',
      [
        ['cart', 0],
        ['cart', 4],
      ],
      ['0'],
    ],
    [
      'a cart after a purchase is a new one',
      [
        ['cart', 0],
        ['purchase', 1],
        ['cart', 2],
      ],
      ['2'],
    ],
    [
      'a cart after an abandoned one is a new one',
      [
        ['cart', 0],
        ['cart', 6],
      ],
      ['0', '1'],
    ],
  ]
  for (const [what, steps, openers] of rows) {
    const events = steps.map(([type, minutes], i) => event(String(i), type, minutes * MINUTE, `item ${i}`))
    for (const graceMs of [0, MINUTE, 60 * MINUTE]) {
      const abandoned = run(events, { abandonAfterMs: 5 * MINUTE, graceMs })
      t.same(
        abandoned.map(({ openedBy }) => openedBy),
        openers,
        `${what}, grace ${graceMs}`,
      )
    }
  }
})

t.test('what an abandoned cart says', async (t) => {
  const events = [
    event('a', 'cart', 0, 'x'),
    event('b', 'cart', 10, 'y'),
    event('c', 'cart', 20, 'x'),
    event('d', 'view', 30),
  ]
  t.same(run(events, { abandonAfterMs: 100, graceMs: 0 }), [
    { openedBy: 'a', openedAt: START, abandonedAt: START + 130, items: ['x', 'y'] },
  ])
})

t.test('fires when time passes the deadline and grace, not at it', async (t) => {
  const options = { abandonAfterMs: 100, graceMs: 10 }
  const { state } = cartEvent(NO_CART, event('a', 'cart', 0), START, options)
  t.equal(cartDueAt(state, options), START + 111)
  t.same(cartTime(state, START + 110, options).abandoned, [])
  t.equal(cartTime(state, START + 111, options).abandoned.length, 1)
  t.equal(cartDueAt(NO_CART, options), undefined)
  t.equal(cartDueAt(cartEvent(NO_CART, event('b', 'view', 0), START, options).state, options), undefined)
})

t.test('the due time is never after the moment a cart is found abandoned', async (t) => {
  const options = { abandonAfterMs: 40, graceMs: 15 }
  const random = seededRandom('due')
  for (let round = 0; round < 300; round++) {
    let state: CartState = NO_CART
    let now = START
    for (let i = 0; i < 10; i++) {
      now += random.int(30)
      const type = (['view', 'cart', 'purchase'] as const)[random.int(3)]!
      state = cartEvent(state, event(String(i), type, now - START - random.int(15)), now, options).state
    }
    const due = cartDueAt(state, options) ?? END_OF_TIME
    t.same(cartTime(state, due - 1, options).abandoned, [])
  }
})

t.test('the order of arrival inside the grace period plays no part', async (t) => {
  const types: ActivityType[] = ['view', 'view', 'cart', 'cart', 'purchase', 'remove', 'search']
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(`cart ${seed}`)
    const options = { abandonAfterMs: 20, graceMs: 1 + random.int(60) }
    let at = 0
    // Small steps, so that many events share a time and only their ids tell them apart.
    const events = Array.from({ length: 60 }, (_, i) => {
      at += random.int(3) === 0 ? random.int(40) : random.int(2)
      return event(String(i + 1), types[random.int(types.length)]!, at)
    })
    const expected = run(events, { ...options, graceMs: 0 })
    t.same(run(events, options), expected)
    const plan = { ...NO_INJECTION, shuffleMs: options.graceMs }
    const shuffled: UserActivity[] = []
    for await (const one of inject(events, plan, random, (one) => one.at)) shuffled.push(one)
    t.same(run(shuffled, options), expected, `seed ${seed}`)
  }
})

t.test(
  '61 carts of the real shop are abandoned after 5 minutes, in file order and shuffled',
  needs(REES46),
  async (t) => {
    for (const shuffleMs of [0, 10 * MINUTE]) {
      const options = { abandonAfterMs: 5 * MINUTE, graceMs: 10 * MINUTE }
      const byUser = new Map<string, UserActivity[]>()
      const rows = replayOf(formatNamed('rees46'), realFile(REES46))
      for await (const row of inject(rows, { ...NO_INJECTION, shuffleMs }, seededRandom(1), (row) =>
        isInvalidRow(row) ? undefined : row.at,
      )) {
        if (isInvalidRow(row)) continue
        const events = byUser.get(row.userId!)
        if (events === undefined) byUser.set(row.userId!, [row])
        else events.push(row)
      }
      let abandoned = 0
      for (const events of byUser.values()) abandoned += run(events, options).length
      t.equal(abandoned, 61)
    }
  },
)
