/** The exports of `millrace/testing`, for tests of a topology. */

export type {
  AppConfigs,
  BrokerAddress,
  Cancel,
  Clock,
  FailureHandler,
  Headers,
  KeyValueStore,
  Lane,
  ProcessingFailureHandler,
  Random,
  Serde,
  SessionStore,
  StateEngines,
  StoreReference,
  Topic,
  Topology,
  Transport,
  VersionedStore,
  WindowStore,
} from '../index.js'
export type { Drop } from '../task/options.js'
export type { TopologyTestDriverOptions } from './driver/driver-options.js'
export type { TestInputTimes } from './driver/record-times.js'
export { TestStores } from './driver/test-stores.js'
export { type InputRecord, type OutputRecord, TestInputTopic, TestOutputTopic } from './driver/test-topics.js'
export { TopologyTestDriver } from './driver/topology-test-driver.js'
export { ManualClock } from './manual-clock.js'
export type { Fault, FaultKind } from './simulation/faults.js'
export type {
  InputPlan,
  InstanceTimes,
  MemberPlan,
  SimPlan,
  SlowPlan,
  Span,
  StepPlan,
  UserCodePlan,
} from './simulation/plan.js'
export { type RunOptions, runPlan, runSeed } from './simulation/seed.js'
export type { SeedResult, Violation } from './simulation/seed-result.js'
export { asTest, type Shrunk, shrinkPlan } from './simulation/shrink.js'
export { drawPlan } from './simulation/variants.js'
export { type StoreSuiteCase, storeSuite } from './suites/store/store-suite.js'
export {
  runTransportCase,
  type TransportCase,
  type TransportEnvironment,
  transportCases,
} from './suites/transport/transport-suite.js'
