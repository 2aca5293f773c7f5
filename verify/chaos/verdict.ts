/** The checks after a fault: no record lost or repeated, stores as recomputed, no open transactions. */
import { delay, systemClock } from '../../lib/index.js'
import { ChaosFailure } from './failure.js'
import { logFindings } from './instance-log.js'
import { type OutputFindings, outputFindings } from './outputs.js'
import { type Expected, recompute } from './recompute.js'
import type { Round } from './round.js'
import { storeFindings } from './stores.js'

/** Without progress for so long, what is missing does not come any more. */
const STILL_MS = 20_000
/** The transaction timeout, and the broker's look for it. */
const SETTLE_MS = 40_000
const POLL_MS = 100
/** So much later than everything else comes the event that closes all windows. */
const LAST_MS = 3_600_000
/** Each has a task per partition. */
const SUB_TOPOLOGIES = 2

export interface Verdict {
  readonly events: number
  readonly lost: number
  readonly doubled: number
  /** Empty where everything holds. */
  readonly wrong: string[]
}

/** The load has stopped; the instances run. They are closed afterwards. */
export async function verdict(round: Round): Promise<Verdict> {
  const { cluster, applicationId } = round.options
  const wrong: string[] = []
  let outputs: OutputFindings = { lost: 0, doubled: 0, wrong: [] }
  let expected: Expected | null = null
  try {
    await settled(round)
    expected = await recompute(cluster, round.topics)
    wrong.push(...(await storeFindings(cluster, applicationId, round.alive, expected)))
    await round.load.last(LAST_MS)
    await settled(round)
  } catch (error) {
    if (!(error instanceof ChaosFailure)) throw error
    wrong.push(error.message)
  }
  expected = await recompute(cluster, round.topics)
  if (expected.doubledInput > 0) wrong.push(`the input has ${expected.doubledInput} events twice`)
  wrong.push(...round.load.failures.slice(0, 3).map((why) => `the input was rejected: ${why}`))
  wrong.push(...(await rest(round)))
  outputs = await outputFindings(cluster, round.topics, expected)
  wrong.push(...outputs.wrong, ...(await fromDisk(round)))
  for (const watch of round.watches) wrong.push(...watch.wentBack)
  for (const { troubles } of round.instances) wrong.push(...troubles)
  for (const [name, file] of round.logFiles) {
    const found = await logFindings(name, file)
    wrong.push(...found)
  }
  return { events: expected.events, lost: outputs.lost, doubled: outputs.doubled, wrong }
}

/** Resolves when all input is committed and all of its outputs can be read. @throws ChaosFailure without progress */
async function settled(round: Round): Promise<void> {
  const { outputs, topics, watches } = round
  const [events, marks] = watches
  const progress = async () => {
    const behind = (await events!.lag()) + (await marks!.lag())
    const inputs = await events!.ends()
    const missing = Math.max(0, inputs - outputs.records(topics.echo), inputs - outputs.records(topics.totals))
    return { behind, missing }
  }
  let best = Number.POSITIVE_INFINITY
  let sinceMs = systemClock.monotonicMs()
  for (;;) {
    const { behind, missing } = await progress().catch(() => ({ behind: Number.POSITIVE_INFINITY, missing: 0 }))
    if (behind + missing === 0) return
    if (behind + missing < best) {
      best = behind + missing
      sinceMs = systemClock.monotonicMs()
    }
    if (systemClock.monotonicMs() - sinceMs > STILL_MS) {
      throw new ChaosFailure(
        `when the load had stopped, ${behind} records of input stayed uncommitted and ${missing} outputs missing`,
      )
    }
    await delay(systemClock, POLL_MS)
  }
}

/** Closes every instance; then no transaction may be open and every topic stable to its end. */
async function rest(round: Round): Promise<string[]> {
  for (const instance of round.instances) instance.comesBack = false
  await Promise.all(round.instances.map((instance) => instance.close(false)))
  const deadlineMs = systemClock.monotonicMs() + SETTLE_MS
  for (;;) {
    const open = await round.watches[0]!.unsettled(`${round.options.applicationId}.`).catch((error: unknown) => [
      String(error),
    ])
    if (open.length === 0 || systemClock.monotonicMs() > deadlineMs) return open
    await delay(systemClock, POLL_MS)
  }
}

/** A new life of each instance on what lies on its disk: the stores are the same. */
async function fromDisk(round: Round): Promise<string[]> {
  const { cluster, applicationId, partitions } = round.options
  const { instances } = round
  const tasks = () => instances.reduce((sum, instance) => sum + instance.tasks.length, 0)
  try {
    for (const instance of instances) instance.start()
    const expected = await recompute(cluster, round.topics)
    await round.until(
      () => instances.every(({ state }) => state === 'running') && tasks() === SUB_TOPOLOGIES * partitions,
      () => `started again on their folders, ${tasks()} tasks ran (${instances.map(({ state }) => state).join(', ')})`,
    )
    const wrong = await storeFindings(cluster, applicationId, instances, expected)
    await Promise.all(instances.map((instance) => instance.close(false)))
    return wrong.map((line) => `after a restart: ${line}`)
  } catch (error) {
    if (!(error instanceof ChaosFailure)) throw error
    return [error.message]
  }
}
