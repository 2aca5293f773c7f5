/** The interface between the running service and its web server; types only. The service implements it. */
import type { ReadChunk, TopicRecord } from '../index.js'
import type { ItemCatalogue } from './catalogue/item-catalogue.js'
import type { ErasedUser } from './erasure/erase.js'
import type { ErasureProof } from './erasure/prove.js'
import type { Arm } from './experiments/experiment.js'
import type { Rule } from './frame/decision-table.js'
import type { UserActivity } from './records/activity.js'
import type { Campaign } from './records/campaign.js'
import type { Recommendation } from './records/recommendation.js'
import type { TraceSource } from './trace/decision-finder.js'

/** What `http.ts` (page, activity, tickets, WebSocket) and `delivery.ts` (the hub) need of the service. */
export interface ServicePort {
  /** Products of the shop page. */
  readonly catalogue: ItemCatalogue
  /** What the decisions say: a row for each rule, in the order of the table. */
  readonly rules: readonly Rule[]
  /** Partitions of the recommendations topic; a user's decisions are in the default partitioner's one. */
  readonly partitions: number
  /** Shown on the page, e.g. "Simulated shop, seed 1" or "rees46-2019-10-01.csv.gz at 150 times its speed". */
  readonly inputLabel: string
  /** True where the input is the shop simulator: the page then says "simulated". */
  readonly simulated: boolean

  /** How far ahead of the clock the time of a live event may be, in milliseconds. */
  readonly clockSkewMs: number

  /**
   * Appends a live event to `user-activity`; resolves once the broker has it. The service may move `at` to the time of the
   * stream. The trace context becomes a header of the record, and of the decisions about it.
   * @throws ServiceError ACTIVITY_INVALID, CLIENT_*
   */
  produceActivity(activity: UserActivity, traceparent?: string | null): Promise<void>

  /**
   * The arm that decisions about the user have: the one kept in the user's entry, if this instance has it, otherwise the one
   * that the user would be dealt.
   */
  armOf(userKey: string): Promise<Arm>

  /** True if the user is in the global hold-out, which gets nothing. */
  isHeldOut(userKey: string): boolean
  /** The campaigns of the `campaigns` topic and the configuration. */
  readonly campaigns: Campaigns

  /** Records of `recommendations` this instance wrote, when their transaction is through (`Streams.onCommitted`). */
  onCommitted(listener: (records: readonly TopicRecord[]) => void): void

  /** read_committed records of `recommendations`, as `readTopic` gives them. */
  readRecommendations(options: ReadRecommendations): AsyncIterable<ReadChunk>

  /** Last stable offset of each partition of `recommendations`. */
  recommendationEnds(): Promise<ReadonlyMap<number, number>>

  /**
   * The decision in a record's value; null where it cannot be read.
   * @throws SchemaPending where its schema is on its way; the record is read again when it has come
   */
  decodeRecommendation(record: TopicRecord): Recommendation | null

  /** Finds decisions again, for those who ask why they were made. @throws MillraceError CLIENT_* */
  readonly traces: TraceSource

  /** The key of the user's records. */
  keyOf(userId: string): Buffer

  /** Told when a user was erased by any instance; `isOf`: whether it is that user. */
  onErased(listener: (isOf: (userId: string) => boolean) => void): void

  /** As `PersonalizationService.erase`. @throws ServiceError ERASURE_USER_INVALID; MillraceError CLIENT_* */
  erase(userId: string): Promise<ErasedUser>

  /** Looks for what is left of a user on the topics and in the folders of this instance. @throws as `erase` */
  proveErasure(userId: string, values: readonly string[]): Promise<ErasureProof>

  /** What the live panel shows; asked once a second. */
  figures(): ServiceFigures
}

/** What a door may do with campaigns. */
export interface Campaigns {
  /** The time of the stream, epoch milliseconds: the time that a live event of now would get. */
  readonly nowMs: number
  /** Those that this instance knows. */
  readonly all: readonly Campaign[]
  /** Resolves when the broker has it. @throws MillraceError CLIENT_* */
  write(campaign: Campaign): Promise<void>
  /** Takes it back; whoever has been told stays told. @throws MillraceError CLIENT_* */
  remove(id: string): Promise<void>
}

/** Options of reading recommendations. */
export interface ReadRecommendations {
  /** Default: all. */
  readonly partitions?: readonly number[]
  /** Partition to first offset; others begin at `elseFrom`, by default "latest". */
  readonly from?: ReadonlyMap<number, number>
  /** Where to start. Default `earliest`. */
  readonly elseFrom?: 'earliest' | 'latest'
  /** `now`: to the present end. `never`: until the caller stops. */
  readonly until: 'now' | 'never'
  readonly signal?: AbortSignal
}

/** Running totals of this instance since it started, and what is so now. */
export interface ServiceFigures {
  /** As `Streams.state`: "running", "rebalancing", ... */
  readonly state: string
  /** What keeps it from its work, a sentence each: brokers that do not answer, records that wait without a commit. */
  readonly problems: readonly string[]
  /** Activities admitted. */
  readonly events: number
  /** Refused as too late for their grace period; among the dead letters. */
  readonly late: number
  /** Records in the dead-letter topic. */
  readonly deadLetters: number
  /** Events whose id had been admitted before. */
  readonly duplicateInputs: number
  /** Records of `user-activity` not yet processed, of this instance's partitions; null while unknown. */
  readonly lagRecords: number | null
  /** Tasks running here. */
  readonly tasks: number
  /** Test-then-learn on the next item viewed; null while there is nothing to say. */
  readonly recommender: { readonly hitRate20: number; readonly mrr20: number } | null
}
