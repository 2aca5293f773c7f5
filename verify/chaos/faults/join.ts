/** Measurements of a second instance: the time until it has tasks, under a steady stream and with a backlog. */
import { systemClock } from '../../../lib/index.js'
import { seconds } from '../failure.js'
import type { Round } from '../round.js'
import type { Fault } from './fault.js'
import { works } from './processes.js'

const RATES = [33, 180, 2_000]
const BACKLOG = 1_500_000
const STEADY_MS = 3_000

export const join: Fault = {
  name: 'join',
  instances: 1,
  quiet: true,
  onlyNamed: true,
  async make(round) {
    const said: string[] = []
    for (const perSecond of RATES) {
      round.load.steady(perSecond)
      await round.wait(STEADY_MS)
      said.push(`${perSecond}/s: ${await joined(round)}`)
    }
    return said.join('; ')
  },
}

export const joinBacklog: Fault = {
  name: 'join-backlog',
  instances: 1,
  quiet: true,
  onlyNamed: true,
  async make(round) {
    const startedMs = systemClock.monotonicMs()
    await round.load.backlog(BACKLOG)
    const written = round.load.events
    const behind = await round.watches[0]!.lag()
    const said = `backlog of ${BACKLOG} written in ${seconds(systemClock.monotonicMs() - startedMs)}, ${behind} left: ${await joined(round)}`
    await round.until(
      () => round.outputs.records(round.topics.totals) >= written,
      () => 'the backlog was not processed in time',
      600_000,
    )
    return `${said}; worked off ${seconds(systemClock.monotonicMs() - startedMs)} after its begin`
  },
}

/** A second instance comes and goes. */
async function joined(round: Round): Promise<string> {
  const before = round.members.evictions
  const instance = await round.add()
  instance.start()
  const startedMs = systemClock.monotonicMs()
  await works(round, instance)
  const [upMs, tasksMs] = [instance.upMs!, instance.firstTaskMs!]
  await round.wait(STEADY_MS)
  const evictions = round.members.evictions - before
  const allMs = systemClock.monotonicMs() - startedMs
  await instance.close(true)
  await round.flowing('after the second instance had left')
  return `tasks after ${seconds(tasksMs)} (its process was up after ${seconds(upMs)}), ${evictions} evictions in ${seconds(allMs)}`
}
