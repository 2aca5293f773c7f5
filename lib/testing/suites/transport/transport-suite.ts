/**
 * The requirements of a stream processor for any transport and any broker, tested from the outside: the probes that no
 * Node client passed, and faults found since. Runs on a real Kafka and on the embedded broker.
 */

import { groupCases } from './groups.js'
import { committedCases } from './read-committed.js'
import { readingCases } from './reading.js'
import { transactionCases } from './transactions.js'
import { type TransportCase, type TransportEnvironment, TransportRig } from './transport-rig.js'
import { waitingCases } from './waiting-requests.js'

export type { TransportCase, TransportEnvironment }

/** The cases that a transport must pass, each on topics and groups of its own. */
export const transportCases: readonly TransportCase[] = [
  ...transactionCases,
  ...committedCases,
  ...groupCases,
  ...readingCases,
  ...waitingCases,
]

/** Runs one case. Rejects with an AssertionError if it fails. */
export async function runTransportCase(testCase: TransportCase, env: TransportEnvironment): Promise<void> {
  const rig = new TransportRig(env)
  try {
    await testCase.run(rig)
  } finally {
    await rig.close()
  }
}
