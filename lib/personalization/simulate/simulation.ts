/**
 * Simulate: runs two configurations over a stretch of the log in shadow and compares their decisions by id. The log is only read; both
 * runs have brokers of their own in memory.
 */
import { type Clock, type Connection, connect, silentLog, systemClock } from '../../index.js'
import { defaultConfig, type ServiceConfig } from '../config/service-config.js'
import { masterKeyOf, openSerdes } from '../erasure/open-serdes.js'
import type { AdmissionOptions } from '../gate/admission.js'
import type { ModelOptions } from '../recommender/model.js'
import type { Recommendation } from '../records/recommendation.js'
import type { ServiceSerdes } from '../records/serdes.js'
import { topicNames } from '../records/topic-names.js'
import { DEFAULT_GATE } from '../topology.js'
import { type Difference, differenceOf } from './difference.js'
import { logInput } from './log-input.js'
import { keyedRecords, shadowRun } from './shadow.js'

/** Options of {@link simulate}. Times are event times, epoch milliseconds. */
export interface SimulateOptions {
  /** Where the log is. */
  readonly connection: Connection
  /** As that of the service. */
  readonly topicPrefix: string
  /** As that of the service. */
  readonly registry: string | null
  /** As that of the service; null, the default: there is none. */
  readonly masterKey?: string | null
  /** The configuration to try. */
  readonly config: ServiceConfig
  /** The configuration to compare with. Default: that without a file. */
  readonly against?: ServiceConfig
  /** Decisions from here on are compared. Default: from the beginning of the log. */
  readonly fromMs?: number | null
  /** Decisions before this time are compared; later events are not read. Default: to the end of the log. */
  readonly toMs?: number | null
  /** Where the events begin that fill the state before `fromMs`. Default: the beginning of the log. */
  readonly warmFromMs?: number | null
  /** Limits of the gate, as those of the service. */
  readonly gate?: AdmissionOptions
  /** Parameters of the recommender, as those of the service. */
  readonly model?: ModelOptions
  readonly clock?: Clock
}

/** What the two configurations decide. */
export interface Simulation extends Difference {
  /** Events that were run through each configuration, those before `fromMs` included. */
  readonly events: number
}

/**
 * Runs both configurations, one after the other.
 * @throws MillraceError CLIENT_*, SERDE_*; ServiceError DECISION_INVALID, CONFIG_FILE_INVALID, MASTER_KEY_*
 */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  const { connection, config, against = defaultConfig, registry } = options
  const { gate = DEFAULT_GATE, model = {}, clock = systemClock, masterKey = null } = options
  const [fromMs, toMs] = [options.fromMs ?? Number.NEGATIVE_INFINITY, options.toMs ?? Number.POSITIVE_INFINITY]
  const topics = topicNames(options.topicPrefix)
  const cluster = connect(connection, { clock })
  let userKeys: ServiceSerdes['userKeys'] = null
  try {
    const serdes = await openSerdes({
      cluster,
      connection,
      topics,
      registry,
      master: masterKeyOf(masterKey),
      clock,
      log: silentLog,
    })
    userKeys = serdes.userKeys
    const warmFromMs = options.warmFromMs ?? Number.NEGATIVE_INFINITY
    const stretch = { cluster, topics, serdes, warmFromMs, toMs, clockSkewMs: gate.clockSkewMs }
    const count = { events: 0 }
    const input = await logInput(stretch, count)
    const campaigns = await keyedRecords(cluster, topics.campaigns)
    const run = async (of: ServiceConfig) =>
      within(await shadowRun({ input, config: of, gate, model, campaigns, clock }), fromMs, toMs)
    const before = await run(against)
    return { events: count.events, ...differenceOf(before, await run(config)) }
  } finally {
    await userKeys?.close()
    await cluster.close()
  }
}

function within(decisions: Map<string, Recommendation>, fromMs: number, toMs: number): Map<string, Recommendation> {
  for (const [id, { at }] of decisions) if (at < fromMs || at >= toMs) decisions.delete(id)
  return decisions
}
