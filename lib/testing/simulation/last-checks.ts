/** What is checked at the end of a simulated run beside the stores: what a reader saw, and what is left open. */
import type { SimBroker } from './broker.js'
import type { SimObserver } from './client.js'
import { committedRecords } from './log.js'
import type { SimNetwork } from './network.js'
import type { SimProcess } from './process.js'
import type { SimulatedCluster } from './quiet.js'

type Violated = (invariant: string, what: string) => void

/** I5: a reader that followed all along has seen exactly what is committed, in order. */
export function checkObserver(
  { topic, seen }: SimObserver,
  { application, storage }: SimulatedCluster,
  violated: Violated,
): void {
  for (let partition = 0; partition < application.partitions; partition++) {
    const wanted = committedRecords(topic, partition, storage.batches(topic, partition)).map(({ offset }) => offset)
    const actual = seen.get(partition) ?? []
    const at = wanted.findIndex((offset, i) => offset !== actual[i])
    if (at >= 0 || actual.length !== wanted.length) {
      violated(
        'I5',
        `a reader of ${topic}-${partition} saw ${actual.length} records of ${wanted.length}, differs at ${at}`,
      )
    }
  }
}

/** I11: nothing runs on. What instances leave behind they are asked when each closes. */
export function checkLeftovers(
  network: SimNetwork,
  broker: SimBroker,
  processes: readonly SimProcess[],
  violated: Violated,
): void {
  for (const { name, timers } of processes) {
    if (timers > 0) violated('I11', `${timers} timers of ${name} are left after it closed`)
  }
  const open = network.openConnections()
  if (open.length > 0) violated('I11', `connections are left open: ${open.join(', ')}`)
  broker.running?.halt()
  if (broker.timers > 0) violated('I11', `${broker.timers} timers of the broker are left after it halted`)
}
