/** The test driver and the simulation, by somebody who imports `millrace/testing` alone. */
import {
  asTest,
  drawPlan,
  ManualClock,
  runPlan,
  runSeed,
  shrinkPlan,
  storeSuite,
  type Topology,
  TopologyTestDriver,
  transportCases,
} from 'millrace/testing'

export const clock = new ManualClock()
export const open = (topology: Topology) => new TopologyTestDriver(topology)
export function parts(driver: TopologyTestDriver) {
  return {
    stores: driver.stores,
    rows: driver.store('rows'),
    windows: driver.stores.window('w'),
    dropped: driver.droppedRecords(),
    topics: driver.producedTopics(),
  }
}
export const simulation = { drawPlan, runPlan, runSeed, shrinkPlan, asTest }
export const seeds = async () => ({ result: await runSeed(1), plan: drawPlan(1) })
export const suites = { storeSuite, transportCases }
