import t from 'tap'
import { LiveFigures, type LiveSnapshot } from '../../lib/personalization/report/live/live.js'
import { LatencyWindow } from '../../lib/personalization/report/live/live-latency.js'
import { seededRandom } from '../../lib/record/random.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { MemoryTopic, memoryService } from './page-service.js'
import { decidedAs } from './service-driver.js'

t.test('percentiles are at most 5 % above the true ones, never below', async (t) => {
  const random = seededRandom('latencies')
  const window = new LatencyWindow()
  t.equal(window.percentiles(), null)
  const values = Array.from({ length: 5_000 }, () => 0.2 * 10 ** (random.next() * 4))
  for (const value of values) window.record(value)
  values.sort((a, b) => a - b)
  const { p50, p99, count } = window.percentiles()!
  t.equal(count, 5_000)
  for (const [said, share] of [
    [p50, 0.5],
    [p99, 0.99],
  ] as const) {
    const exact = values[Math.ceil(share * values.length) - 1]!
    t.ok(said >= exact * 0.995 && said <= exact * 1.056, `${said} for ${exact}`)
  }
})

t.test('a window forgets, and takes what is beyond its ends', async (t) => {
  const window = new LatencyWindow(3)
  window.record(1_000)
  window.advance()
  window.record(0)
  window.record(1e12)
  t.equal(window.percentiles()?.count, 3)
  window.advance()
  window.advance()
  t.equal(window.percentiles()?.count, 2)
  window.advance()
  t.equal(window.percentiles(), null)
})

t.test('rates, clicks and arms of a second', async (t) => {
  const clock = new ManualClock(1_800_000_000_000)
  const service = memoryService(new MemoryTopic(), { owns: [0] })
  let events = 0
  const snapshots: LiveSnapshot[] = []
  const live = new LiveFigures({
    rules: service.rules,
    clock,
    figures: () => ({ ...service.figures(), events, lagRecords: 7 }),
    delivery: () => ({ connections: 2, sent: 3, dropped: 1, expired: 0 }),
    doorErrors: () => ({ activity: { REQUEST_MALFORMED: 2 } }),
    onSnapshot: (snapshot) => snapshots.push(snapshot),
  })
  t.match(live.snapshot, { eventsPerSecond: 0, decisionsPerSecond: 0, clickToFrameMs: null })
  live.start()
  const at = clock.now()
  const carousel = decidedAs({
    rule: 'carousel',
    userId: 'ada',
    subject: 'ada/click-1',
    at,
    algorithm: 'trending',
  })
  const alert = decidedAs({ rule: 'spending-alert', userId: 'bob', subject: 'd/bob', at, arm: 'treatment' })
  live.clicked('click-1')
  clock.advance(40)
  events += 120
  live.decided(carousel, at)
  live.decided(alert, null)
  live.sent(carousel)
  live.sent(carousel)
  live.sent(alert)
  clock.advance(960)
  t.match(snapshots, [
    {
      eventsPerSecond: 120,
      decisionsPerSecond: 2,
      clickToFrameMs: { count: 1 },
      appendToCommitMs: { count: 1 },
      lagRecords: 7,
      byRule: { carousel: 1, 'spending-alert': 1 },
      byArm: { control: 1, treatment: 1 },
      byAlgorithm: { trending: 1 },
      delivery: { connections: 2 },
    },
  ])
  const { p50 } = snapshots[0]!.clickToFrameMs!
  t.ok(p50 >= 40 && p50 <= 42, `${p50}`)
  clock.advance(200_000)
  t.equal(live.history.length, 180, 'three minutes')
  t.match(live.snapshot, { eventsPerSecond: 0, clickToFrameMs: null, byRule: { carousel: 1 } })
  live.stop()
  clock.advance(5_000)
  t.equal(snapshots.length, 201)
})
