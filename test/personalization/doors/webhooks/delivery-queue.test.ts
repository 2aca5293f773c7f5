import t from 'tap'
import {
  DeliveryQueue,
  FAILURES_IN_ORDER,
  type WebhookDelivery,
} from '../../../../lib/personalization/doors/webhooks/delivery-queue.js'
import { seededRandom } from '../../../../lib/record/random.js'
import { decidedAs } from '../../service-driver.js'

function delivery(userId: string, offset: number, attempts = 0, dueAtMs = 0): WebhookDelivery {
  const decision = decidedAs({ rule: 'carousel', userId, subject: `${userId} ${offset}`, at: 0 })
  return {
    partition: offset % 2,
    offset,
    decision,
    traceparent: null,
    expiresAtMs: 1e15,
    attempts,
    ownFailures: attempts,
    dueAtMs,
  }
}

const offsetOf = (taken: WebhookDelivery | null) => taken?.offset ?? null
const idOf = ({ decision }: WebhookDelivery) => decision.decisionId

t.test('one of a user at a time, in order; users do not wait for each other', async (t) => {
  const queue = new DeliveryQueue()
  const [a1, a2, b1] = [delivery('a', 1), delivery('a', 2), delivery('b', 3)]
  for (const each of [a1, a2, b1, a1]) queue.add(each, 0)
  t.equal(queue.size, 3, 'the same one twice is one')
  t.same(
    [0, 0, 0].map((now) => offsetOf(queue.take(now))),
    [1, 3, null],
  )
  queue.settle(idOf(b1), 0)
  t.equal(queue.take(0), null)
  queue.settle(idOf(a1), 0)
  t.equal(offsetOf(queue.take(0)), 2)
  t.match({ size: queue.size, underWay: queue.underWay, ready: queue.ready }, { size: 1, underWay: 1, ready: 0 })
  queue.settle(idOf(a2), 0)
  t.match({ size: queue.size, underWay: queue.underWay }, { size: 0, underWay: 0 })
})

t.test('one that failed is first again when it is due; after six failures the others go ahead', async (t) => {
  const queue = new DeliveryQueue()
  const [a1, a2] = [delivery('a', 1), delivery('a', 2)]
  queue.add(a1, 0)
  queue.add(a2, 0)
  for (let attempt = 1; attempt < FAILURES_IN_ORDER; attempt++) {
    const nowMs = attempt * 10
    t.equal(offsetOf(queue.take(nowMs)), 1)
    a1.ownFailures = attempt
    queue.retry(idOf(a1), nowMs + 10, nowMs)
    t.equal(queue.take(nowMs + 9), null, 'not before it is due')
    t.equal(queue.nextDueMs(), nowMs + 10)
    t.equal(queue.retrying, 1)
  }
  t.equal(offsetOf(queue.take(1_000)), 1)
  a1.ownFailures = FAILURES_IN_ORDER
  queue.retry(idOf(a1), 5_000, 1_000)
  t.equal(offsetOf(queue.take(1_000)), 2)
  t.equal(offsetOf(queue.take(5_000)), 1, 'and does not wait for the other')
})

t.test('what was restored waits, in its place', async (t) => {
  const queue = new DeliveryQueue()
  queue.add(delivery('a', 1, 2, 500), 0)
  queue.add(delivery('a', 2), 0)
  queue.add(delivery('b', 3, FAILURES_IN_ORDER, 300), 0)
  queue.add(delivery('b', 4), 0)
  t.same(
    [0, 0].map((now) => offsetOf(queue.take(now))),
    [4, null],
  )
  t.equal(queue.nextDueMs(), 300)
  t.same(
    [300, 300, 500].map((now) => offsetOf(queue.take(now))),
    [3, null, 1],
  )
})

t.test('all are due at once after an outage', async (t) => {
  const queue = new DeliveryQueue()
  queue.add(delivery('a', 1, 1, 9_000), 0)
  queue.add(delivery('b', 2, 7, 90_000), 0)
  t.equal(queue.take(100), null)
  t.equal(queue.mostAttempted()?.offset, 2)
  queue.hurry(100)
  t.same(
    [100, 100].map((now) => offsetOf(queue.take(now))),
    [1, 2],
  )
  t.equal(queue.mostAttempted(), null)
})

t.test('a partition that left is forgotten, whatever state its deliveries are in', async (t) => {
  const queue = new DeliveryQueue()
  for (const each of [
    delivery('a', 1),
    delivery('a', 3),
    delivery('b', 5, 1, 900),
    delivery('c', 7),
    delivery('d', 2),
  ]) {
    queue.add(each, 0)
  }
  queue.take(0)
  queue.dropPartition(1, 0)
  t.match(
    { size: queue.size, underWay: queue.underWay, retrying: queue.retrying },
    { size: 1, underWay: 0, retrying: 0 },
  )
  queue.settle(idOf(delivery('a', 1)), 0)
  queue.retry(idOf(delivery('a', 1)), 0, 0)
  t.same(
    [0, 0].map((now) => offsetOf(queue.take(now))),
    [2, null],
  )
})

t.test('random lives: each settled once, the order of a user kept among what never failed', async (t) => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed)
    const queue = new DeliveryQueue()
    const settled: WebhookDelivery[] = []
    const underWay: WebhookDelivery[] = []
    let nowMs = 0
    let made = 0
    const step = (mayAdd: boolean) => {
      nowMs += random.int(50)
      if (mayAdd && random.next() < 0.5) queue.add(delivery('abc'[random.int(3)]!, made++), nowMs)
      if (random.next() < 0.6) {
        const taken = queue.take(nowMs)
        if (taken !== null) {
          const same = underWay.filter(({ decision }) => decision.userId === taken.decision.userId)
          if (taken.ownFailures < FAILURES_IN_ORDER) {
            t.ok(
              same.every(({ ownFailures }) => ownFailures >= FAILURES_IN_ORDER),
              'one of a user at a time',
            )
          }
          underWay.push(taken)
        }
      }
      if (underWay.length > 0 && random.next() < 0.6) {
        const [ended] = underWay.splice(random.int(underWay.length), 1)
        ended!.ownFailures += 1
        if (random.next() < 0.6) {
          queue.settle(idOf(ended!), nowMs)
          settled.push(ended!)
        } else queue.retry(idOf(ended!), nowMs + random.int(200), nowMs)
      }
    }
    for (let i = 0; i < 300; i++) step(true)
    for (let i = 0; queue.size > 0 && i < 20_000; i++) step(false)
    t.equal(settled.length, made, `seed ${seed}`)
    for (const user of ['a', 'b', 'c']) {
      const offsets = settled
        .filter(({ decision, ownFailures }) => decision.userId === user && ownFailures < FAILURES_IN_ORDER)
        .map(({ offset }) => offset)
      t.same(
        offsets,
        [...offsets].sort((a, b) => a - b),
        `seed ${seed}, user ${user}`,
      )
    }
  }
})
