/** Another configuration over a stretch of the log: what differs, decision by decision, and nothing is written. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Admin, connect, embeddedBroker, readTopic } from '../../../lib/index.js'
import { defaultConfig, type ServiceConfig, withSettings } from '../../../lib/personalization/config/service-config.js'
import { NO_INJECTION } from '../../../lib/personalization/input/inject.js'
import { fileInput } from '../../../lib/personalization/input/loader/input-files.js'
import { decisionOf } from '../../../lib/personalization/records/decided-record.js'
import type { Recommendation } from '../../../lib/personalization/records/recommendation.js'
import { topicNames } from '../../../lib/personalization/records/topic-names.js'
import { PersonalizationService } from '../../../lib/personalization/service.js'
import type { Difference } from '../../../lib/personalization/simulate/difference.js'
import { type SimulateOptions, simulate } from '../../../lib/personalization/simulate/simulation.js'
import { writeRees46 } from '../rees46-rows.js'

t.setTimeout(240_000)

const PREFIX = 'log-'
const topics = topicNames(PREFIX)
const START_MS = Date.UTC(2019, 9, 1)
const MINUTE_MS = 60_000

/** A service has run over some events on four partitions. Its decisions, and how to try other configurations. */
async function ranService(t: Test, rows: number, masterKey: string | null = null) {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const input = await fileInput(writeRees46(join(t.testdir(), 'events.csv'), rows), 'rees46', {
    inject: { ...NO_INJECTION, shuffleMs: 30_000 },
    seed: 1,
  })
  const common = { connection: { broker }, topicPrefix: PREFIX, registry: null, masterKey }
  const service = await PersonalizationService.open({
    ...{ ...common, applicationId: 'real', partitions: 4, stateDir: null, input, speed: 'max', instanceId: 'a' },
  })
  const decisions = new Map<string, Recommendation>()
  try {
    await service.start()
    await service.inputDone()
    for await (const { records } of readTopic({ cluster: service.cluster, topic: topics.recommendations })) {
      for (const record of records) {
        const decision = decisionOf(record, service.serdes.recommendation)!
        decisions.set(decision.decisionId, decision)
      }
    }
  } finally {
    await service.close({ leaveGroup: true })
  }
  const tried = (config: ServiceConfig, more: Partial<SimulateOptions> = {}) => simulate({ ...common, config, ...more })
  return { broker, decisions, tried }
}

/** The ends of every topic: what a write would change. */
async function everything(t: Test, broker: Awaited<ReturnType<typeof embeddedBroker>>) {
  const cluster = connect({ broker })
  try {
    const admin = new Admin(cluster)
    const names = [...(await cluster.existing(Object.values(topics))).keys()]
    const shadows = await cluster.existing(Object.values(topicNames('')))
    t.equal(shadows.size, 0, 'no topic of a shadow')
    const ends: Record<string, unknown> = {}
    for (const topic of names) {
      const partitions = Array.from({ length: await cluster.partitionCount(topic) }, (_, partition) => ({
        topic,
        partition,
      }))
      ends[topic] = await admin.listOffsets(partitions, 'latest', 'readUncommitted')
    }
    return ends
  } finally {
    await cluster.close()
  }
}

const set = (settings: Parameters<typeof withSettings>[1]) => withSettings(defaultConfig, settings)
const counts = ({ unchanged, onlyBefore, onlyAfter, changed }: Difference) => ({
  unchanged,
  onlyBefore: onlyBefore.length,
  onlyAfter: onlyAfter.length,
  changed: changed.length,
})

t.test('what differs, and that nothing is written', async (t) => {
  const { broker, decisions, tried } = await ranService(t, 1_500)
  const before = await everything(t, broker)

  const same = await tried(defaultConfig)
  t.same(counts(same), { unchanged: decisions.size, onlyBefore: 0, onlyAfter: 0, changed: 0 }, 'the same configuration')
  t.equal(same.events, 1_500)
  t.equal(same.before, decisions.size, 'as many as the service has made')

  const timer = await tried(set({ 'cart-abandonment': { abandonAfter: '2m' } }))
  const carts = [...timer.changed].filter(({ rule }) => rule === 'cart-abandonment')
  t.ok(carts.length > 0, 'a shorter timer: carts that are abandoned either way, earlier')
  t.equal(carts.length, timer.changed.length)
  for (const { fields } of carts) {
    t.ok((fields.at!.after as number) - (fields.at!.before as number) <= -3 * MINUTE_MS)
    t.match(Object.keys(fields), ['at', 'validUntil'], 'the items may be others too')
  }
  t.ok(timer.onlyAfter.length > 0 && timer.onlyAfter.every(({ rule }) => rule === 'cart-abandonment'))
  t.equal(timer.changedFields.at, carts.length)

  const within = await tried(set({ 'cart-abandonment': { within: '200ms' }, upsell: { within: '5m' } }))
  t.same(counts(within), counts(same), 'another tier, the same decisions')

  const alerts = same.byRule['spending-alert']!.unchanged
  t.ok(alerts > 0)
  const threshold = await tried(set({ 'spending-alert': { threshold: '1000000.00' } }))
  t.same(threshold.byRule['spending-alert'], { unchanged: 0, onlyBefore: alerts, onlyAfter: 0, changed: 0 })
  t.equal(threshold.onlyBefore.length, alerts, 'a raised threshold takes alerts away and changes nothing else')

  const disabled = await tried(set({ carousel: { enabled: false } }))
  t.equal(disabled.byRule.carousel!.onlyBefore, same.byRule.carousel!.unchanged)
  t.equal(disabled.onlyAfter.length + disabled.changed.length, 0)

  const capped = await tried({ ...defaultConfig, caps: [{ channel: 'push', most: 1, perMs: 86_400_000 }] })
  t.ok(capped.changed.length > 0, 'what the cap suppresses is changed, not away')
  for (const { fields } of capped.changed) t.same(fields, { suppressed: { before: null, after: 'cap' } })
  t.equal(capped.onlyBefore.length + capped.onlyAfter.length, 0)

  const held = await tried({ ...defaultConfig, holdOut: { share: 0.5, salt: 's' } })
  t.same(Object.keys(held.changedFields), ['suppressed'])
  const share = held.changed.length / same.before
  t.ok(share > 0.2 && share < 0.8, `${share}`)
  t.ok(held.changed.every(({ fields }) => fields.suppressed!.after === 'hold-out'))

  const [fromMs, toMs] = [START_MS + 20 * MINUTE_MS, START_MS + 30 * MINUTE_MS]
  const stretch = await tried(defaultConfig, { fromMs, toMs })
  const expected = [...decisions.values()].filter(({ at }) => at >= fromMs && at < toMs)
  t.same(counts(stretch), { unchanged: expected.length, onlyBefore: 0, onlyAfter: 0, changed: 0 }, 'a stretch')
  t.ok(stretch.events < 1_500 && expected.length > 0)
  const cold = await tried(defaultConfig, {
    fromMs,
    toMs,
    warmFromMs: fromMs,
    against: set({ upsell: { enabled: false } }),
  })
  t.ok(cold.events < stretch.events, 'filled from a later time')
  t.ok(cold.onlyAfter.every(({ rule }) => rule === 'upsell'))

  t.same(await everything(t, broker), before, 'the log, its topics and offsets are as before')
})

t.test('a sealed log is read with the master key', async (t) => {
  const { decisions, tried } = await ranService(
    t,
    400,
    Buffer.from('a master key of 32 bytes, secret').toString('base64'),
  )
  t.ok(decisions.size > 100)
  const same = await tried(defaultConfig)
  t.same(counts(same), { unchanged: decisions.size, onlyBefore: 0, onlyAfter: 0, changed: 0 })
  await t.rejects(tried(defaultConfig, { masterKey: null }), { code: 'MASTER_KEY_MISSING' })
})
