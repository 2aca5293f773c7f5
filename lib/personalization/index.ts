/** The exports of `millrace/personalization`: the service, and the records of its topics. */

export type {
  Admin,
  Clock,
  Cluster,
  Connection,
  ConnectionOptions,
  Log,
  Random,
  ReadChunk,
  Serde,
  Streams,
  TopicRecord,
  Topology,
} from '../index.js'
export type { BoughtItem, BoughtOptions } from './around/already-bought.js'
export type { Consent, ConsentOptions } from './around/consent.js'
export type { Delivered, FrequencyCap } from './around/frequency-caps.js'
export type { HoldOutOptions } from './around/hold-out.js'
export { judge, type Verdict } from './around/index.js'
export type { QuietHours } from './around/quiet-hours.js'
export { AROUND_NOTES, type AroundNote, SUPPRESSION_REASONS, type SuppressionReason } from './around/reasons.js'
export type { AroundConfig, JudgedFields } from './around/rule.js'
export { type AroundState, INITIAL_AROUND, isObserved, type KnownZone, mergeAround, observe } from './around/state.js'
export { decodeAround, encodeAround } from './around/state-bytes.js'
export {
  type CatalogueItem,
  type ItemCatalogue,
  type ReadCatalogue,
  readCatalogue,
} from './catalogue/item-catalogue.js'
export { checkDecisionSettings, type DecisionDefaults, type ResolvedSettings } from './config/decision-settings.js'
export { type Duration, duration } from './config/duration.js'
export { loadConfig } from './config/load-config.js'
export {
  type DecisionSettings,
  defaultConfig,
  defineConfig,
  type ServiceConfig,
  type ServiceConfigOptions,
  type SettingValue,
  withSettings,
} from './config/service-config.js'
export { SHIPPED_DECISIONS } from './decisions/index.js'
export type { Authenticate, AuthenticateRequest } from './doors/access.js'
export type { DoorLimits } from './doors/limits/door-limits.js'
export { type HttpOptions, PersonalizationServer } from './doors/server.js'
export { servicePort } from './doors/service-view.js'
export { type UserTicketOptions, userTicket } from './doors/user-ticket.js'
export { openWebhooks } from './doors/webhooks/open-webhooks.js'
export type { DeadLetterStatus, Replayed, RunningWebhooks, WebhookStatus } from './doors/webhooks/overview.js'
export type { WebhookDropReason, WebhookTotals } from './doors/webhooks/webhook.js'
export type { WebhookOptions } from './doors/webhooks/webhook-settings.js'
export type { ErasedUser } from './erasure/erase.js'
export type { MasterKey } from './erasure/master-key.js'
export type { ErasureProof, ProveOptions, Remainder, SearchedPlace } from './erasure/prove.js'
export type { ErasedKeys, UserKeys, UserKeysParts } from './erasure/user-keys.js'
export { isServiceError, SERVICE_ERROR_CODES, ServiceError, type ServiceErrorCode } from './errors.js'
export { type Arm, armOf } from './experiments/experiment.js'
export {
  type ConfiguredDecision,
  DecisionTable,
  type Rule,
  type TierDecisions,
} from './frame/decision-table.js'
export {
  type Decision,
  type DecisionCallbacks,
  type DecisionOptions,
  defineDecision,
  type PlainSettings,
} from './frame/define-decision.js'
export type {
  DecisionRecord,
  EventRecord,
  IdentityRecord,
  TimeRecord,
  VisitorRecord,
} from './frame/identity/identity-record.js'
export { KnownCampaigns } from './frame/known-campaigns.js'
export type { DecidedFields, Turn } from './frame/turn.js'
export type { EventOrigin } from './frame/user/step-cause.js'
export type { EventShare } from './frame/user/steps-parts.js'
export type { AdmissionOptions, AdmissionWatch } from './gate/admission.js'
export type { ActivityRow, InvalidRow } from './input/formats/rows.js'
export { type InjectPlan, NO_INJECTION, parseInject } from './input/inject.js'
export type { Speed } from './input/loader/feed.js'
export {
  type FileOptions,
  fileInput,
  type LoaderInput,
  type SequenceOptions,
  simulatorInput,
} from './input/loader/input-files.js'
export type { LoaderProgress } from './input/loader/ledger.js'
export type { ServiceOptions } from './instance-options.js'
export type { CoVisitationOptions } from './recommender/co-visitation.js'
export type { Algorithm } from './recommender/index.js'
export {
  type RecommendedItems,
  SessionRecommender,
  type SessionRecommenderOptions,
  type SessionRecommendOptions,
} from './recommender/index.js'
export type { NextItemScore } from './recommender/metrics.js'
export type { CarouselItems, ModelOptions } from './recommender/model.js'
export { SharedModel } from './recommender/model.js'
export type { ItemId, RecommendOptions } from './recommender/recommender.js'
export type { TrendingOptions } from './recommender/trending.js'
export type { VmisKnnOptions } from './recommender/vmis-knn.js'
export {
  ACTIVITY_TYPES,
  type ActivityFields,
  type ActivitySource,
  type ActivityType,
  activityOf,
  type UserActivity,
} from './records/activity.js'
export type { Campaign } from './records/campaign.js'
export type { DeadLetter } from './records/dead-letter.js'
export { DECISION_ID_HEADER, decisionId } from './records/decision-id.js'
export type { DecisionTrace, RuleAnswers, TraceOptions } from './records/decision-trace.js'
export type { CustomerProfile } from './records/profile.js'
export type { Channel, Recommendation } from './records/recommendation.js'
export { plainSerdes, registrySerdes, type ServiceSerdes } from './records/serdes.js'
export { type TopicNames, topicNames } from './records/topic-names.js'
export type { DecisionCounts, RuleCount } from './report/decision-count.js'
export type { IdentityCounts } from './report/identity-count.js'
export type { Percentiles } from './report/latency.js'
export type { Summary } from './report/summary.js'
export { PersonalizationService } from './service.js'
export type { Campaigns, ReadRecommendations, ServiceFigures, ServicePort } from './service-port.js'
export type { Catalogue, Product } from './shop/catalogue.js'
export type { ChangedDecision, Difference, OneSided, RuleDifference } from './simulate/difference.js'
export { type SimulateOptions, type Simulation, simulate } from './simulate/simulation.js'
export type { TierRun } from './tiers/tier-run.js'
export { DEFAULT_GATE, type PersonalizationParts, personalizationTopology } from './topology.js'
export type { FoundDecision, TraceSource, UserDecisions } from './trace/decision-finder.js'
