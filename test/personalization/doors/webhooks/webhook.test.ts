import t from 'tap'
import type { Disabled, LoggedDelivery } from '../../../../lib/personalization/doors/webhooks/delivery-log.js'
import type { WebhookDelivery } from '../../../../lib/personalization/doors/webhooks/delivery-queue.js'
import type { Outcome } from '../../../../lib/personalization/doors/webhooks/next-step.js'
import { Webhook } from '../../../../lib/personalization/doors/webhooks/webhook.js'
import { webhookSettings } from '../../../../lib/personalization/doors/webhooks/webhook-settings.js'
import type { DecidedRecord } from '../../../../lib/personalization/records/recommendation.js'
import { seededRandom } from '../../../../lib/record/random.js'
import { silentLog } from '../../../../lib/telemetry/log.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'
import { decidedAs } from '../../service-driver.js'

const START = 1_800_000_000_000
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
const settled = async () => {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate)
}
const answer = (status: number, retryAfter: string | null = null): Outcome => ({ kind: 'answered', status, retryAfter })

/** The state in memory. */
class MemoryState {
  readonly entries = new Map<string, LoggedDelivery>()
  off: Disabled | null = null
  put(_webhook: string, id: string, entry: LoggedDelivery | null): void {
    if (entry === null) this.entries.delete(id)
    else this.entries.set(id, entry)
  }
  putDisabled(_webhook: string, entry: Disabled | null): void {
    this.off = entry
  }
  *deliveries(_webhook: string, state: string): Generator<[string, LoggedDelivery]> {
    for (const [id, entry] of this.entries) if (entry.state === state) yield [id, entry]
  }
  count(webhook: string, state: string): number {
    return [...this.deliveries(webhook, state)].length
  }
  delivery(_webhook: string, id: string): LoggedDelivery | null {
    return this.entries.get(id) ?? null
  }
  pauseMs = 0
  putPause(_webhook: string, untilMs: number): void {
    this.pauseMs = untilMs
  }
  pausedUntilMs(): number {
    return this.pauseMs
  }
  disabled(): Disabled | null {
    return this.off
  }
}

interface Request {
  readonly subject: string
  readonly atMs: number
}

function setUp(answers: (subject: string, attempt: number) => Outcome | Promise<Outcome>, options: object = {}) {
  const clock = new ManualClock(START)
  const state = new MemoryState()
  const requests: Request[] = []
  const log: string[] = []
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
  const given = { name: 'crm', url: 'https://crm.example/', secret, channels: ['push'], ...options }
  const [settings] = webhookSettings([given], (path) => new Error(path.join('.')))
  const webhook = new Webhook({
    settings: settings!,
    poster: {
      async post({ body }) {
        const { subject } = JSON.parse(body).data
        requests.push({ subject, atMs: clock.now() - START })
        return answers(subject, requests.filter((request) => request.subject === subject).length)
      },
      close: () => undefined,
    },
    state,
    clock,
    random: seededRandom(1),
    log: { ...silentLog, error: (_fields, message) => void log.push(message) },
  })
  webhook.offsets.begin(0, 0)
  let offset = 0
  const add = (subject: string, more: Partial<DecidedRecord & { validForMs: number }> = {}): WebhookDelivery => {
    const rule = more.rule ?? 'cart-abandonment'
    const decision = decidedAs({ userId: subject[0]!, at: clock.now(), ...more, rule, subject })
    const expiresAtMs = clock.now() + (more.validForMs ?? DAY)
    const delivery = {
      partition: 0,
      offset: offset++,
      decision,
      traceparent: null,
      expiresAtMs,
      attempts: 0,
      ownFailures: 0,
      dueAtMs: 0,
    }
    webhook.offsets.read(0, offset)
    webhook.offsets.open(0, delivery.offset)
    webhook.add(delivery)
    return delivery
  }
  const subjects = () => requests.map(({ subject }) => subject)
  const pass = async (ms: number, stepMs = ms) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(stepMs)
      await settled()
    }
  }
  return { clock, state, requests, subjects, webhook, add, log, pass }
}

t.test('a webhook that works gets each once, those of a user in order', async (t) => {
  const { webhook, add, subjects, state } = setUp(() => answer(200))
  for (const subject of ['a1', 'b1', 'a2', 'a3']) add(subject)
  await settled()
  t.same(subjects(), ['a1', 'b1', 'a2', 'a3'])
  t.match(webhook.totals, { delivered: 4, attempts: 4, failedAttempts: 0 })
  t.equal(state.entries.size, 0, 'the log has nothing of what worked')
  t.equal(webhook.offsets.committable.get(0), 4)
})

t.test('what it wants', async (t) => {
  const { webhook } = setUp(() => answer(200), { channels: ['push', 'sms'], decisions: ['cart-abandonment', 'upsell'] })
  const rows: [channel: string, rule: string, boolean][] = [
    ['push', 'upsell', true],
    ['sms', 'cart-abandonment', true],
    ['page', 'upsell', false],
    ['push', 'carousel', false],
    ['none', 'upsell', false],
  ]
  for (const [channel, rule, wanted] of rows) t.equal(webhook.wants({ channel, rule }), wanted, `${channel} ${rule}`)
})

t.test('an answer 4xx makes a dead letter, and the next of the user follows at once', async (t) => {
  const { add, subjects, state, webhook } = setUp((subject) => answer(subject === 'a1' ? 422 : 200))
  const { decision } = add('a1')
  add('a2')
  await settled()
  t.same(subjects(), ['a1', 'a2'])
  t.match(state.entries.get(decision.decisionId), {
    ...{ state: 'dead', why: 'status 422', attempts: 1, partition: 0, offset: 0, rule: 'cart-abandonment' },
  })
  t.equal(webhook.offsets.committable.get(0), 2)
})

t.test('one decision that fails again and again delays its user for half a minute, and no other', async (t) => {
  const { add, subjects, state, webhook, pass } = setUp((subject) => answer(subject === 'a1' ? 500 : 200))
  const poison = add('a1')
  add('a2')
  add('b1')
  await settled()
  t.same(subjects(), ['a1', 'b1'])
  t.equal(webhook.offsets.committable.get(0), 1, 'a1 is in the log, a2 is open')
  await pass(31_000, 500)
  t.same(subjects().slice(2), ['a1', 'a1', 'a1', 'a1', 'a1', 'a2'])
  add('a3')
  await settled()
  t.equal(subjects().at(-1), 'a3')
  await pass(DAY + 6 * MINUTE, 10_000)
  const tries = subjects().filter((subject) => subject === 'a1').length
  t.ok(tries > 280 && tries < 700, `${tries} attempts in a day`)
  t.equal(state.entries.size, 0, 'then it has expired')
  t.equal(webhook.totals.dropped.expired, 1)
  t.equal(poison.attempts, tries)
})

t.test('down for a day: few are asked, what is valid comes in order, what has expired is counted', async (t) => {
  let isDown = true
  const { webhook, add, subjects, requests, state, pass } = setUp(() => answer(isDown ? 503 : 200))
  for (let i = 1; i <= 40; i++) {
    add(`a${i}`, { validForMs: 2 * DAY })
    add(`b${i}`, { validForMs: 2 * DAY })
    add(`c${i}`, { validForMs: HOUR })
  }
  await settled()
  await pass(DAY, MINUTE)
  t.ok(requests.length < 700, `${requests.length} attempts in a day`)
  t.equal(webhook.offsets.committable.get(0), 3, 'the consumer group waits before the first that was never tried')
  t.ok([...state.entries.values()].every((entry) => entry.state === 'retry'))
  isDown = false
  requests.length = 0
  await pass(6 * MINUTE, 1_000)
  t.match(webhook.totals, { delivered: 80, dropped: { expired: 40 } })
  t.same(
    subjects().filter((subject) => subject[0] === 'b'),
    Array.from({ length: 40 }, (_, i) => `b${i + 1}`),
  )
  t.same(new Set(subjects()).size, 80)
  t.equal(state.entries.size, 0)
  t.equal(webhook.offsets.committable.get(0), 120)
  t.ok(requests.at(-1)!.atMs - requests[0]!.atMs < 5_000, 'all of it within seconds, once one got through')
})

t.test('retry-after holds everything, and nothing is asked before', async (t) => {
  let isBusy = true
  const { add, requests, pass, webhook, state } = setUp(() => (isBusy ? answer(429, '600') : answer(200)), {
    concurrency: 1,
  })
  for (const subject of ['a1', 'b1', 'c1']) add(subject)
  await settled()
  t.equal(requests.length, 1)
  t.match(webhook.activity, { pausedUntilMs: START + 600_000 + Math.ceil(600_000 * 0.1 * seededRandom(1).next()) })
  await pass(599_000, 10_000)
  t.equal(requests.length, 1)
  isBusy = false
  await pass(61_000, 1_000)
  t.equal(webhook.totals.delivered, 3)
  t.equal(state.pauseMs, 0)
})

t.test('410 disables, with a word how to enable it; nothing is lost by that', async (t) => {
  let isGone = true
  const { add, subjects, state, webhook, log, pass } = setUp(() => answer(isGone ? 410 : 200), { concurrency: 1 })
  add('a1')
  add('a2')
  await settled()
  t.match(state.off, { state: 'disabled', why: 'status 410', atMs: START })
  t.equal(webhook.isDisabled, true)
  t.match(log, ['webhook crm answered 410 Gone and is disabled: to enable it again, POST /webhooks/crm/enable'])
  add('b1')
  await pass(HOUR, MINUTE)
  t.same(subjects(), ['a1'])
  t.equal(webhook.offsets.committable.get(0), 0)
  isGone = false
  state.off = null
  webhook.pump()
  await settled()
  t.same(subjects(), ['a1', 'a1', 'b1', 'a2'])
  state.off = { state: 'disabled', atMs: 0, why: 'status 410', endpoint: 'of another URL' }
  t.equal(webhook.isDisabled, false, 'another URL is another endpoint')
})

t.test('the queue is bounded: the reader waits for room, and while it is disabled', async (t) => {
  const { add, webhook, state, pass } = setUp(() => new Promise<Outcome>(() => undefined), { concurrency: 2 })
  for (let i = 0; i < 999; i++) add(`${i % 10} ${i}`)
  await webhook.room()
  add('9 last')
  let hasRoom = false
  const waiting = webhook.room().then(() => {
    hasRoom = true
  })
  await pass(MINUTE)
  t.equal(hasRoom, false)
  webhook.leave(0)
  webhook.pump()
  await waiting
  state.putDisabled('crm', { state: 'disabled', atMs: 0, why: '', endpoint: 'x' })
  t.equal(webhook.isDisabled, false)
  t.equal(webhook.activity.queued, 0)
})

t.test('too many that wait for another attempt: the most attempted is a dead letter', async (t) => {
  let isUp = false
  const { add, state, pass } = setUp((subject) => answer(isUp || subject.endsWith('ok') ? 200 : 500), {
    concurrency: 256,
  })
  // One that works between three that fail: so it is never down.
  for (let i = 0; i < 1_005; i++) {
    add(`${String.fromCharCode(1_000 + i)} fails`)
    if (i % 2 === 1) {
      add(`${String.fromCharCode(9_000 + i)} ok`)
      await settled()
    }
  }
  await settled()
  t.equal(state.count('crm', 'retry'), 1_000)
  t.equal(state.count('crm', 'dead'), 5)
  t.match([...state.deliveries('crm', 'dead')][0]?.[1], { why: 'too many decisions wait for their next attempt' })
  isUp = true
  await pass(10_000, 500)
  t.equal(state.count('crm', 'retry'), 0)
})

t.test('an attempt under way gets a second when the service closes', async (t) => {
  let answerLater: (outcome: Outcome) => void = () => undefined
  const { add, webhook, pass, state } = setUp(() => new Promise((resolve) => (answerLater = resolve)))
  add('a1')
  add('a2')
  await settled()
  const closing = webhook.close()
  await pass(500)
  answerLater(answer(200))
  await closing
  t.equal(webhook.totals.delivered, 1)
  t.equal(webhook.offsets.committable.get(0), 1, 'the other one is sent by whoever comes next')
  t.equal(state.entries.size, 0)
})
