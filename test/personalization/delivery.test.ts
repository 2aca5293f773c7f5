import t from 'tap'
import { DeliveryHub } from '../../lib/personalization/doors/delivery/delivery.js'
import type { FrameSocket } from '../../lib/personalization/doors/delivery/delivery-connection.js'
import { parseResume, type ResumeMessage, type ServerFrame } from '../../lib/personalization/doors/delivery/frame.js'
import { partitionForKey } from '../../lib/record/partitioner.js'
import { seededRandom } from '../../lib/record/random.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { MemoryTopic, memoryService, PARTITIONS } from './page-service.js'

const AT = 1_800_000_000_000
const NEW: ResumeMessage = { type: 'resume', position: null, have: [] }
const ALL = [0, 1, 2, 3]
const settled = async () => {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate)
}

/** A browser: takes frames at its own pace, drops ids it has, and says where it got to. */
class Browser implements FrameSocket {
  readonly frames: ServerFrame[] = []
  closed: { code: number; reason: string } | null = null
  isSlow = false
  readonly #waiting: (() => void)[] = []

  send(text: string, done: () => void): void {
    this.frames.push(JSON.parse(text))
    if (this.isSlow) this.#waiting.push(done)
    else done()
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason }
  }

  catchUp(): void {
    this.isSlow = false
    for (const done of this.#waiting.splice(0)) done()
  }

  get subjects(): string[] {
    return this.frames.flatMap((frame) => (frame.type === 'decision' ? [frame.decision.subject] : []))
  }

  get resume(): ResumeMessage {
    const last = this.frames.findLast((frame) => 'position' in frame)
    const have = this.frames.flatMap((frame) => (frame.type === 'decision' ? [frame.decision.decisionId] : []))
    return {
      type: 'resume',
      position: last !== undefined && 'position' in last ? last.position : null,
      have: have.slice(-64),
    }
  }
}

function hubOver(topic: MemoryTopic, owns: readonly number[], historyRecords = 1_000) {
  const service = memoryService(topic, { owns })
  return new DeliveryHub({ service, clock: new ManualClock(AT), log: silentLog, historyRecords })
}

function carousel(topic: MemoryTopic, userId: string, subject: string, at = AT) {
  return topic.decide({ rule: 'carousel', userId, subject, at, items: ['p-001'] })
}

t.test('what this instance commits is pushed before any reader sees it, and once', async (t) => {
  const topic = new MemoryTopic()
  const hub = hubOver(topic, ALL)
  await hub.start()
  const browser = new Browser()
  hub.subscribe('ada', browser, NEW)
  await settled()
  topic.readersHeld = true
  carousel(topic, 'ada', 'click 1')
  t.same(browser.subjects, ['click 1'], 'pushed within the commit')
  topic.readersHeld = false
  topic.wake()
  await settled()
  carousel(topic, 'bob', 'not for ada')
  carousel(topic, 'ada', 'click 2')
  await settled()
  t.same(browser.subjects, ['click 1', 'click 2'])
  t.same(
    browser.frames.map(({ type }) => type),
    ['hello', 'live', 'decision', 'decision'],
  )
  await hub.close()
  t.equal(browser.closed?.code, 1001)
})

t.test('an instance that does not own the user serves it from the topic', async (t) => {
  const topic = new MemoryTopic()
  const hub = hubOver(topic, [])
  await hub.start()
  const browser = new Browser()
  hub.subscribe('ada', browser, NEW)
  await settled()
  for (let i = 1; i <= 3; i++) carousel(topic, 'ada', `click ${i}`)
  await settled()
  t.same(browser.subjects, ['click 1', 'click 2', 'click 3'])
  t.match(hub.totals, { connections: 1, sent: 3, dropped: 0, expired: 0 })
  await hub.close()
})

t.test('a browser that comes back gets what it missed: from memory, and after a restart from the topic', async (t) => {
  const topic = new MemoryTopic()
  for (const elsewhere of [false, true]) {
    const subject = (i: number) => `${elsewhere} ${i}`
    const hub = hubOver(topic, [])
    await hub.start()
    const first = new Browser()
    const leave = hub.subscribe('ada', first, NEW)
    await settled()
    carousel(topic, 'ada', subject(1))
    await settled()
    t.ok(first.subjects.includes(subject(1)))
    leave()
    carousel(topic, 'ada', subject(2))
    if (elsewhere) await hub.close()
    const next = elsewhere ? hubOver(topic, ALL) : hub
    carousel(topic, 'ada', subject(3))
    if (elsewhere) await next.start()
    await settled()
    const second = new Browser()
    next.subscribe('ada', second, first.resume)
    carousel(topic, 'ada', subject(4))
    await settled()
    t.same(second.subjects, [2, 3, 4].map(subject))
    t.match(second.frames[0], { type: 'hello', resumed: true, gap: false })
    await next.close()
  }
})

t.test('what the topic no longer has is a gap, said so', async (t) => {
  const topic = new MemoryTopic()
  for (let i = 1; i <= 3; i++) carousel(topic, 'ada', `click ${i}`)
  const hub = hubOver(topic, [])
  await hub.start()
  const partition = partitionForKey(Buffer.from('ada'), PARTITIONS)
  topic.logStart.set(partition, 2)
  const browser = new Browser()
  hub.subscribe('ada', browser, { type: 'resume', position: { partition, next: 0 }, have: [] })
  await settled()
  carousel(topic, 'ada', 'click 4')
  await settled()
  t.match(browser.frames[0], { type: 'hello', resumed: true, gap: true })
  t.same(browser.subjects, ['click 4'])
  await hub.close()
})

t.test(
  'a slow browser: the queue is bounded, the oldest go, then it is closed; it resumes without a loss',
  async (t) => {
    const topic = new MemoryTopic()
    const hub = hubOver(topic, ALL)
    await hub.start()
    const slow = new Browser()
    const leave = hub.subscribe('ada', slow, NEW)
    await settled()
    slow.isSlow = true
    let made = 0
    while (slow.closed === null && made < 2_000) carousel(topic, 'ada', `click ${++made}`)
    t.same(slow.closed, { code: 4008, reason: 'too slow' })
    t.ok(hub.totals.dropped >= 64, `${hub.totals.dropped} dropped`)
    t.ok(made < 600, `closed after ${made}`)
    leave()
    t.equal(hub.totals.connections, 0)
    const again = new Browser()
    hub.subscribe('ada', again, slow.resume)
    await settled()
    const got = [...slow.subjects, ...again.subjects]
    t.same(new Set(got).size, made, 'all of them in the end')
    await hub.close()
  },
)

t.test('after a drop no later frame moves the position past the loss', async (t) => {
  const topic = new MemoryTopic()
  const hub = hubOver(topic, ALL)
  await hub.start()
  const browser = new Browser()
  const leave = hub.subscribe('ada', browser, NEW)
  await settled()
  browser.isSlow = true
  let made = 0
  while (hub.totals.dropped < 5) carousel(topic, 'ada', `click ${++made}`)
  browser.catchUp()
  await settled()
  carousel(topic, 'ada', `click ${++made}`)
  await settled()
  t.equal(browser.subjects.length, made - 5)
  leave()
  const again = new Browser()
  hub.subscribe('ada', again, browser.resume)
  await settled()
  t.same(new Set([...browser.subjects, ...again.subjects]).size, made)
  await hub.close()
})

t.test('a stale decision is counted, not shown; a replay of old data has its own present', async (t) => {
  const topic = new MemoryTopic()
  const hub = hubOver(topic, [])
  await hub.start()
  const YEARS_AGO = 1_570_000_000_000
  carousel(topic, 'ada', 'of the replay', YEARS_AGO)
  await settled()
  const browser = new Browser()
  hub.subscribe('ada', browser, NEW)
  await settled()
  t.same(browser.subjects, ['of the replay'])
  carousel(topic, 'bob', 'an hour on', YEARS_AGO + 3_600_000)
  await settled()
  const late = new Browser()
  hub.subscribe('ada', late, NEW)
  await settled()
  t.same(late.subjects, [])
  t.equal(hub.totals.expired, 1)
  await hub.close()
})

t.test('random lives: whatever owner, disconnects and restarts, each id once and none missing', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed)
    const topic = new MemoryTopic()
    let hub = hubOver(topic, random.next() < 0.5 ? ALL : [], 300)
    await hub.start()
    let browser = new Browser()
    let resume: ResumeMessage | null = null
    let leave: (() => void) | null = hub.subscribe('ada', browser, NEW)
    await settled()
    const shown: string[] = []
    const have = new Set<string>()
    const take = () => {
      for (const frame of browser.frames) {
        if (frame.type !== 'decision' || have.has(frame.decision.decisionId)) continue
        have.add(frame.decision.decisionId)
        shown.push(frame.decision.subject)
      }
    }
    let made = 0
    for (let step = 0; step < 60; step++) {
      const draw = random.next()
      if (draw < 0.6) carousel(topic, random.next() < 0.7 ? 'ada' : 'bob', `${++made}`)
      else if (draw < 0.7) topic.readersHeld = !topic.readersHeld
      else if (draw < 0.85 && leave !== null) {
        leave()
        leave = null
        take()
        // One that left before it heard anything still has what it had.
        if (browser.resume.position !== null) resume = browser.resume
      } else if (draw < 0.92 && leave === null) {
        topic.readersHeld = false
        await hub.close()
        topic.owners.clear()
        hub = hubOver(topic, random.next() < 0.5 ? ALL : [], 300)
        await hub.start()
      } else if (leave === null) {
        topic.readersHeld = false
        browser = new Browser()
        leave = hub.subscribe('ada', browser, { ...resume!, have: [...have].slice(-64) })
      }
      if (random.next() < 0.5) await settled()
    }
    topic.readersHeld = false
    topic.wake()
    if (leave === null) {
      browser = new Browser()
      hub.subscribe('ada', browser, { ...resume!, have: [...have].slice(-64) })
    }
    await settled()
    await settled()
    take()
    const wanted = topic.partitions.flat().filter(({ key }) => key!.toString() === 'ada')
    t.same([...shown].sort(), wanted.map(({ value }) => JSON.parse(value!.toString()).subject).sort(), `seed ${seed}`)
    await hub.close()
  }
})

t.test('figures go to who has asked for them', async (t) => {
  const hub = hubOver(new MemoryTopic(), ALL)
  await hub.start()
  const [page, shop] = [new Browser(), new Browser()]
  hub.subscribe('ada', page, { ...NEW, figures: true })
  hub.subscribe('ada', shop, NEW)
  await settled()
  hub.broadcastFigures('{"type":"figures"}')
  const types = ({ frames }: Browser) => frames.map(({ type }) => type as string)
  t.same(types(page), ['hello', 'live', 'figures'])
  t.same(types(shop), ['hello', 'live'])
  await hub.close()
})

t.test('what a browser may say first', async (t) => {
  const id = 'a'.repeat(32)
  const rows: [string, boolean][] = [
    [JSON.stringify(NEW), true],
    [JSON.stringify({ type: 'resume', position: { partition: 1, next: 7 }, have: [id] }), true],
    ['', false],
    ['[]', false],
    ['null', false],
    ['{"type":"resume"}', false],
    [JSON.stringify({ type: 'resume', position: null, have: [], figures: true }), true],
    [JSON.stringify({ type: 'resume', position: null, have: [], figures: 1 }), false],
    [JSON.stringify({ type: 'resume', position: { partition: -1, next: 0 }, have: [] }), false],
    [JSON.stringify({ type: 'resume', position: { partition: 0.5, next: 0 }, have: [] }), false],
    [JSON.stringify({ type: 'resume', position: null, have: ['x'] }), false],
    [JSON.stringify({ type: 'resume', position: null, have: Array(65).fill(id) }), false],
  ]
  for (const [text, isGood] of rows) t.equal(parseResume(text) !== null, isGood, text.slice(0, 60))
})
