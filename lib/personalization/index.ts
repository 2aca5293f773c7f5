/** What `millrace/personalization` offers: the service, to be run or embedded, and what its topics hold. */

export { type HttpOptions, PersonalizationServer } from './doors/server.js'
export { servicePort } from './doors/service-view.js'
export { armOf } from './experiments/experiment.js'
export { type InjectPlan, NO_INJECTION, parseInject } from './input/inject.js'
export { fileInput, type LoaderInput, simulatorInput } from './input/loader/input-files.js'
export { SessionRecommender } from './recommender/index.js'
export {
  ACTIVITY_TYPES,
  type ActivityFields,
  type ActivityType,
  activityOf,
  type UserActivity,
} from './records/activity.js'
export type { DeadLetter } from './records/dead-letter.js'
export { DECISION_ID_HEADER, decisionId, type Rule } from './records/decision-id.js'
export type { CustomerProfile } from './records/profile.js'
export type { Recommendation } from './records/recommendation.js'
export { plainSerdes, registrySerdes, type ServiceSerdes } from './records/serdes.js'
export { type TopicNames, topicNames } from './records/topic-names.js'
export type { Summary } from './report/summary.js'
export { PersonalizationService, type ServiceOptions } from './service.js'
export { DEFAULT_RULES, personalizationTopology, type RuleOptions } from './topology.js'
