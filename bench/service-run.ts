/** One run of the service as a process: clicks at a fixed rate, each timed from its planned moment to its frame. */

import { delay, systemClock } from '../lib/record/clock.js'
import { seededRandom } from '../lib/record/random.js'
import { freePorts } from '../verify/kafka/probe.js'
import { openLoop } from './open-loop.js'
import { type Frame, ServiceClient } from './service-client.js'
import { commandOf, Side } from './side.js'
import { type Latencies, latencies, round } from './statistics.js'

export interface ServiceRunOptions {
  /** Null: the broker embedded in the service. */
  readonly bootstrap: string | null
  readonly folder: string
  /** Clicks per second over all users. */
  readonly rate: number
  readonly seconds: number
  readonly partitions: number
  /** 0: every user is as likely; otherwise the exponent of Zipf's law. */
  readonly zipf: number
  readonly seed: number
}

export interface ServiceRun {
  readonly latencyMs: Latencies
  readonly recordsPerSecond: number
  readonly cpuSecondsPerMillion: number
  readonly peakRssMb: number
  /** What the service itself says of its last minute: the broker's append to commit, the click taken to the frame sent. */
  readonly inside: unknown
  readonly clicks: number
  /** Clicks that no frame answered, or several did. */
  readonly unanswered: number
  readonly doubled: number
}

/** One WebSocket each. */
const USERS = 240
const WARM_UP_SECONDS = 10
const START_TIMEOUT_MS = 90_000
const ANSWER_TIMEOUT_MS = 30_000
let runs = 0

export async function runService(options: ServiceRunOptions): Promise<ServiceRun> {
  const [port = 0] = await freePorts(1)
  const name = `bench-service-${systemClock.now()}-${runs++}`
  const target = options.bootstrap === null ? [] : ['--brokers', options.bootstrap]
  const args = ['--port', String(port), '--application-id', name, '--topic-prefix', `${name}-`, '--no-load']
  // All users click from one address; some of them often.
  args.push('--demo-login', '--rate-user', '0', '--rate-address', '0')
  args.push('--partitions', String(options.partitions), '--state-dir', `${options.folder}/${name}`, ...target)
  const side = new Side('the service', commandOf('../lib/personalization/cli/start', args))
  const client = new ServiceClient(`http://127.0.0.1:${port}`)
  try {
    await untilHealthy(side, client)
    return await clickThrough(side, client, options)
  } finally {
    client.close()
    await side.terminate()
  }
}

async function untilHealthy(side: Side, client: ServiceClient): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + START_TIMEOUT_MS
  for (;;) {
    const health = (await client.get('/health').catch(() => null)) as { state: string } | null
    if (health?.state === 'running') return
    if (!side.running) throw await side.failure('ended before it answered')
    if (systemClock.monotonicMs() > deadlineMs) throw await side.failure('was not running in time')
    await delay(systemClock, 100)
  }
}

async function clickThrough(side: Side, client: ServiceClient, options: ServiceRunOptions): Promise<ServiceRun> {
  const { products } = (await client.get('/api/catalogue')) as { products: { itemId: string }[] }
  const answers = new Answers()
  for (let user = 0; user < USERS; user++) await client.connect(userName(user), answers.onFrame)
  await client.openConnections()
  const random = seededRandom(`${options.seed}/service`)
  const pickUser = userPicker(options.zipf, random)
  const warmUp = WARM_UP_SECONDS * options.rate
  const clicks = warmUp + options.rate * options.seconds
  const failures: unknown[] = []
  const cpuBefore = side.cpuSeconds()
  const startMs = systemClock.monotonicMs()
  await openLoop({ rate: options.rate, records: clicks }, (from, to, intendedMs) => {
    for (let i = from; i < to; i++) {
      const user = userName(pickUser())
      const id = `click-${String(i).padStart(8, '0')}`
      const itemId = products[random.int(products.length)]!.itemId
      answers.expect(id, intendedMs(i), i >= warmUp)
      client
        .click({ id, user, session: `session-${user}`, type: 'view', itemId })
        .catch((error) => failures.push(error))
    }
  })
  const seconds = (systemClock.monotonicMs() - startMs) / 1_000
  const deadlineMs = systemClock.monotonicMs() + ANSWER_TIMEOUT_MS
  while (answers.outstanding > 0 && failures.length === 0 && systemClock.monotonicMs() < deadlineMs) {
    await delay(systemClock, 20)
  }
  const cpuSeconds = side.cpuSeconds() - cpuBefore
  if (failures.length > 0) throw failures[0]
  if (!side.running) throw await side.failure('ended during the run')
  const { appendToCommitMs, clickToFrameMs } = (await client.get('/metrics.json')) as Record<string, unknown>
  return {
    latencyMs: latencies(answers.samples),
    inside: { appendToCommitMs, clickToFrameMs },
    recordsPerSecond: round(clicks / seconds, 0),
    cpuSecondsPerMillion: round((cpuSeconds / clicks) * 1e6, 1),
    peakRssMb: round(side.peakRssMb(), 0),
    clicks,
    unanswered: answers.outstanding,
    doubled: answers.doubled,
  }
}

function userName(index: number): string {
  return `user-${String(index).padStart(4, '0')}`
}

/** Draws users, evenly or by Zipf's law: the n-th user is 1/n^exponent as likely as the first. */
export function userPicker(exponent: number, random: ReturnType<typeof seededRandom>): () => number {
  if (exponent === 0) return () => random.int(USERS)
  const upTo = new Float64Array(USERS)
  let sum = 0
  for (let user = 0; user < USERS; user++) {
    sum += 1 / (user + 1) ** exponent
    upTo[user] = sum
  }
  return () => {
    const drawn = random.next() * sum
    const user = upTo.findIndex((edge) => drawn < edge)
    return user < 0 ? USERS - 1 : user
  }
}

/** Pairs clicks with the carousel that answers them: its subject ends with the click's id. */
class Answers {
  readonly samples: number[] = []
  doubled = 0
  readonly #waiting = new Map<string, { readonly intendedMs: number; readonly measured: boolean }>()
  readonly #answered = new Set<string>()

  get outstanding(): number {
    return this.#waiting.size
  }

  expect(id: string, intendedMs: number, measured: boolean): void {
    this.#waiting.set(id, { intendedMs, measured })
  }

  readonly onFrame = ({ type, decision }: Frame, atMs: number): void => {
    if (type !== 'decision' || decision?.rule !== 'carousel') return
    const id = decision.subject.slice(decision.subject.lastIndexOf('/') + 1)
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) {
      if (this.#answered.has(id)) this.doubled++
      return
    }
    this.#waiting.delete(id)
    this.#answered.add(id)
    if (waiting.measured) this.samples.push(atMs - waiting.intendedMs)
  }
}
