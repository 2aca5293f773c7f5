/** Webhooks on an embedded broker, for tests: instances with a clock that the test moves, and decisions on the topic. */
import type { Test } from 'tap'
import { Admin } from '../../../../lib/client/admin.js'
import { type Connection, connect } from '../../../../lib/client/connect.js'
import { Producer } from '../../../../lib/client/producer/plain-producer.js'
import { embeddedBroker } from '../../../../lib/embedded-broker.js'
import { webhookSettings } from '../../../../lib/personalization/doors/webhooks/webhook-settings.js'
import { Webhooks } from '../../../../lib/personalization/doors/webhooks/webhooks.js'
import { decidedRecord } from '../../../../lib/personalization/records/decided-record.js'
import type { DecidedRecord } from '../../../../lib/personalization/records/recommendation.js'
import { plainSerdes } from '../../../../lib/personalization/records/serdes.js'
import { STAMPED } from '../../../../lib/personalization/records/topic-names.js'
import { seededRandom } from '../../../../lib/record/random.js'
import type { Header } from '../../../../lib/record/record.js'
import { type Log, silentLog } from '../../../../lib/telemetry/log.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'
import { decidedAs } from '../../service-driver.js'
import type { Receiver } from './receiver.js'

export const TOPIC = 'recommendations'
export const ALL = [0, 1, 2, 3]
export const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const serde = plainSerdes().recommendation

export interface World {
  readonly admin: Admin
  readonly clock: ManualClock
  /** Connects, starts, and owns `own`; what it logs as an error is in `errors`. */
  instance(id: string, own: readonly number[], webhooks: readonly object[]): Promise<Instance>
  decide(decided: Partial<DecidedRecord>, headers?: readonly Header[]): Promise<string>
  /** Turns of the event loop, with a little time, until `holds`. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>
}

export interface Instance {
  readonly webhooks: Webhooks
  readonly own: Set<number>
  readonly errors: string[]
  close(): Promise<void>
  /** Nothing it does reaches the broker or a receiver any more. */
  kill(): Promise<void>
}

export async function world(t: Test): Promise<World> {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  return worldOn(t, broker, '')
}

/** The same on any broker. `prefix`: of the topics and the groups. */
export async function worldOn(t: Test, connection: Connection, prefix: string): Promise<World> {
  const source = `${prefix}${TOPIC}`
  const admin = new Admin(connection)
  t.teardown(() => admin.close())
  await admin.createTopics([{ name: source, partitions: ALL.length, config: STAMPED }])
  const producer = new Producer({ connection })
  t.teardown(() => producer.close())
  // The broker stamps records with the time of the machine.
  const clock = new ManualClock(Date.now())
  let made = 0
  const until: World['until'] = async (holds) => {
    while (!(await holds())) {
      clock.advance(50)
      await new Promise(setImmediate)
    }
  }
  const closed = async (webhooks: Webhooks) => {
    let isClosed = false
    const closing = webhooks.close().finally(() => {
      isClosed = true
    })
    await until(() => isClosed)
    await closing
  }
  return {
    ...{ admin, clock, until },
    async instance(id, own, webhooks) {
      const owned = new Set(own)
      const errors: string[] = []
      const log: Log = { ...silentLog, error: (_fields, message) => void errors.push(message) }
      const clusters: ReturnType<typeof connect>[] = []
      const it = new Webhooks({
        connect: () => clusters[clusters.push(connect(connection)) - 1]!,
        settings: webhookSettings(webhooks, (path) => new Error(path.join('.'))),
        ...{ applicationId: `${prefix}test`, topicPrefix: prefix, topic: source, ownerTopic: source, instanceId: id },
        ownPartitions: () => owned,
        decode: ({ value }) => (value === null ? null : serde.deserialize(value, source)),
        hasReplay: () => false,
        ...{ clock, log, random: seededRandom(id) },
      })
      await it.start()
      let ended: Promise<void> | null = null
      const close = () => {
        ended ??= closed(it)
        return ended
      }
      t.teardown(close)
      const kill = async () => {
        await Promise.all(clusters.map((cluster) => cluster.close()))
        ended = closed(it).catch(() => undefined)
        await ended
      }
      return { webhooks: it, own: owned, errors, close, kill }
    },
    async decide(decided, headers = []) {
      const decision = decidedAs({
        ...{ rule: 'cart-abandonment', userId: 'ada', subject: `event ${++made}`, at: clock.now() },
        ...decided,
      })
      const { value, ...record } = decidedRecord(decision, -1)
      const bytes = serde.serialize(value, source)
      await producer.send(source, {
        key: Buffer.from(record.key),
        value: bytes,
        headers: [...(record.headers ?? []), ...headers],
      })
      return decision.decisionId
    },
  }
}

export function crm({ url }: Receiver, more: object = {}) {
  return { name: 'crm', url, secret: SECRET, channels: ['push'], allowPrivateAddresses: true, ...more }
}
