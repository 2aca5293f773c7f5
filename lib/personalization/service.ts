/** One running instance of the personalization service, without its web server: topics, tasks, loader, model. */

import { Admin, type Clock, type Cluster, connect, Streams, silentLog, systemClock } from '../index.js'
import { CampaignBook } from './campaigns/campaign-book.js'
import { CampaignFollower } from './campaigns/campaign-follower.js'
import { commitPace, FULL_SPEED_COMMIT_MS } from './commit-pace.js'
import { defaultConfig } from './config/service-config.js'
import { decisionTable } from './decisions/index.js'
import { type ErasedUser, eraseUser } from './erasure/erase.js'
import { ErasureFollower } from './erasure/erasure-follower.js'
import { masterKeyOf, openSerdes } from './erasure/open-serdes.js'
import { type ErasureProof, type ProveOptions, proveErasure } from './erasure/prove.js'
import type { DecisionTable } from './frame/decision-table.js'
import { KnownCampaigns } from './frame/known-campaigns.js'
import { EventClock } from './gate/event-clock.js'
import { Intake } from './input/intake.js'
import { pause } from './input/loader/feed.js'
import { readLedger } from './input/loader/ledger.js'
import { Loader } from './input/loader/loader.js'
import type { ServiceOptions } from './instance-options.js'
import { SharedModel } from './recommender/model.js'
import { ModelTeacher } from './recommender/model-teacher.js'
import { createTopics } from './records/created-topics.js'
import type { ServiceSerdes } from './records/serdes.js'
import { type TopicNames, topicNames } from './records/topic-names.js'
import { LatencyRecorder } from './report/latency.js'
import { LiveCounts } from './report/live/counts.js'
import { type Summary, summarize } from './report/summary.js'
import { GroupProgress } from './tiers/group-progress.js'
import { warnOfNewTiers } from './tiers/new-tiers.js'
import { SlowTiers } from './tiers/slow-tiers.js'
import { distance, type TierRun, tierNamed } from './tiers/tier-run.js'
import { DEFAULT_GATE, personalizationTopology } from './topology.js'

const POLL_MS = 100

/** One instance of the personalization service, without its web server. */
export class PersonalizationService {
  /** The names of its topics. */
  readonly topics: TopicNames
  /** The serdes of its topics. */
  readonly serdes: ServiceSerdes
  readonly cluster: Cluster
  /** Tell it what to do with committed decisions (`onCommitted`) before `start`. */
  readonly streams: Streams
  /** @internal */
  readonly model: SharedModel
  /** Decisions since the instance started. @internal */
  readonly latency = new LatencyRecorder()
  /** @internal */
  readonly eventClock: EventClock
  /** @internal */
  readonly counts: LiveCounts
  /** @internal */
  readonly intake: Intake
  /** Administration of its cluster. */
  readonly admin: Admin
  readonly #options: ServiceOptions
  readonly #clock: Clock
  readonly #teacher: ModelTeacher
  /** @internal */
  readonly campaigns: CampaignBook
  readonly #campaigns: CampaignFollower
  readonly #tiers: SlowTiers
  readonly #progress: GroupProgress
  /** Erasures by any instance. @internal */
  readonly erasures: ErasureFollower
  /** The decisions that are enabled. */
  readonly table: DecisionTable
  readonly #stop = new AbortController()
  #loading: Promise<void> = Promise.resolve()
  /** The loader sends its input, or the live tier has not processed all of it. */
  #isReplaying = false
  #failed: (error: unknown) => void = () => {}
  readonly #failure: Promise<never>

  /** Connects, and creates missing topics. @throws MillraceError CLIENT_*, SERDE_*; ServiceError SERVICE_PARTITIONS, MASTER_KEY_* */
  static async open(options: ServiceOptions): Promise<PersonalizationService> {
    const { applicationId, registry, log = silentLog } = options
    const topics = topicNames(options.topicPrefix)
    const clock = options.clock ?? systemClock
    const master = masterKeyOf(options.masterKey)
    const cluster = connect(options.connection, { clock })
    try {
      const table = decisionTable(options.config ?? defaultConfig)
      await createTopics(cluster, topics, table.tiers, options.partitions, master !== null)
      const { connection } = options
      const serdes = await openSerdes({ cluster, connection, topics, applicationId, registry, master, clock, log })
      return new PersonalizationService(options, topics, serdes, cluster, clock, table)
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  private constructor(
    options: ServiceOptions,
    topics: TopicNames,
    serdes: ServiceSerdes,
    cluster: Cluster,
    clock: Clock,
    decisions: DecisionTable,
  ) {
    this.#options = options
    this.topics = topics
    this.serdes = serdes
    this.cluster = cluster
    this.#clock = clock
    this.admin = new Admin(cluster)
    const config = options.config ?? defaultConfig
    this.model = new SharedModel(options.model)
    this.table = decisions
    this.eventClock = new EventClock(clock)
    this.counts = new LiveCounts(this.eventClock)
    const { applicationId, log = silentLog } = options
    const campaigns = new KnownCampaigns(config.campaigns)
    const campaignParts = { cluster, topic: topics.campaigns, known: campaigns }
    this.campaigns = new CampaignBook({ ...campaignParts, eventClock: this.eventClock })
    this.#campaigns = new CampaignFollower({ ...campaignParts, log })
    const { userKeys } = serdes
    this.erasures = new ErasureFollower({ cluster, topic: topics.erasures, userKeys, clock, log })
    const gate = options.gate ?? DEFAULT_GATE
    const parts = { topics, serdes, gate, decisions, campaigns, around: config, trace: config.trace, model: this.model }
    const isAtFullSpeed = options.speed === 'max' && options.input !== null
    this.streams = new Streams(personalizationTopology({ ...parts, tier: 'live', watch: this.counts }), {
      connection: options.connection,
      applicationId,
      stateDir: options.stateDir,
      ...commitPace(isAtFullSpeed),
      onDeserializationError: 'deadLetter',
      deadLetterTopic: topics.deadLetters,
      clock,
      log,
    })
    this.#progress = new GroupProgress({ cluster, topics, admin: this.admin, clock, signal: this.#stop.signal })
    this.#tiers = new SlowTiers({
      connection: options.connection,
      applicationId,
      stateDir: options.stateDir,
      tiers: decisions.slowTiers,
      topologyOf: (tier) => personalizationTopology({ ...parts, tier }),
      untilNow: async () => {
        const ends = await this.#progress.endsOf(topics.activity)
        return (tier) => this.#progress.processed(this.#tiers.groupOf(tier), tier.name, ends)
      },
      eventClock: this.eventClock,
      graceMs: parts.gate.graceMs,
      commitWithinMs: isAtFullSpeed ? FULL_SPEED_COMMIT_MS : null,
      holdsRuns: () => options.speed === 'max' && this.#isReplaying,
      clock,
      log,
      onFailure: (error) => this.#failed(error),
    })
    let isFirst = true
    this.streams.onCommitted(topics.recommendations, (records) => {
      this.latency.committed(records, clock.now())
      if (isFirst) log.info({ decisions: records.length, startedMs: clock.monotonicMs() }, 'first commit of decisions')
      isFirst = false
    })
    this.intake = new Intake({ cluster, topics, serdes, eventClock: this.eventClock })
    const learned = { topic: topics.activity, applicationId, serdes, model: this.model }
    this.#teacher = new ModelTeacher({ cluster, admin: this.admin, ...learned, clock, log })
    this.#failure = new Promise((_, reject) => {
      this.#failed = reject
    })
    this.#failure.catch(() => undefined)
  }

  /** Fills the model from the topics, starts the tasks and then the loader. Resolves when the assigned tasks are running. */
  async start(): Promise<void> {
    await warnOfNewTiers(this.#progress, this.topics.activity, this.table.slowTiers, this.#options)
    await Promise.all([this.#teacher.warmUp(), this.#campaigns.readToEnd(), this.erasures.follow()])
    await Promise.all([this.streams.start(), this.#tiers.start()])
    this.streams.finished.catch((error: unknown) => this.#failed(error))
    this.#teacher.follow()
    this.#campaigns.follow()
    const { input, speed, instanceId: owner, log = silentLog } = this.#options
    if (input === null) return
    const { cluster, topics, serdes } = this
    const loader = new Loader({ cluster, topics, serdes, input, speed, owner, clock: this.#clock, log })
    this.#isReplaying = true
    this.#loading = loader.run(this.#stop.signal)
    this.#loading.catch((error: unknown) => this.#failed(error))
    this.#replayed().finally(() => {
      this.#isReplaying = false
    })
  }

  /** Resolves when the live tier has committed what the loader has sent, or there is nothing to wait for. */
  async #replayed(): Promise<void> {
    try {
      await this.#loading
      const ends = await this.#progress.endsOf(this.topics.activity)
      await this.#progress.committed(this.#options.applicationId, this.topics.activity, ends)
    } catch {
      // Whoever waits for the loader or the service hears of it.
    }
  }

  /** The options it was opened with. */
  get options(): ServiceOptions {
    return this.#options
  }

  /** Rejects when the instance or its loader fails; never resolves. */
  get failure(): Promise<never> {
    return this.#failure
  }

  /** Resolves when the input has been sent whole. */
  loaded(): Promise<void> {
    return this.#loading
  }

  /** Resolves when the application has committed past every end-of-input record, or the service is closed. */
  async inputDone(): Promise<void> {
    await Promise.race([this.#failure, this.#inputDone()])
  }

  /**
   * Runs one tier from where it stopped to the present end of the topics, instead of `start`: for a scheduler. The live application delivers
   * what it proposes.
   * @throws ServiceError TIER_UNKNOWN
   */
  async runTier(name: string): Promise<TierRun> {
    const tier = tierNamed(name, this.table.slowTiers)
    await this.#teacher.warmUp()
    const { activity, proposals } = this.topics
    const group = this.#tiers.groupOf(tier)
    const [ends, from, before] = await Promise.all([
      this.#progress.endsOf(activity),
      this.#progress.positionsOf(group, activity),
      this.#progress.endsOf(proposals),
    ])
    await Promise.race([this.#tiers.run(tier, () => this.#progress.processed(group, name, ends)), this.#failure])
    const after = await this.#progress.endsOf(proposals)
    return { tier: name, events: distance(from, ends), proposals: distance(before, after) }
  }

  /** Reads the topics and counts what is in them. */
  summary(): Promise<Summary> {
    const { cluster, topics, serdes, table } = this
    const latencyMs = this.#options.speed === 'max' ? null : this.latency.percentiles
    return summarize({ cluster, topics, serdes, table }, latencyMs)
  }

  /**
   * Erases a user, and the visitors who became the user. Resolves when it is stored; state is deleted a moment later.
   * @throws ServiceError ERASURE_USER_INVALID; MillraceError CLIENT_*
   */
  erase(userId: string): Promise<ErasedUser> {
    return eraseUser(this, userId)
  }

  /** Looks for what is left of a user who was erased. @throws ServiceError ERASURE_USER_INVALID; MillraceError CLIENT_* */
  proveErasure(userId: string, options: ProveOptions): Promise<ErasureProof> {
    return proveErasure(this, userId, options)
  }

  /** Commits what is processed and closes the tasks. `summary` can be called until `close`. */
  async stop(options: { readonly leaveGroup?: boolean } = {}): Promise<void> {
    this.#stop.abort()
    await this.#loading.catch(() => undefined)
    await Promise.all([this.#teacher.close(), this.#campaigns.close(), this.erasures.close()])
    await Promise.all([this.intake.close(), this.campaigns.close()])
    await this.#tiers.close(options)
    if (this.streams.state !== 'failed') await this.streams.close(options)
  }

  /** Stops, and closes the connections. */
  async close(options: { readonly leaveGroup?: boolean } = {}): Promise<void> {
    await this.stop(options)
    await this.serdes.userKeys?.close()
    await this.cluster.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** First the loader's own word: these topics may belong to another input, whose end says nothing about ours. */
  async #inputDone(): Promise<void> {
    const { signal } = this.#stop
    await this.#loading
    const { proposals, merges, loader } = this.topics
    const { applicationId } = this.#options
    let ends: readonly number[] = []
    while (!signal.aborted) {
      const { progress } = await readLedger(this.cluster, loader, this.serdes.loader)
      ends = progress?.ends ?? []
      if (ends.length > 0) break
      await pause(this.#clock, POLL_MS, signal)
    }
    const offsets = ends.map((offset) => offset + 1)
    await this.#progress.processed(applicationId, 'live', offsets)
    await this.#tiers.upTo((tier) => this.#progress.processed(this.#tiers.groupOf(tier), tier.name, offsets))
    await this.#progress.committedAll(applicationId, proposals)
    await this.#progress.committedAll(applicationId, merges)
  }
}
