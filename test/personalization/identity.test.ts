/** Visitors who become users on a broker with several partitions: in any partition, over restarts, in every tier, live and in a replay. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { embeddedBroker, readAll } from '../../lib/index.js'
import { defaultConfig } from '../../lib/personalization/config/service-config.js'
import { parseInject } from '../../lib/personalization/input/inject.js'
import { fileInput } from '../../lib/personalization/input/loader/input-files.js'
import type { ServiceOptions } from '../../lib/personalization/instance-options.js'
import type { UserActivity } from '../../lib/personalization/records/activity.js'
import type { Campaign } from '../../lib/personalization/records/campaign.js'
import { decisionId } from '../../lib/personalization/records/decision-id.js'
import { PersonalizationService } from '../../lib/personalization/service.js'
import { systemClock } from '../../lib/record/clock.js'
import { referenceWithIdentity } from './reference/identity.js'
import { RANDOM_CAMPAIGN, randomEvents, withIdentities } from './reference/random-events.js'
import { serviceOptions } from './service-run.js'

t.setTimeout(120_000)

const FIELDS = ['type', 'eventId', 'userId', 'anonymousId', 'sessionId', 'itemId', 'quantity', 'category'] as const
const MORE = ['query', 'name', 'videoId', 'positionMs', 'seekToMs'] as const

/** The events as a file, and as the file says them. */
function written(path: string, events: readonly UserActivity[]): readonly UserActivity[] {
  const kept = events.filter(({ type, eventId }) => type !== 'consent' && eventId !== '')
  const rows = kept.map((event) => {
    const price = event.unitPriceMicros === null ? '' : (event.unitPriceMicros / 1_000_000).toFixed(2)
    const texts = [...FIELDS, ...MORE].map((field) => event[field] ?? '')
    return [new Date(event.at).toISOString(), price, ...texts].join(',')
  })
  writeFileSync(path, [['at', 'price', ...FIELDS, ...MORE].join(','), ...rows].join('\n'))
  return kept
}

interface Run {
  readonly name: string
  readonly folder: string
  readonly path: string
  readonly inject?: string
  /** Close and open again after so many decisions. */
  readonly restartAfter?: number
}

/** The ids of all decisions, sorted; and how often one occurs again. */
async function decided(t: Test, { name, folder, path, inject, restartAfter }: Run) {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const own = join(folder, name)
  mkdirSync(own)
  const options: ServiceOptions = {
    ...(await serviceOptions({ connection: { broker }, name, folder: own, rows: 10 })),
    partitions: 2,
    input: await fileInput(path, 'csv', { inject: parseInject(inject ?? 'shuffle=0'), seed: 1 }),
    config: { ...defaultConfig, campaigns: [CAMPAIGN as Campaign] },
  }
  let service = await PersonalizationService.open(options)
  await service.start()
  if (restartAfter !== undefined) {
    while (service.counts.events < restartAfter) await new Promise<void>((done) => systemClock.setTimer(5, done))
    await service.close()
    service = await PersonalizationService.open(options)
    await service.start()
  }
  await service.inputDone()
  await service.stop({ leaveGroup: true })
  const summary = await service.summary()
  const { cluster, topics, serdes } = service
  const ids: string[] = []
  for (const topic of [topics.recommendations, topics.suppressed]) {
    for (const { value } of await readAll({ cluster, topic })) {
      ids.push(serdes.recommendation.deserialize(value!, topic).decisionId)
    }
  }
  await service.close()
  return { ids: ids.sort(), summary }
}

const CAMPAIGN = { ...RANDOM_CAMPAIGN, title: null, perSecond: 1_000 }

t.test('event time alone decides, whatever the partitions do', async (t) => {
  for (const seed of ['broker 0', 'broker 1', 'broker 2']) {
    const folder = t.testdir()
    const path = join(folder, 'history.csv')
    const events = written(path, withIdentities(seed, randomEvents(seed, { events: 150, days: 2 })))
    const expected = referenceWithIdentity(events, RANDOM_CAMPAIGN).map(({ rule, subject }) =>
      decisionId(rule, subject),
    )
    const plain = await decided(t, { name: 'plain', folder, path })
    t.same(plain.ids, expected.sort(), seed)
    t.match(plain.summary, { invalid: 0, late: 0, duplicateRecommendations: 0 })
    const injected = await decided(t, { name: 'injected', folder, path, inject: 'shuffle=50000,duplicate=1' })
    t.same(injected.ids, plain.ids, 'shuffled and doubled')
    const restarted = await decided(t, { name: 'restarted', folder, path, restartAfter: 40 })
    t.same(restarted.ids, plain.ids, 'restarted')
  }
})
