/** What each reference says on the edges of its rule: the reading of the specification, row by row. */
import t from 'tap'
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import { referenceAudienceSync } from './audience-sync.js'
import { deliveredUnderCap } from './cap.js'
import { referenceCarousel } from './carousel.js'
import { referenceCartAbandonment } from './cart-abandonment.js'
import { referenceDailySegments } from './daily-segments.js'
import { referenceFlashSale } from './flash-sale.js'
import { DAY_MS, HOUR_MS, type ReferenceDecision } from './plain.js'
import { referencePlayback } from './playback.js'
import { referenceServiceRouting } from './service-routing.js'
import { referenceSpendingAlert } from './spending-alert.js'
import { eventsOfLine, lineOfDecisions, STEPS_START_MS, sortedLine } from './steps.js'
import { referenceUpsell } from './upsell.js'

type Row = readonly [what: string, events: string, decisions: string]

function check(
  name: string,
  reference: (events: readonly UserActivity[]) => ReferenceDecision[],
  always: Partial<UserActivity>,
  rows: readonly Row[],
): void {
  t.test(name, async (t) => {
    for (const [what, line, expected] of rows) {
      const events = eventsOfLine(line, always)
      t.equal(lineOfDecisions(name, reference(events)), sortedLine(expected), what)
      t.equal(lineOfDecisions(name, reference(events.reverse())), sortedLine(expected), `${what}, listed backwards`)
    }
  })
}

check('carousel', referenceCarousel, {}, [
  ['views and searches of anybody', 'view 0; search 1; cart 2; view 3 visitor=x', '0 0; 1 1; 3 3'],
])

check('cart-abandonment', referenceCartAbandonment, {}, [
  ['left', 'cart 0', '0 5m'],
  ['left by a visitor', 'cart 0 visitor=x', '0 5m'],
  ['a purchase on the deadline', 'cart 0; purchase 5m', ''],
  ['a purchase after it', 'cart 0; purchase 5m+1ms', '0 5m'],
  ['a removal', 'cart 0 item=a; remove 1 item=b', ''],
  ['a view on the deadline moves it', 'cart 0; view 5m; purchase 10m', ''],
  ['a view after it does not', 'cart 0; view 5m+1ms; purchase 6m', '0 5m'],
  ['an impression moves it', 'cart 0; impression 1s', '0 5m+1s'],
  ['another user does not', 'cart 0; purchase 1s user=bob', '0 5m'],
  ['a second item joins the cart', 'cart 0; cart 1m', '0 6m'],
  ['a cart on the deadline joins it', 'cart 0; cart 5m', '0 10m'],
  ['a cart after it is a new one', 'cart 0; cart 5m+1ms', '0 5m; 1 10m+1ms'],
  ['a cart after a purchase is a new one', 'cart 0; purchase 1m; cart 2m', '2 7m'],
  ['at one time, bought and then opened', 'purchase 0; cart 0', '1 5m'],
  ['at one time, opened and then bought', 'cart 0; purchase 0', ''],
  ['at one time, the shorter id is earlier', 'cart 0 id=10; purchase 0 id=9', '10 5m'],
])

check('spending-alert', referenceSpendingAlert, {}, [
  ['exactly the threshold', 'purchase 5 price=250 pieces=2', '2026-03-02/ann 5'],
  ['a cent less', 'purchase 5 price=499.99', ''],
  [
    'the purchase that reaches it',
    'purchase 1 price=300; purchase 2 price=200; purchase 3 price=900',
    '2026-03-02/ann 2',
  ],
  ['midnight is the new day', 'purchase 1d-1ms price=300; purchase 1d price=300', ''],
  ['two days', 'purchase 1d-1ms price=500; purchase 1d price=500', '2026-03-02/ann 1d-1ms; 2026-03-03/ann 1d'],
  [
    'cancelled before',
    'cancellation 1 price=0.01; purchase 2 price=500',
    '2026-03-02/ann 2; withdrawn 2026-03-02/ann 1d',
  ],
  ['cancelled down to the threshold', 'purchase 1 price=600; cancellation 2 price=100', '2026-03-02/ann 1'],
  ['cancelled the day after', 'purchase 1 price=500; cancellation 1d price=500', '2026-03-02/ann 1'],
  [
    'cancelled and bought again',
    'purchase 1 price=500; cancellation 2 price=9; purchase 3 price=9',
    '2026-03-02/ann 1',
  ],
  ['a visitor', 'purchase 1 price=500 visitor=x', ''],
  ['an adjustment', 'adjustment 1 price=500', ''],
])

check('upsell', referenceUpsell, { category: 'c', sessionId: 's' }, [
  ['the third item, once', 'view 0 item=a; view 1 item=b; view 2 item=d; view 3 item=e', 's/c/ann 2'],
  ['an item seen twice', 'view 0 item=a; view 1 item=b; view 2 item=a', ''],
  ['a cart is no view', 'view 0 item=a; view 1 item=b; cart 2 item=d', ''],
  ['two categories', 'view 0 item=a; view 1 item=b; view 2 item=d category=x', ''],
  ['two sessions', 'view 0 item=a; view 1 item=b; view 2 item=d session=x', ''],
  ['two users', 'view 0 item=a; view 1 item=b; view 2 item=d user=bob', ''],
  ['bought before', 'purchase 0 item=z; view 1 item=a; view 2 item=b; view 3 item=d; view 4 item=e', ''],
  ['bought between', 'view 0 item=a; view 1 item=b; purchase 2 item=a; view 3 item=d', ''],
  [
    'cancelled all the same',
    'purchase 0 item=z; cancellation 1 item=z; view 1 item=a; view 2 item=b; view 3 item=d',
    '',
  ],
  ['bought after', 'view 0 item=a; view 1 item=b; view 2 item=d; purchase 2 item=a', 's/c/ann 2'],
  ['at one time, bought first', 'view 0 item=a; view 1 item=b; purchase 2 item=a; view 2 item=d', ''],
  ['bought in another session', 'purchase 0 session=x; view 0 item=a; view 1 item=b; view 2 item=d', 's/c/ann 2'],
  ['bought of another category', 'purchase 0 category=x; view 0 item=a; view 1 item=b; view 2 item=d', 's/c/ann 2'],
])

check('upsell', referenceUpsell, {}, [
  ['no category', 'view 0 item=a; view 1 item=b; view 2 item=d', ''],
  [
    'without session ids all is one session',
    'view 0 item=a category=c; view 1d item=b category=c; view 2d item=d category=c',
    'ann/c/ann 2d',
  ],
  [
    'a visitor',
    'view 0 item=a category=c visitor=x; view 1 item=b category=c visitor=x; view 2 item=d category=c visitor=x',
    'anonymous:x/c/anonymous:x 2',
  ],
])

check('playback', referencePlayback, { videoId: 'v', positionMs: 60_000 }, [
  ['two rewinds', 'video_seek 0 to=10; video_seek 1m to=19.999', 'v/1/ann 1m'],
  ['too far apart', 'video_seek 0 to=10; video_seek 1m+1ms to=10', ''],
  ['another stretch', 'video_seek 0 to=10; video_seek 1s to=20', ''],
  ['another stretch', 'video_seek 0 to=9.999; video_seek 1s to=10', ''],
  ['another video', 'video_seek 0 to=10; video_seek 1s to=10 video=w', ''],
  ['another user', 'video_seek 0 to=10; video_seek 1s to=10 user=bob', ''],
  ['one elsewhere between', 'video_seek 0 to=10; video_seek 1s to=20; video_seek 2s to=10', 'v/1/ann 2s'],
  [
    'the first is too far, the second is not',
    'video_seek 0 to=9; video_seek 50s to=9; video_seek 70s to=9',
    'v/0/ann 50s',
  ],
  [
    'the second is too far, the third is not',
    'video_seek 0 to=9; video_seek 61s to=9; video_seek 121s to=9',
    'v/0/ann 121s',
  ],
  ['forward', 'video_seek 0 from=5 to=10; video_seek 1s from=5 to=10', ''],
  ['to where it is', 'video_seek 0 from=10 to=10; video_seek 1s to=10', ''],
  [
    'once for all time',
    'video_seek 0 to=10; video_seek 1s to=10; video_seek 1d to=10; video_seek 1d+1s to=10',
    'v/1/ann 1s',
  ],
  ['a pause of three seconds', 'video_pause 0 from=19.999; video_resume 3s', 'v/1/ann 3s'],
  ['a shorter one', 'video_pause 0; video_resume 2999', ''],
  ['a pause that nothing ends', 'video_pause 0', 'v/6/ann 3s'],
  ['an event that is no playback', 'video_pause 0; view 1s; error 2s', 'v/6/ann 3s'],
  ['playback of another video', 'video_pause 0; video_play 1s video=w', 'v/6/ann 3s'],
  ['any playback event ends it', 'video_pause 0; video_progress 1s', ''],
  ['at the same time', 'video_resume 0 id=2; video_pause 0 id=1', ''],
  ['at the same time, before it', 'video_resume 0; video_pause 0', 'v/6/ann 3s'],
  ['a second pause ends the first', 'video_pause 0; video_pause 2s; video_resume 4s', ''],
  ['each pause for itself', 'video_pause 0; video_pause 3s; video_resume 4s', 'v/6/ann 3s'],
  [
    'pause and rewind',
    'video_pause 0 from=12; video_seek 1s to=15; video_seek 2s to=15; video_pause 9s from=12',
    'v/1/ann 2s',
  ],
  ['a visitor', 'video_pause 0 visitor=x', 'v/6/anonymous:x 3s'],
])

const SALE = {
  id: 'sale',
  categories: ['c'],
  items: ['i'],
  startMs: STEPS_START_MS + 2 * DAY_MS,
  endMs: STEPS_START_MS + 2 * DAY_MS + HOUR_MS,
}

check('flash-sale', (events) => referenceFlashSale(events, SALE), { category: 'c' }, [
  ['interested at the start', 'view 2d-1h', 'sale/ann 2d'],
  ['by the cart', 'cart 2d-1h', 'sale/ann 2d'],
  ['by the item', 'view 2d-1h category=x item=i', 'sale/ann 2d'],
  ['a removal is no purchase', 'cart 2d-1h; remove 2d-1m', 'sale/ann 2d'],
  ['a search is not enough', 'search 2d-1h', ''],
  ['something else', 'view 2d-1h category=x; view 2d+1s category=c.d', ''],
  ['a day old', 'view 1d', ''],
  ['a millisecond younger', 'view 1d+1ms', 'sale/ann 2d'],
  ['seen again', 'view 1h; view 1d+1h', 'sale/ann 2d'],
  ['on the start', 'view 2d', 'sale/ann 2d'],
  ['bought after', 'view 2d-1h; purchase 2d-1m', ''],
  ['bought on the start', 'view 2d-1h; purchase 2d', ''],
  ['bought before', 'purchase 2d-1h; view 2d-1m', 'sale/ann 2d'],
  ['bought something else', 'view 2d-1h; purchase 2d-1m category=x', 'sale/ann 2d'],
  ['becomes interested', 'view 2d+1ms', 'sale/ann 2d+1ms'],
  ['after a purchase on the start', 'purchase 2d; view 2d+1s', 'sale/ann 2d+1s'],
  ['before the end', 'view 2d+1h-1ms', 'sale/ann 2d+1h-1ms'],
  ['on the end', 'view 2d+1h', ''],
  ['told once', 'view 2d-1h; view 2d+1s; purchase 2d+2s; view 2d+3s', 'sale/ann 2d'],
  ['bought meanwhile', 'view 2d+1s; purchase 2d+2s', 'sale/ann 2d+1s'],
  ['a visitor', 'view 2d+1s visitor=x', 'sale/anonymous:x 2d+1s'],
])

const added = (time: string) => `added weekly-200/2026-03-${time}:00:00.000Z/ann`
const removed = (time: string) => `removed weekly-200/2026-03-${time}:00:00.000Z/ann`

check('audience-sync', referenceAudienceSync, {}, [
  ['exactly the threshold', 'purchase 1 price=100; purchase 2 price=100', `${added('02T04')} 4h`],
  ['a cent less', 'purchase 1 price=199.99', ''],
  ['on the boundary', 'purchase 4h price=200', `${added('02T04')} 4h`],
  ['after it', 'purchase 4h+1ms price=200', `${added('02T08')} 8h`],
  ['cancelled by the boundary', 'purchase 1 price=200; cancellation 4h price=1', ''],
  [
    'cancelled after it',
    'purchase 1 price=200; cancellation 4h+1 price=1',
    `${added('02T04')} 4h; ${removed('02T08')} 8h`,
  ],
  [
    'a week on, to the millisecond',
    'purchase 4h price=200; view 7d+4h user=bob',
    `${added('02T04')} 4h; ${removed('09T04')} 7d+4h`,
  ],
  ['the last boundary', 'purchase 4h+1ms price=200; view 7d+4h user=bob', `${added('02T08')} 8h`],
  [
    'the input of others goes on',
    'purchase 1 price=200; view 7d+1ms visitor=x',
    `${added('02T04')} 4h; ${removed('09T04')} 7d+4h`,
  ],
  ['and ends before', 'purchase 1 price=200; view 7d visitor=x', `${added('02T04')} 4h`],
  ['a visitor', 'purchase 1 price=200 visitor=x', ''],
])

check('daily-segments', referenceDailySegments, {}, [
  ['two days', 'purchase 1; purchase 1d', 'added repeat-customers/2026-03-03/ann 2d'],
  ['one day twice', 'purchase 1; purchase 1d-1ms', ''],
  [
    'a price of nothing is a purchase',
    'purchase 1 price=0; purchase 1d price=0',
    'added repeat-customers/2026-03-03/ann 2d',
  ],
  ['cancelled all the same', 'purchase 1; cancellation 2; purchase 1d', 'added repeat-customers/2026-03-03/ann 2d'],
  ['the thirtieth day', 'purchase 1; purchase 29d', 'added repeat-customers/2026-03-31/ann 30d'],
  ['the thirty-first', 'purchase 1; purchase 30d', ''],
  [
    'the day it leaves',
    'purchase 1; purchase 1d; view 30d user=bob',
    'added repeat-customers/2026-03-03/ann 2d; removed repeat-customers/2026-04-01/ann 31d',
  ],
  [
    'the input ends before',
    'purchase 1; purchase 1d; view 30d-1ms user=bob',
    'added repeat-customers/2026-03-03/ann 2d',
  ],
  ['a visitor', 'purchase 1 visitor=x; purchase 1d visitor=x', ''],
])

check('service-routing', referenceServiceRouting, {}, [
  ['two errors', 'error 0; error 1', ''],
  ['three within ten minutes', 'error 0; error 1; error 10m', 'priority 2 10m; normal 2 40m'],
  ['three in more', 'error 0; error 1; error 10m+1ms', ''],
  ['the last three', 'error 0; error 1m; error 10m+1ms; error 11m', 'priority 3 11m; normal 3 41m'],
  ['at one time', 'error 0; error 0; error 0', 'priority 2 0; normal 2 30m'],
  ['extended at its end', 'error 0; error 0; error 0; error 30m', 'priority 2 0; normal 2 60m'],
  ['after its end', 'error 0; error 0; error 0; error 30m+1ms', 'priority 2 0; normal 2 30m'],
  ['extended twice', 'error 0; error 0; error 0; error 20m; error 40m', 'priority 2 0; normal 2 70m'],
  [
    'counted anew',
    'error 0; error 0; error 0; error 31m; error 32m; error 33m',
    'priority 2 0; normal 2 30m; priority 5 33m; normal 5 63m',
  ],
  ['of two users', 'error 0; error 0; error 0 user=bob', ''],
  ['a visitor', 'error 0 visitor=x; error 0 visitor=x; error 0 visitor=x', 'priority 2 0; normal 2 30m'],
])

t.test('counting begins anew also if the window is longer than the priority', async (t) => {
  const events = eventsOfLine('error 0; error 0; error 0; error 2m; error 2m; error 2m')
  const found = referenceServiceRouting(events, { priorityForMs: 60_000 })
  t.equal(
    lineOfDecisions('service-routing', found),
    sortedLine('priority 2 0; normal 2 1m; priority 5 2m; normal 5 3m'),
  )
})

t.test('a cap counts what was delivered, per user, in rolling time', async (t) => {
  const carts = referenceCartAbandonment(
    eventsOfLine('cart 0; cart 12h; cart 24h; cart 36h-1ms; cart 36h user=bob; cart 48h'),
  )
  const through = (most: number) => deliveredUnderCap(carts, { most, perMs: DAY_MS }).map(({ subject }) => subject)
  t.same(through(1), ['0', '2', '4', '5'])
  t.same(through(2), ['0', '1', '2', '4', '5'])
  t.same(through(0), [])
})
