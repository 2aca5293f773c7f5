/** What tests of a topology import: `millrace/testing`. */

export type { TestInputTimes } from './driver/record-times.js'
export { TestStores } from './driver/test-stores.js'
export { type InputRecord, type OutputRecord, TestInputTopic, TestOutputTopic } from './driver/test-topics.js'
export { TopologyTestDriver, type TopologyTestDriverOptions } from './driver/topology-test-driver.js'
export { ManualClock } from './manual-clock.js'
export type { SimApplication, SimRun } from './simulation/application.js'
export type { SimPlan } from './simulation/plan.js'
export { type RunOptions, runPlan, runSeed, type SeedResult, type Violation } from './simulation/seed.js'
export { asTest, shrinkPlan } from './simulation/shrink.js'
export { drawPlan } from './simulation/variants.js'
export { type StoreSuiteCase, storeSuite } from './suites/store/store-suite.js'
export {
  runTransportCase,
  type TransportCase,
  type TransportEnvironment,
  transportCases,
} from './suites/transport/transport-suite.js'
