/** The port between the page and the running service. */
import { isMillraceError, readTopic } from '../../index.js'
import { isHeldOut } from '../around/hold-out.js'
import { type ItemCatalogue, inventedCatalogue } from '../catalogue/item-catalogue.js'
import { defaultConfig } from '../config/service-config.js'
import { userPlace } from '../erasure/user-record.js'
import { type Arm, armOf } from '../experiments/experiment.js'
import { keptArm } from '../frame/user/arm.js'
import type { UserEntry } from '../frame/user/user-entry.js'
import { USER_STORE } from '../frame/user/user-store.js'
import { decisionOf } from '../records/decided-record.js'
import type { PersonalizationService } from '../service.js'
import type { ServicePort } from '../service-port.js'
import { DEFAULT_GATE } from '../topology.js'
import { DecisionFinder } from '../trace/decision-finder.js'

const LAG_LOOK_MS = 1_000

/**
 * `inputLabel` is shown on the page, with the items of `catalogue`; default: the goods of the simulated shop. Lag is looked up in the
 * background until `signal` ends it. `folders`: of the state, and of an embedded broker; a proof of an erasure searches them.
 */
export async function servicePort(
  service: PersonalizationService,
  inputLabel: string,
  signal: AbortSignal,
  catalogue: ItemCatalogue = inventedCatalogue(),
  folders: readonly string[] = [],
): Promise<ServicePort> {
  const { topics, cluster, admin, serdes } = service
  const partitions = await cluster.partitionCount(topics.recommendations)
  const lag = new LagLook(service, await cluster.partitionCount(topics.activity), signal)
  return {
    catalogue,
    rules: service.table.rules,
    partitions,
    inputLabel,
    simulated: service.options.input?.source === 'simulated',
    clockSkewMs: (service.options.gate ?? DEFAULT_GATE).clockSkewMs,
    campaigns: service.campaigns,
    async produceActivity(activity, traceparent = null) {
      await service.intake.submit(activity, traceparent)
    },
    armOf: (userKey) => armHere(service, userKey),
    isHeldOut: (userKey) => isHeldOut(userKey, (service.options.config ?? defaultConfig).holdOut),
    onCommitted: (listener) => service.streams.onCommitted(topics.recommendations, (records) => listener(records)),
    readRecommendations: (options) => readTopic({ cluster, topic: topics.recommendations, ...options }),
    async recommendationEnds() {
      const all = Array.from({ length: partitions }, (_, partition) => ({ topic: topics.recommendations, partition }))
      const ends = await admin.listOffsets(all, 'latest', 'readCommitted')
      return new Map(ends.map(({ partition, offset }) => [partition, offset]))
    },
    traces: new DecisionFinder({ cluster, admin, topics, serdes, partitions }),
    decodeRecommendation: (record) => decisionOf(record, serdes.recommendation),
    keyOf: (userId) => userPlace(userId, serdes.userKeys, 1).key,
    onErased: (listener) => service.erasures.onErased(listener),
    erase: (userId) => service.erase(userId),
    proveErasure: (userId, values) => service.proveErasure(userId, { folders, values }),
    figures() {
      const { events, lateEvents, deadLetters, duplicateInputs } = service.counts
      const { hitRate20, mrr20 } = service.model.score
      return {
        state: service.streams.state,
        problems: service.streams.health().problems,
        events,
        late: lateEvents,
        deadLetters,
        duplicateInputs,
        lagRecords: lag.records,
        tasks: service.streams.tasks().length,
        recommender: hitRate20 === null || mrr20 === null ? null : { hitRate20, mrr20 },
      }
    },
  }
}

/** From the user's entry, if this instance has it; entries keep the arm through merges. */
async function armHere({ streams }: PersonalizationService, userKey: string): Promise<Arm> {
  try {
    const found = await streams.queries.keyValue<string, UserEntry>(USER_STORE).get(userKey)
    return (found === null ? null : keptArm(found.value)) ?? armOf(userKey)
  } catch (error) {
    // Between two owners, or before the start.
    if (isMillraceError(error)) return armOf(userKey)
    throw error
  }
}

/** Asks once a second how much of this instance's partitions is not processed yet. */
class LagLook {
  records: number | null = null
  readonly #service: PersonalizationService
  readonly #partitions: number

  constructor(service: PersonalizationService, partitions: number, signal: AbortSignal) {
    this.#service = service
    this.#partitions = partitions
    this.#again(signal)
  }

  #again(signal: AbortSignal): void {
    const cancel = this.#service.cluster.clock.setTimer(LAG_LOOK_MS, () => {
      signal.removeEventListener('abort', cancel)
      if (signal.aborted) return
      this.#look()
        .catch(() => {
          this.records = null
        })
        .finally(() => this.#again(signal))
    })
    signal.addEventListener('abort', cancel, { once: true })
    if (signal.aborted) cancel()
  }

  async #look(): Promise<void> {
    const { streams, admin, topics, model } = this.#service
    const topic = topics.activity
    const own = Array.from({ length: this.#partitions }, (_, partition) => partition).filter((p) => model.owned.has(p))
    if (own.length === 0) return
    const partitions = own.map((partition) => ({ topic, partition }))
    let records = 0
    for (const { partition, offset } of await admin.listOffsets(partitions, 'latest', 'readCommitted')) {
      records += Math.max(0, offset - (streams.committedOffset(topic, partition) ?? 0))
    }
    this.records = records
  }
}
