/** The personalization topology: user activity, checked and joined with the profiles, becomes decisions. */
import { StreamsBuilder, string, type Topology } from '../index.js'
import { CarouselRule, SESSION_STORE, SESSION_TIMERS } from './decisions/carousel.js'
import { CART_STORE, CART_TIMERS, CartRule } from './decisions/cart-rule.js'
import { SPENDING_STORE, SPENDING_TIMERS, SpendingRule } from './decisions/spending-rule.js'
import {
  Admission,
  type AdmissionOptions,
  type AdmissionWatch,
  type Admitted,
  type Checked,
  SEEN_STORE,
  TIME_STORE,
} from './gate/admission.js'
import type { SharedModel } from './recommender/model.js'
import { arrivalSerde, arrivalTime } from './records/arrival.js'
import { type CustomerProfile, laterProfile } from './records/profile.js'
import type { ServiceSerdes } from './records/serdes.js'
import { STAMPED, type TopicNames } from './records/topic-names.js'

/** Limits of the rules. */
export interface RuleOptions extends AdmissionOptions {
  /** Idle event time after which a cart is abandoned, in milliseconds. */
  readonly abandonAfterMs: number
  /** Purchases of a day that raise the spending alert, in micro-units. */
  readonly thresholdMicros: number
}

/** The default limits. */
export const DEFAULT_RULES: RuleOptions = {
  abandonAfterMs: 5 * 60_000,
  graceMs: 60_000,
  clockSkewMs: 60_000,
  idleAfterMs: 10_000,
  rememberIdsMs: 24 * 3_600_000,
  thresholdMicros: 500_000_000,
}

/** What {@link personalizationTopology} needs. */
export interface PersonalizationParts {
  /** The names of the topics. */
  readonly topics: TopicNames
  /** The serdes of the topics. */
  readonly serdes: ServiceSerdes
  /** Limits of the rules. */
  readonly rules: RuleOptions
  /** The recommender. */
  readonly model: SharedModel
  /** Called when events are admitted or dropped. Default: none. */
  readonly watch?: AdmissionWatch
}

/** One sub-topology: everything is keyed by user, so nothing moves between partitions. */
export function personalizationTopology(parts: PersonalizationParts): Topology {
  const { topics, serdes, rules, model } = parts
  const builder = new StreamsBuilder()
  addStores(builder, rules)
  const profiles = builder
    .stream(topics.profiles, { key: string, value: serdes.profile, timestampExtractor: profileTime })
    .groupByKey()
    .reduce((held: CustomerProfile, arrived: CustomerProfile) => laterProfile(held, arrived), {
      store: { name: 'profiles', key: string, value: serdes.profile },
    })
  const checked = builder
    .stream(topics.activity, {
      key: string,
      value: arrivalSerde(serdes.activity),
      timestampExtractor: arrivalTime,
    })
    .processValues<Checked>(() => new Admission(rules, parts.watch), {
      name: 'admission',
      stores: [TIME_STORE, SEEN_STORE],
    })
  checked
    .flatMapValues((value: Checked) => (value.kind === 'dead' ? [value.letter] : []), { name: 'refused' })
    .to(topics.deadLetters, { key: string, value: serdes.deadLetter })
  const admitted = checked
    .filter((_key: string, value: Checked) => value.kind !== 'dead', { name: 'admitted' })
    .leftJoin(profiles, {
      name: 'with-profile',
      joiner: (value: Checked, profile: CustomerProfile | null) => withProfile(value as Admitted, profile),
    })
  const carousel = admitted.process(() => new CarouselRule(model), {
    name: 'carousel',
    stores: [SESSION_STORE, SESSION_TIMERS],
  })
  const cart = admitted.process(() => new CartRule(rules), {
    name: 'cart-abandonment',
    stores: [CART_STORE, CART_TIMERS],
  })
  const spending = admitted.process(() => new SpendingRule(rules), {
    name: 'spending-alert',
    stores: [SPENDING_STORE, SPENDING_TIMERS],
  })
  carousel.merge(cart).merge(spending).to(topics.recommendations, { key: string, value: serdes.recommendation })
  return builder.build()
}

function addStores(builder: StreamsBuilder, rules: RuleOptions): void {
  builder.addStateStore({ name: TIME_STORE, key: string, value: string })
  for (const name of [SESSION_TIMERS, CART_TIMERS, SPENDING_TIMERS]) {
    builder.addTimerStore({ name, key: string, time: 'processorTime' })
  }
  builder.addStateStore({
    name: SEEN_STORE,
    kind: 'window',
    key: string,
    value: string,
    windowSizeMs: 1,
    retentionMs: Math.max(rules.rememberIdsMs, rules.graceMs) + 1,
    topicConfig: STAMPED,
  })
}

function withProfile(admitted: Admitted, profile: CustomerProfile | null): Admitted {
  return admitted.kind === 'tick' ? admitted : { ...admitted, profile }
}

function profileTime(record: { readonly value: unknown; readonly timestamp: number }, partitionTimeMs: number): number {
  const at = (record.value as CustomerProfile | null)?.updatedAt ?? partitionTimeMs
  return Math.max(0, at)
}
