/** Faults of brokers: killed and started again one after another, leaders moved during writes. */
import { systemClock } from '../../../lib/index.js'
import type { KafkaCluster } from '../../kafka/cluster.js'
import { ChaosFailure, seconds } from '../failure.js'
import type { Round } from '../round.js'
import type { Fault, Place } from './fault.js'
import { moveLeaders, replicasOf } from './leader-moves.js'

const MOVES = 4
const IN_SYNC_TIMEOUT_MS = 60_000

const ownBrokers = ({ kafka }: Place) =>
  kafka === null ? 'this command did not start the broker, so it cannot kill it' : null

export const brokers: Fault = {
  name: 'brokers',
  hurtsBrokers: true,
  missing: ownBrokers,
  async make(round) {
    const kafka = round.options.kafka!
    const said: string[] = []
    for (let index = 0; index < kafka.nodes; index++) {
      await killNode(round, kafka, index)
      const killedMs = systemClock.monotonicMs()
      await round.waitBetween(500, 4_500)
      // Two of three continue; one of one cannot.
      if (kafka.nodes > 1) await round.flowing(`while node ${index + 1} was down`)
      await kafka.startNode(index)
      const startedMs = systemClock.monotonicMs()
      await round.flowing(`after node ${index + 1} came back`)
      said.push(
        `node ${index + 1} answered ${seconds(startedMs - killedMs)} after its kill, flowing ${seconds(systemClock.monotonicMs() - startedMs)} later`,
      )
      if (kafka.nodes > 1) await untilInSync(round, kafka.nodes)
    }
    return said.join('; ')
  },
}

export const leaders: Fault = {
  name: 'leaders',
  hurtsBrokers: true,
  missing: ({ kafka }) =>
    kafka !== null && kafka.nodes > 1 ? null : 'leaders cannot move with one node: use --nodes 3',
  async make(round) {
    const { cluster, applicationId } = round.options
    let moved = 0
    for (let i = 0; i < MOVES; i++) {
      // Kafka's own topics too: the coordinators of the group and of its transactions move.
      const wanted = (topic: string) => topic.startsWith(applicationId) || topic.startsWith('__')
      const before = await replicasOf(cluster, wanted)
      await moveLeaders(cluster, before)
      const after = await replicasOf(cluster, wanted)
      moved += after.filter(({ leader }, at) => leader !== before[at]?.leader).length
      await round.waitBetween(500, 2_000)
      await round.flowing('after leaders moved')
    }
    if (moved === 0) throw new ChaosFailure('no leader moved')
    return `${moved} leaders moved in ${MOVES} elections`
  },
}

/** While another fault is made: one node of several is killed and started again. Says so. */
export async function nodeDies(round: Round, kafka: KafkaCluster, index: number): Promise<string> {
  await round.waitBetween(0, 2_000)
  await killNode(round, kafka, index)
  await round.waitBetween(2_000, 6_000)
  await kafka.startNode(index)
  await untilInSync(round, kafka.nodes)
  return `node ${index + 1} killed meanwhile`
}

async function killNode(round: Round, kafka: KafkaCluster, index: number): Promise<void> {
  round.onHeal(async () => {
    if (!kafka.runs(index)) await kafka.startNode(index)
  })
  await kafka.kill(index)
}

/** The next node is killed only when all replicas are there again. */
async function untilInSync(round: Round, nodes: number): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + IN_SYNC_TIMEOUT_MS
  for (;;) {
    const found = await replicasOf(round.options.cluster, () => true).catch(() => [])
    const behind = found.filter(({ inSync }) => inSync < nodes)
    if (found.length > 0 && behind.length === 0) return
    if (systemClock.monotonicMs() > deadlineMs) {
      throw new ChaosFailure(`${behind.length} partitions were not in sync again after ${IN_SYNC_TIMEOUT_MS / 1000} s`)
    }
    await round.wait(200)
  }
}
