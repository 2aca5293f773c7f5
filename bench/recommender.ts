/**
 * `recommender`: the service's own topology, running on an embedded broker with one partition, learns every view of one
 * file in time order; what it has learned then predicts each next item of the other file's sessions, learning nothing.
 */

import { createReadStream, existsSync } from 'node:fs'
import { Admin } from '../lib/client/admin.js'
import type { Cluster } from '../lib/client/cluster.js'
import { IdempotentProducer } from '../lib/client/producer.js'
import { connect, embeddedBroker, Streams } from '../lib/index.js'
import { defaultConfig } from '../lib/personalization/config/service-config.js'
import { carousel } from '../lib/personalization/decisions/carousel.js'
import { ServiceError } from '../lib/personalization/errors.js'
import { DecisionTable } from '../lib/personalization/frame/decision-table.js'
import { KnownCampaigns } from '../lib/personalization/frame/known-campaigns.js'
import { bySession, loadSessionViews, type SessionView } from '../lib/personalization/input/formats/sessions-tsv.js'
import { NextItemMetrics } from '../lib/personalization/recommender/metrics.js'
import { SharedModel } from '../lib/personalization/recommender/model.js'
import { activityKey, activityOf } from '../lib/personalization/records/activity.js'
import { plainSerdes, type ServiceSerdes } from '../lib/personalization/records/serdes.js'
import { serviceTopics, topicNames } from '../lib/personalization/records/topic-names.js'
import { DEFAULT_GATE, personalizationTopology } from '../lib/personalization/topology.js'
import { BatchBuilder } from '../lib/protocol/index.js'
import { delay, systemClock } from '../lib/record/clock.js'
import { machine } from './machine.js'
import { round } from './statistics.js'
import { invalidFlag, type Suite } from './suite.js'

interface RecommenderOptions {
  readonly train: string
  readonly test: string
  readonly repeats: 'allow' | 'forbid'
  readonly log: (line: string) => void
}

const BATCH_BYTES = 256 * 1024
const WAIT_MS = 20

async function recommender(options: RecommenderOptions) {
  const train = await views(options.train)
  const test = await views(options.test)
  const model = new SharedModel({ repeats: options.repeats })
  const trainSeconds = await learn(model, train, options)
  const metrics = new NextItemMetrics()
  for (const session of bySession(test).values()) {
    const items = session.map(({ itemId }) => itemId)
    for (let i = 1; i < items.length; i++) {
      // Ids are numbered per file: the prefix keeps this session apart from the learned one of the same number.
      const answer = model.recommend(`test-${session[0]!.sessionId}`, items.slice(0, i), 'control', null)
      metrics.record(answer.items, items[i]!)
    }
  }
  return {
    suite: 'recommender',
    ...metrics.score(),
    repeats: options.repeats,
    learned: train.length,
    trainSeconds: round(trainSeconds, 1),
    machine: machine(),
  }
}

async function views(file: string): Promise<SessionView[]> {
  if (!existsSync(file)) throw new ServiceError('INPUT_UNREADABLE', `${file} does not exist: use another file`)
  const loaded = await loadSessionViews(createReadStream(file))
  if (loaded.views.length === 0) throw new ServiceError('INPUT_UNREADABLE', `${file} contains no readable view`)
  return loaded.views
}

/** Runs the views through the topology; resolves, with the seconds it took, when all of them are committed. */
async function learn(model: SharedModel, train: readonly SessionView[], options: RecommenderOptions): Promise<number> {
  const broker = await embeddedBroker({ folder: null })
  const topics = topicNames('')
  const serdes = plainSerdes()
  const cluster = connect({ broker })
  const decisions = new DecisionTable([carousel])
  const around = defaultConfig
  const parts = {
    topics,
    serdes,
    around,
    gate: DEFAULT_GATE,
    decisions,
    tier: 'live',
    campaigns: new KnownCampaigns(),
    model,
  }
  const streams = new Streams(personalizationTopology(parts), {
    applicationId: 'bench-recommender',
    broker,
  })
  try {
    await new Admin(cluster).createTopics(serviceTopics(topics, 1))
    const startMs = systemClock.monotonicMs()
    await streams.start()
    await produce(cluster, topics.activity, train, serdes)
    options.log(`${train.length} views of ${options.train} are on the topic`)
    while ((streams.committedOffset(topics.activity, 0) ?? 0) < train.length) {
      await Promise.race([delay(systemClock, WAIT_MS), streams.finished])
    }
    return (systemClock.monotonicMs() - startMs) / 1_000
  } finally {
    await streams.close()
    await cluster.close()
    await broker.close()
  }
}

async function produce(
  cluster: Cluster,
  topic: string,
  train: readonly SessionView[],
  serdes: ServiceSerdes,
): Promise<void> {
  const producer = new IdempotentProducer({ cluster })
  let builder = new BatchBuilder({ initialBytes: BATCH_BYTES })
  const flush = async () => {
    await producer.send([{ topic, partition: 0, builder }])
    builder = new BatchBuilder({ initialBytes: BATCH_BYTES })
  }
  for (const [row, { sessionId, itemId, at }] of train.entries()) {
    const activity = activityOf({
      eventId: `train-${row}`,
      type: 'view',
      at,
      itemId,
      sessionId: `train-${sessionId}`,
      source: 'replay',
    })
    builder.append(at, Buffer.from(activityKey(activity)), serdes.activity.serialize(activity, topic))
    if (builder.sizeBytes > BATCH_BYTES) await flush()
  }
  if (builder.count > 0) await flush()
  await producer.close()
}

export const suite: Suite = {
  what: 'the quality of the recommendations on real sessions',
  flags: { train: null, test: null, repeats: 'forbid' },
  async run({ text }, log) {
    const repeats = text('repeats')
    if (repeats !== 'allow' && repeats !== 'forbid') throw invalidFlag(`--repeats ${repeats}: use allow or forbid`)
    return { report: await recommender({ train: text('train'), test: text('test'), repeats, log }), passed: true }
  },
}
