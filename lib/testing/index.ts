/** What tests of a topology import: `millrace/testing`. */
export { ManualClock } from './manual-clock.js'
export { type StoreSuiteCase, storeSuite } from './store-suite.js'
export { TestStores } from './test-stores.js'
export type { TestInputTimes } from './test-times.js'
export { type InputRecord, type OutputRecord, TestInputTopic, TestOutputTopic } from './test-topics.js'
export { TopologyTestDriver, type TopologyTestDriverOptions } from './topology-test-driver.js'
export { runTransportCase, type TransportCase, type TransportEnvironment, transportCases } from './transport-suite.js'
