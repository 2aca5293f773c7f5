/** After `keepFor` the state of a user returns to initial, whether time comes in small steps or in one. */
import t from 'tap'
import { json } from '../../../lib/index.js'
import { type Decision, defineDecision } from '../../../lib/personalization/frame/define-decision.js'
import type { Campaign } from '../../../lib/personalization/records/campaign.js'
import { event, only, START_MS, serviceDriver } from '../service-driver.js'

const KEEP_MS = 600_000
/** Says how many events it remembers. */
const counting = defineDecision({
  name: 'counting',
  title: 'Counting',
  within: '200ms',
  channel: 'none',
  validFor: '1d',
  reads: ['view'],
  keepFor: '10m',
  state: { initial: 0, serde: json<number>() },
  onEvent(count: number, { at }, turn) {
    turn.decide({ subject: String(count + 1), at, becauseOf: 'told' })
    return count + 1
  },
})

/** Views of Ann at these times. `stepMs`: how often another user is seen in between; 0: never. */
function decidedAt(times: readonly number[], stepMs: number): [subject: string, at: number][] {
  const service = serviceDriver({ decisions: [counting as Decision], graceMs: 60_000 }, 0)
  const lastMs = Math.max(...times) + 300_000
  const ann = times.map((atMs, i) => event({ eventId: `ann-${i}`, atMs }))
  const others =
    stepMs === 0
      ? []
      : Array.from({ length: Math.ceil(lastMs / stepMs) }, (_, i) =>
          event({ eventId: `bob-${i}`, atMs: i * stepMs, userId: 'bob' }),
        )
  service.send(...[...ann, ...others].sort((a, b) => a.at - b.at))
  service.end(lastMs)
  return only(service.decisions(), 'counting')
    .filter(({ userId }) => userId === 'ann')
    .map(({ subject, at }) => [subject, at - ann[0]!.at])
}

const ROWS: [what: string, times: number[], expected: [string, number][]][] = [
  [
    'inside',
    [0, KEEP_MS - 1],
    [
      ['1/ann', 0],
      ['2/ann', KEEP_MS - 1],
    ],
  ],
  [
    'exactly on it',
    [0, KEEP_MS],
    [
      ['1/ann', 0],
      ['2/ann', KEEP_MS],
    ],
  ],
  [
    'a moment after it',
    [0, KEEP_MS + 1],
    [
      ['1/ann', 0],
      ['1/ann', KEEP_MS + 1],
    ],
  ],
  [
    'less than the grace period after it',
    [0, KEEP_MS + 30_000],
    [
      ['1/ann', 0],
      ['1/ann', KEEP_MS + 30_000],
    ],
  ],
  [
    'long after it',
    [0, 3 * KEEP_MS],
    [
      ['1/ann', 0],
      ['1/ann', 3 * KEEP_MS],
    ],
  ],
  [
    'after an event in between',
    [0, KEEP_MS - 1, 2 * KEEP_MS - 1],
    [
      ['1/ann', 0],
      ['2/ann', KEEP_MS - 1],
      ['3/ann', 2 * KEEP_MS - 1],
    ],
  ],
]

for (const [what, times, expected] of ROWS) {
  t.test(what, async (t) => {
    for (const stepMs of [0, 7_000, 60_000]) t.same(decidedAt(times, stepMs), expected, `step ${stepMs}`)
  })
}

t.test('what is decided once for a subject stays decided, however long the user is away', async (t) => {
  const DAY_MS = 86_400_000
  const campaign: Campaign = {
    id: 'long',
    title: null,
    categories: ['toys'],
    items: [],
    startMs: START_MS,
    endMs: START_MS + 100 * DAY_MS,
    perSecond: 10,
  }
  for (const days of [1, 3, 10, 40]) {
    const service = serviceDriver({ campaigns: [campaign] })
    for (const visit of [0, 1, 2]) {
      const atMs = visit * days * DAY_MS + 1
      const seek = { type: 'video_seek', videoId: 'v', positionMs: 25_000, seekToMs: 5_000, itemId: null } as const
      for (const i of [0, 1, 2]) {
        const category = 'toys'
        service.send(event({ eventId: `view-${visit}-${i}`, atMs: atMs + i, itemId: `i${visit}-${i}`, category }))
        service.send(event({ eventId: `seek-${visit}-${i}`, atMs: atMs + i, ...seek }))
      }
    }
    service.end(2 * days * DAY_MS + 4)
    const rules = only(service.decisions(), 'flash-sale', 'upsell', 'playback').map(({ rule }) => rule)
    t.same(rules.sort(), ['flash-sale', 'playback', 'upsell'], `${days} days`)
  }
})
