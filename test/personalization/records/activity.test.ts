import t from 'tap'
import {
  ACTIVITY_TYPES,
  type ActivityFields,
  type ActivityType,
  activityKey,
  activityOf,
  activityProblem,
} from '../../../lib/personalization/records/activity.js'

const ACTIVITY: ActivityFields = {
  eventId: '7',
  type: 'view',
  at: 1_700_000_000_000,
  itemId: 'i',
  userId: 'u',
  source: 'page',
}
const LONGEST = 'x'.repeat(80)
/** Of each type the fewest fields that it takes, and what is said of it without any. */
const LEAST: Readonly<Record<ActivityType, readonly [Partial<ActivityFields>, string | null]>> = {
  view: [{ itemId: 'i' }, 'view without itemId'],
  search: [{ query: 'lamp' }, 'search without query'],
  cart: [{ itemId: 'i' }, 'cart without itemId'],
  remove: [{ itemId: 'i' }, 'remove without itemId'],
  purchase: [{ itemId: 'i', unitPriceMicros: 0 }, 'purchase without itemId'],
  cancellation: [{ itemId: 'i', unitPriceMicros: 0 }, 'cancellation without itemId'],
  adjustment: [{ itemId: 'i' }, 'adjustment without itemId'],
  end_of_input: [{}, null],
  input_progress: [{}, null],
  unknown: [{}, 'unknown activity type'],
  video_play: [{ videoId: 'v', positionMs: 0 }, 'video_play without videoId'],
  video_pause: [{ videoId: 'v', positionMs: 0 }, 'video_pause without videoId'],
  video_resume: [{ videoId: 'v', positionMs: 0 }, 'video_resume without videoId'],
  video_seek: [{ videoId: 'v', positionMs: 0, seekToMs: 0 }, 'video_seek without videoId'],
  video_progress: [{ videoId: 'v', positionMs: 0 }, 'video_progress without videoId'],
  video_complete: [{ videoId: 'v', positionMs: 0 }, 'video_complete without videoId'],
  error: [{}, null],
  impression: [{ itemId: 'i' }, 'impression without itemId or decisionId'],
  click: [{ decisionId: 'd' }, 'click without itemId or decisionId'],
  identify: [{ userId: 'u', anonymousId: 'a' }, 'identify without anonymousId'],
  alias: [{ userId: 'u', anonymousId: 'a' }, 'alias without anonymousId'],
  consent: [{ consent: { marketing: false } }, 'consent without purposes'],
  custom: [{}, null],
}

t.test('each type with the fewest fields that it takes, and without any', async (t) => {
  for (const type of ACTIVITY_TYPES) {
    const [fields, without] = LEAST[type]
    const bare = activityOf({ eventId: '7', type, at: ACTIVITY.at, source: 'api' })
    t.equal(activityProblem(bare), without, `${type} without anything`)
    const expected = type === 'unknown' ? 'unknown activity type' : null
    t.equal(activityProblem(activityOf({ ...bare, ...fields })), expected, `${type} with ${Object.keys(fields)}`)
    for (const name of Object.keys(fields) as (keyof ActivityFields)[]) {
      const lacking = activityOf({ ...bare, ...fields, [name]: null })
      t.type(activityProblem(lacking), 'string', `${type} without ${name}`)
    }
  }
})

t.test('problems', async (t) => {
  const video = { type: 'video_seek', itemId: null, videoId: 'v', positionMs: 5, seekToMs: 4 } as const
  const rows: [Partial<ActivityFields>, string | null][] = [
    [{}, null],
    [{ userId: null }, null],
    [{ type: 'unknown' }, 'unknown activity type'],
    [{ at: 1_700_000_000 }, 'time outside 2000 to 2100'],
    [{ at: 1.5 }, 'time is not a whole number of milliseconds'],
    [{ at: 1_700_000_000_001 }, 'time ahead of the clock'],
    [{ itemId: null }, 'view without itemId'],
    [{ itemId: '' }, 'view without itemId'],
    [{ userId: '' }, 'userId is empty'],
    [{ userId: 'anonymous:x' }, 'userId starts with anonymous:'],
    [{ anonymousId: '' }, 'anonymousId is empty'],
    [{ itemId: LONGEST }, null],
    [{ itemId: '€'.repeat(27) }, 'itemId longer than 80 bytes'],
    [{ type: 'search', itemId: null }, 'search without query'],
    [{ type: 'search', itemId: null, query: 'lamp' }, null],
    [{ type: 'search', itemId: null, query: 'lamp', quantity: 1e12 }, 'quantity not within 1000000'],
    [{ type: 'purchase' }, 'purchase without price'],
    [{ type: 'purchase', unitPriceMicros: 0 }, null],
    [{ type: 'purchase', unitPriceMicros: 0.5 }, 'price is not in whole micro-units'],
    [{ type: 'purchase', unitPriceMicros: -1 }, 'price is negative'],
    [{ type: 'adjustment', unitPriceMicros: -1, quantity: -1 }, null],
    [{ quantity: 0 }, 'quantity not positive'],
    [{ quantity: 1.5 }, 'quantity not within 1000000'],
    [{ quantity: 1_000_001 }, 'quantity not within 1000000'],
    [{ quantity: 1_000_000, unitPriceMicros: 1e12 }, 'amount too large'],
    [{ type: 'end_of_input', itemId: null }, null],
    [{ type: 'impression', itemId: null, decisionId: 'd' }, null],
    [{ type: 'click', itemId: '', decisionId: '' }, 'click without itemId or decisionId'],
    [video, null],
    [{ ...video, seekToMs: 365 * 86_400_000 }, null],
    [{ ...video, seekToMs: 1e15 }, 'seekToMs is not a whole number of milliseconds from 0 to a year'],
    [{ ...video, positionMs: -1 }, 'positionMs is not a whole number of milliseconds from 0 to a year'],
    [{ ...video, positionMs: 0.5 }, 'positionMs is not a whole number of milliseconds from 0 to a year'],
    [{ ...video, seekToMs: Number.NaN }, 'seekToMs is not a whole number of milliseconds from 0 to a year'],
    [{ ...video, seekToMs: null }, 'video_seek without seekToMs'],
    [{ type: 'identify', anonymousId: 'a', userId: null }, 'identify without userId'],
    [{ type: 'alias', anonymousId: 'a', userId: null }, 'alias without userId'],
    [{ type: 'consent', consent: {} }, 'consent without purposes'],
    [{ consent: { '': true } }, 'consent with a purpose that is empty or longer than 80 bytes'],
    [{ consent: { [`${LONGEST}x`]: true } }, 'consent with a purpose that is empty or longer than 80 bytes'],
    [{ consent: { marketing: 'no' as never } }, 'consent is not true or false'],
    [
      { consent: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`p${i}`, true])) },
      'consent with more than 64 purposes',
    ],
    [{ properties: `"${'x'.repeat(2_046)}"` }, null],
    [{ properties: `"${'x'.repeat(2_047)}"` }, 'properties longer than 2048 bytes'],
    [{ name: 'x'.repeat(200) }, null],
    [{ name: 'x'.repeat(201) }, 'name longer than 200 bytes'],
  ]
  for (const [fields, problem] of rows) {
    const activity = activityOf({ ...ACTIVITY, ...fields })
    t.equal(activityProblem(activity, { notAfterMs: ACTIVITY.at }), problem, JSON.stringify(fields))
  }
  const ids = ['eventId', 'userId', 'itemId', 'sessionId', 'anonymousId', 'videoId', 'decisionId', 'timeZone'] as const
  for (const name of ids) {
    t.equal(activityProblem(activityOf({ ...ACTIVITY, [name]: LONGEST })), null, name)
    const longer = activityOf({ ...ACTIVITY, [name]: `${LONGEST}x` })
    t.equal(activityProblem(longer), `${name} longer than 80 bytes`)
  }
})

t.test("the key is the user, else the visitor, the session, the event; a merge has the visitor's", async (t) => {
  const nobody = { ...ACTIVITY, userId: null }
  const rows: [ActivityFields, string][] = [
    [{ ...ACTIVITY, anonymousId: 'a', sessionId: 's' }, 'u'],
    [{ ...nobody, anonymousId: 'a', sessionId: 's' }, 'anonymous:a'],
    [{ ...nobody, sessionId: 's' }, 'anonymous:s'],
    [nobody, 'anonymous:7'],
    [{ ...ACTIVITY, type: 'identify', anonymousId: 'a' }, 'anonymous:a'],
    [{ ...ACTIVITY, type: 'alias', anonymousId: 'a' }, 'anonymous:a'],
    [{ ...ACTIVITY, type: 'identify' }, 'u'],
    [{ ...ACTIVITY, type: 'custom', anonymousId: 'a' }, 'u'],
  ]
  for (const [fields, key] of rows) t.equal(activityKey(activityOf(fields)), key, JSON.stringify(fields))
})
