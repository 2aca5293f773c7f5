/**
 * The topology of a tier: user activity, checked, becomes decisions. Everything is keyed by user, so nothing moves between partitions but
 * the state and events of visitors who turn out to be users.
 */
import { json, type KStream, StreamsBuilder, string, type Topology } from '../index.js'
import type { AroundConfig } from './around/rule.js'
import { nullIfErased } from './erasure/sealed-serdes.js'
import { DecisionProcessor } from './frame/decision-processor.js'
import type { DecisionTable } from './frame/decision-table.js'
import { type FrameInput, isIdentityRecord } from './frame/frame-input.js'
import { ALIGNED_STORE } from './frame/identity/aligned-time.js'
import type { IdentityRecord } from './frame/identity/identity-record.js'
import type { KnownCampaigns } from './frame/known-campaigns.js'
import { forwardingOutlet, judgingOutlet } from './frame/outlet.js'
import { PACED_TIMERS, pacedStore } from './frame/pacer.js'
import { LIVE_TIMERS, USER_TIMERS, userStore, VISITOR_TIMERS } from './frame/user/user-store.js'
import { Admission, type AdmissionOptions, type AdmissionWatch, type Checked, GATE_STORE } from './gate/admission.js'
import type { SharedModel } from './recommender/model.js'
import { arrivalSerde, arrivalTime } from './records/arrival.js'
import { DEFAULT_TRACE, type TraceOptions } from './records/decision-trace.js'
import type { CustomerProfile } from './records/profile.js'
import type { Recommendation } from './records/recommendation.js'
import type { ServiceSerdes } from './records/serdes.js'
import { mergesTopic, type TopicNames } from './records/topic-names.js'

/** The default limits of the gate. */
export const DEFAULT_GATE: AdmissionOptions = {
  graceMs: 60_000,
  clockSkewMs: 60_000,
  idleAfterMs: 10_000,
  rememberIdsMs: 24 * 3_600_000,
}

/** What {@link personalizationTopology} needs. */
export interface PersonalizationParts {
  /** The names of the topics. */
  readonly topics: TopicNames
  /** The serdes of the topics. */
  readonly serdes: ServiceSerdes
  /** Limits of the gate. */
  readonly gate: AdmissionOptions
  /** All decisions, those of other tiers included. */
  readonly decisions: DecisionTable
  /** The tier: `live`, or another of {@link DecisionTable.tiers}. */
  readonly tier: string
  /** The campaigns that the instance knows. */
  readonly campaigns: KnownCampaigns
  /** The rules around the decisions. */
  readonly around: AroundConfig
  /** The recommender. */
  readonly model: SharedModel
  /** What the traces of decisions keep. Default: what fits into a record of 1 KB. */
  readonly trace?: TraceOptions
  /** Called when events are admitted or dropped. Default: none. */
  readonly watch?: AdmissionWatch
}

/** The topology of one tier. */
export function personalizationTopology(parts: PersonalizationParts): Topology {
  const { topics, serdes, gate, tier } = parts
  const isLive = tier === 'live'
  const builder = new StreamsBuilder()
  addTimers(builder, serdes)
  const profiles = builder
    .stream(topics.profiles, {
      key: serdes.sourceKey,
      value: nullIfErased(serdes.profile, serdes.userKeys),
      timestampExtractor: profileTime,
    })
    .mapValues((profile: CustomerProfile | null): FrameInput => ({ kind: 'profile', profile }), { name: 'profiles' })
  const checked = builder
    .stream(topics.activity, {
      key: serdes.sourceKey,
      value: arrivalSerde(serdes.activity, serdes.userKeys),
      timestampExtractor: arrivalTime,
    })
    .processValues<Checked>(() => new Admission(gate, parts.watch), {
      name: 'admission',
      stores: [GATE_STORE],
    })
  if (isLive) {
    checked
      .filter((_, { kind }) => kind === 'dead', { name: 'refused' })
      .mapValues((value: Checked) => (value.kind === 'dead' ? value.letter : null), { name: 'letters' })
      .to(topics.deadLetters, { key: serdes.key, value: serdes.deadLetter })
  }
  // What is not dead is an input of the frame.
  const admitted = checked.filter((_, { kind }) => kind !== 'dead', { name: 'admitted' }) as unknown as typeof profiles
  const ofAll = admitted.merge(profiles).merge(erasuresOf(builder, parts)).merge(identitiesOf(builder, parts))
  const input = isLive ? ofAll.merge(proposalsOf(builder, parts)) : ofAll
  const stores = [userStore(serdes.key, serdes.userKeys), pacedStore(serdes.userKeys), ALIGNED_STORE, ...TIMERS]
  const output = input.process(() => decisionProcessor(parts), { name: 'decisions', stores })
  const identities = output.filter((_, value) => isIdentityRecord(value), { name: 'identities' })
  const sent = identities as unknown as KStream<string, IdentityRecord>
  sent.to(mergesTopic(topics, tier), { key: serdes.key, value: serdes.identity, partitioner: identityPartitions })
  const rest = output.filter((_, value) => !isIdentityRecord(value), { name: 'decided' })
  const decided = rest as unknown as KStream<string, Recommendation>
  const written = { key: serdes.key, value: serdes.recommendation }
  if (isLive) {
    decided
      .filter((_, { suppressed }) => suppressed === null, { name: 'delivered' })
      .to(topics.recommendations, written)
    decided.filter((_, { suppressed }) => suppressed !== null, { name: 'suppressed' }).to(topics.suppressed, written)
  } else decided.to(topics.proposals, written)
  return builder.build()
}

function proposalsOf(builder: StreamsBuilder, { topics, serdes }: PersonalizationParts) {
  return builder
    .stream(topics.proposals, { key: serdes.sourceKey, value: nullIfErased(serdes.recommendation, serdes.userKeys) })
    .filterNotNull()
    .mapValues((proposal: Recommendation): FrameInput => ({ kind: 'proposal', proposal }), { name: 'proposals' })
}

function erasuresOf(builder: StreamsBuilder, { topics, serdes }: PersonalizationParts) {
  return (
    builder
      // Before everything that waits, whatever its time.
      .stream(topics.erasures, { key: serdes.sourceKey, value: json(), timestampExtractor: () => 0 })
      .mapValues((): FrameInput => ({ kind: 'erasure' }), { name: 'erasures' })
  )
}

function identitiesOf(builder: StreamsBuilder, { topics, serdes, tier }: PersonalizationParts) {
  return builder
    .stream(mergesTopic(topics, tier), {
      key: serdes.sourceKey,
      value: nullIfErased(serdes.identity, serdes.userKeys),
      timestampExtractor: identityTime,
    })
    .filterNotNull()
    .mapValues((record: IdentityRecord): FrameInput => ({ kind: 'identity', record }), { name: 'merges' })
}

/** A time goes to every partition, all else to that of the user. */
function identityPartitions(_topic: string, _key: unknown, value: unknown, count: number): readonly number[] | null {
  return (value as IdentityRecord).kind === 'time' ? Array.from({ length: count }, (_, partition) => partition) : null
}

function identityTime({ value }: { readonly value: unknown }, partitionTimeMs: number): number {
  const record = value as IdentityRecord | null
  if (record === null) return Math.max(0, partitionTimeMs)
  if (record.kind === 'time') return record.reachedMs
  return record.kind === 'decision' ? record.decision.at : record.activity.at
}

const TIMERS = [USER_TIMERS, VISITOR_TIMERS, LIVE_TIMERS, PACED_TIMERS]

function addTimers(builder: StreamsBuilder, { key }: ServiceSerdes): void {
  builder.addTimerStore({ name: USER_TIMERS, key, time: 'processorTime' })
  builder.addTimerStore({ name: VISITOR_TIMERS, key, time: 'processorTime' })
  builder.addTimerStore({ name: LIVE_TIMERS, key, time: 'processorTime' })
  builder.addTimerStore({ name: PACED_TIMERS, key: string, time: 'processorTime' })
}

function decisionProcessor({
  serdes,
  decisions,
  tier,
  gate,
  model,
  campaigns,
  around,
  trace = DEFAULT_TRACE,
}: PersonalizationParts): DecisionProcessor {
  return new DecisionProcessor({
    decisions: decisions.tier(tier),
    graceMs: gate.graceMs,
    model,
    campaigns,
    userKeys: serdes.userKeys,
    tier,
    trace,
    outlet: (targets) =>
      tier === 'live' ? judgingOutlet(around, decisions, trace, targets) : forwardingOutlet(targets),
  })
}

function profileTime(record: { readonly value: unknown; readonly timestamp: number }, partitionTimeMs: number): number {
  const at = (record.value as CustomerProfile | null)?.updatedAt ?? partitionTimeMs
  return Math.max(0, at)
}
