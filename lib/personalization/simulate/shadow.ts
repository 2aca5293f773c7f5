/** One run of a configuration over a stretch of the log, on a broker of its own in memory: nothing of it reaches the topics of the service. */
import { type Clock, type Cluster, embeddedBroker, Producer, readTopic } from '../../index.js'
import type { ServiceConfig } from '../config/service-config.js'
import type { AdmissionOptions } from '../gate/admission.js'
import type { LoaderInput } from '../input/loader/input-files.js'
import type { ModelOptions } from '../recommender/model.js'
import { decisionOf } from '../records/decided-record.js'
import type { Recommendation } from '../records/recommendation.js'
import { PersonalizationService } from '../service.js'

export interface ShadowParts {
  readonly input: LoaderInput
  readonly config: ServiceConfig
  readonly gate: AdmissionOptions
  readonly model: ModelOptions
  /** Records of the `campaigns` topic. */
  readonly campaigns: readonly { readonly key: Buffer; readonly value: Buffer | null }[]
  readonly clock: Clock
}

/** Its decisions by id, delivered and suppressed ones. */
export async function shadowRun(parts: ShadowParts): Promise<Map<string, Recommendation>> {
  const { input, gate, model, campaigns, clock } = parts
  // Whom decisions would be sent to must not hear of a shadow.
  const config = { ...parts.config, webhooks: [] }
  await using broker = await embeddedBroker({ folder: null })
  await using service = await PersonalizationService.open({
    ...{
      connection: { broker },
      applicationId: 'shadow',
      topicPrefix: '',
      partitions: 1,
      stateDir: null,
      registry: null,
    },
    ...{ gate, config, model, input, speed: 'max', instanceId: 'shadow', clock },
  })
  if (campaigns.length > 0) {
    const producer = new Producer({ cluster: service.cluster })
    await Promise.all(campaigns.map((record) => producer.send(service.topics.campaigns, { ...record, headers: [] })))
    await producer.close()
  }
  await service.start()
  await service.inputDone()
  await service.stop({ leaveGroup: true })
  return await decisionsOf(service)
}

async function decisionsOf({ cluster, topics, serdes }: PersonalizationService): Promise<Map<string, Recommendation>> {
  const decisions = new Map<string, Recommendation>()
  for (const topic of [topics.recommendations, topics.suppressed]) {
    for await (const { records } of readTopic({ cluster, topic })) {
      for (const record of records) {
        const decision = decisionOf(record, serdes.recommendation)
        if (decision !== null) decisions.set(decision.decisionId, decision)
      }
    }
  }
  return decisions
}

/** All records of a topic with a key, as they are. */
export async function keyedRecords(cluster: Cluster, topic: string): Promise<{ key: Buffer; value: Buffer | null }[]> {
  const keyed: { key: Buffer; value: Buffer | null }[] = []
  for await (const { records } of readTopic({ cluster, topic })) {
    for (const { key, value } of records) if (key !== null) keyed.push({ key, value })
  }
  return keyed
}
