import t from 'tap'
import type { FrequencyCap } from '../../../lib/personalization/around/frequency-caps.js'
import { judge } from '../../../lib/personalization/around/index.js'
import { type AroundState, INITIAL_AROUND, mergeAround } from '../../../lib/personalization/around/state.js'
import type { Channel } from '../../../lib/personalization/records/recommendation.js'
import { seededRandom } from '../../../lib/record/random.js'
import { DAY_MS, decision, HOUR_MS, judgeAll, NO_RULES, NOON_MS } from './decision.js'

const cap = (most: number, perMs: number, channel: Channel = 'push'): FrequencyCap => ({ channel, most, perMs })
const capped = (...caps: FrequencyCap[]) => ({ ...NO_RULES, caps })

type Row = [what: string, caps: FrequencyCap[], minutes: number[], delivered: number[]]

const rows: Row[] = [
  ['no cap', [], [0, 0, 0], [0, 0, 0]],
  ['one a day, a millisecond early is tested below', [cap(1, DAY_MS)], [0, 1, 1439, 1440], [0, 1440]],
  ['rolling: midnight begins nothing', [cap(1, DAY_MS)], [700, 730, 2139, 2140], [700, 2140]],
  ['what was suppressed does not count', [cap(1, HOUR_MS)], [0, 30, 60, 90, 120], [0, 60, 120]],
  ['two an hour', [cap(2, HOUR_MS)], [0, 10, 20, 59, 60, 69, 70], [0, 10, 60, 70]],
  ['several at one instant', [cap(2, HOUR_MS)], [5, 5, 5, 65, 65], [5, 5, 65, 65]],
  ['the strictest of several', [cap(1, HOUR_MS), cap(3, DAY_MS)], [0, 30, 60, 120, 180, 1440], [0, 60, 120, 1440]],
  ['earlier than what was delivered', [cap(1, HOUR_MS)], [100, 41, 40, 159, 160], [100, 40, 160]],
  ['between two that were delivered', [cap(2, HOUR_MS)], [0, 50, 25, -9, -10, 110], [0, 50, -10, 110]],
  ['a cap of another channel', [cap(1, DAY_MS, 'email')], [0, 1], [0, 1]],
]

for (const [what, caps, minutes, delivered] of rows) {
  t.test(what, async (t) => {
    const { words } = judgeAll(
      minutes.map((minute) => NOON_MS + minute * 60_000),
      capped(...caps),
    )
    t.same(
      minutes.filter((_, i) => words[i] === 'deliver'),
      delivered,
    )
    t.ok(words.every((word) => word === 'deliver' || word === 'cap'))
  })
}

t.test('two deliveries exactly as far apart as the stretch is long are not in one', async (t) => {
  const times = [NOON_MS, NOON_MS + DAY_MS - 1, NOON_MS + DAY_MS]
  t.same(judgeAll(times, capped(cap(1, DAY_MS))).words, ['deliver', 'cap', 'deliver'])
})

t.test('channels are counted apart, and only those with a cap are kept', async (t) => {
  const config = capped(cap(1, DAY_MS), cap(1, DAY_MS, 'sms'))
  let state: AroundState = INITIAL_AROUND
  const words: string[] = []
  for (const channel of ['push', 'sms', 'email', 'email', 'push'] as const) {
    const verdict = judge(decision({ channel }), state, config, NOON_MS)
    words.push(verdict.kind)
    if (verdict.kind === 'deliver') state = verdict.state
  }
  t.same(words, ['deliver', 'deliver', 'deliver', 'deliver', 'suppress'])
  t.same(
    state.delivered.map(({ channel }) => channel),
    ['push', 'sms'],
  )
})

/** Whether any stretch of a cap holds too many: every pair that is `most` deliveries apart is looked at. */
function isBroken(caps: readonly FrequencyCap[], deliveries: readonly number[]): boolean {
  const times = [...deliveries].sort((a, b) => a - b)
  return caps.some(({ most, perMs }) =>
    times.some((time, i) => i + most < times.length && times[i + most]! - time < perMs),
  )
}

function randomCaps(random: ReturnType<typeof seededRandom>): FrequencyCap[] {
  return Array.from({ length: 1 + random.int(3) }, () => cap(1 + random.int(4), (1 + random.int(48)) * HOUR_MS))
}

/** Times that mostly rise, now and then fall back by up to `lagMs`. */
function randomTimes(random: ReturnType<typeof seededRandom>, lagMs: number): number[] {
  let latest = NOON_MS
  return Array.from({ length: 300 }, () => {
    latest += random.int(4) === 0 ? 0 : random.int(6 * HOUR_MS)
    return random.int(3) === 0 ? latest - random.int(lagMs) : latest
  })
}

t.test('the same as a record of all deliveries, for decisions up to a day late', async (t) => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(seed)
    const caps = randomCaps(random)
    const times = randomTimes(random, DAY_MS)
    const all: number[] = []
    const expected = times.map((time) => {
      if (isBroken(caps, [...all, time])) return 'cap'
      all.push(time)
      return 'deliver'
    })
    const { words, state } = judgeAll(times, capped(...caps))
    if (!t.same(words, expected, `seed ${seed}`)) return
    const kept = state.delivered[0]!.times.length
    const longestMs = Math.max(...caps.map(({ perMs }) => perMs))
    for (const { most, perMs } of caps) {
      const stretches = Math.ceil((2 * longestMs + DAY_MS) / perMs) + 1
      t.ok(kept <= most * stretches, `seed ${seed}: ${kept} times kept`)
    }
  }
})

t.test('never too many, however late a decision comes, whatever is merged, and if the caps change', async (t) => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(`late/${seed}`)
    const [caps, later] = [randomCaps(random), randomCaps(random)]
    const times = randomTimes(random, 60 * DAY_MS)
    let state: AroundState = INITIAL_AROUND
    const all: number[] = []
    times.forEach((time, i) => {
      const now = i < 150 ? caps : later
      if (i === 75) {
        const other = judgeAll(
          times.slice(0, 40).map((at) => at + 1),
          capped(...caps),
        )
        state = mergeAround(state, other.state, capped(...caps))
        all.push(
          ...times
            .slice(0, 40)
            .map((at) => at + 1)
            .filter((_, j) => other.words[j] === 'deliver'),
        )
      }
      const verdict = judge(decision(), state, capped(...now), time)
      if (verdict.kind !== 'deliver') return
      state = verdict.state
      const near = all.filter((at) => now.some(({ perMs }) => Math.abs(at - time) < perMs))
      for (const each of now) {
        const inAll = windowsWith(time, [...near, time], each)
        if (inAll > each.most) t.fail(`seed ${seed}: ${inAll} within ${each.perMs} at most ${each.most}`)
      }
      all.push(time)
    })
    t.ok(state.delivered[0]!.times.length <= 3 * 4 + 128)
  }
})

/** The most deliveries that any stretch of the cap around `time` holds. */
function windowsWith(time: number, deliveries: readonly number[], { perMs }: FrequencyCap): number {
  const starts = deliveries.filter((at) => at <= time && time - at < perMs)
  return Math.max(...starts.map((start) => deliveries.filter((at) => at >= start && at - start < perMs).length))
}

t.test('a merge adds the deliveries of both, also those of one instant', async (t) => {
  const config = capped(cap(2, DAY_MS))
  const known = judgeAll([NOON_MS], config).state
  const anonymous = judgeAll([NOON_MS], config).state
  const merged = mergeAround(known, anonymous, config)
  t.same(merged.delivered, [{ channel: 'push', times: [NOON_MS, NOON_MS], forgottenMs: 0 }])
  t.match(judge(decision(), merged, config, NOON_MS + DAY_MS - 1), { reason: 'cap' })
  t.match(judge(decision(), merged, config, NOON_MS + DAY_MS), { kind: 'deliver' })
})

t.test('a forgotten delivery counts as long as it may be in the stretch, also after a merge', async (t) => {
  const config = capped(cap(5, HOUR_MS))
  const forgotten = (forgottenMs: number): AroundState => ({
    ...INITIAL_AROUND,
    delivered: [{ channel: 'push', times: [forgottenMs + DAY_MS], forgottenMs }],
  })
  for (const state of [
    forgotten(NOON_MS),
    mergeAround(forgotten(NOON_MS - DAY_MS), forgotten(NOON_MS), config),
    mergeAround(forgotten(NOON_MS), forgotten(NOON_MS - DAY_MS), config),
  ]) {
    t.match(judge(decision(), state, config, NOON_MS + HOUR_MS - 1), { reason: 'cap' })
    t.match(judge(decision(), state, config, NOON_MS + HOUR_MS), { kind: 'deliver' })
  }
})

t.test('merges without end keep a bounded number of times', async (t) => {
  const config = capped(cap(5, DAY_MS))
  const visitor = judgeAll(
    [1, 2, 3, 4, 5].map((i) => NOON_MS + i),
    config,
  ).state
  let state: AroundState = INITIAL_AROUND
  for (let i = 0; i < 100; i++) state = mergeAround(state, visitor, config)
  t.equal(state.delivered[0]!.times.length, 3 * 5 + 128)
  t.match(judge(decision(), state, config, NOON_MS + DAY_MS + 4), { reason: 'cap' })
})
