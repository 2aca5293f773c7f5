/** Faults of processes: killed, stopped, closed, restarted in turn, scaled out and in, and slow. */
import { systemClock } from '../../../lib/index.js'
import { seconds } from '../failure.js'
import type { Instance } from '../instance.js'
import { type Round, SESSION_MS, TRANSACTION_MS } from '../round.js'
import type { Fault } from './fault.js'

const KILLS = 2
/** The broker looks for timed-out transactions once a second. */
const PAST_TIMEOUTS_MS = Math.max(SESSION_MS, TRANSACTION_MS) + 3_000
const SLOW_RECORD_MS = 20
const SLOW_FOR_MS = 6_000

export const calm: Fault = {
  name: 'calm',
  quiet: true,
  async make(round) {
    await round.wait(3_000)
    return 'nothing was done'
  },
}

export const kill: Fault = {
  name: 'kill',
  async make(round) {
    const said: string[] = []
    for (let i = 0; i < KILLS; i++) {
      const victim = round.pick()
      await victim.kill()
      const downMs = round.random.int(3_000)
      await round.wait(downMs)
      const sinceMs = systemClock.monotonicMs()
      victim.start()
      await works(round, victim)
      said.push(
        `${victim.name} killed, down for ${seconds(downMs)}, flowing after ${seconds(await round.flowing('after a kill', sinceMs))}`,
      )
      await round.waitBetween(100, 1_500)
    }
    return said.join('; ')
  },
}

export const stop: Fault = {
  name: 'stop',
  async make(round) {
    const victim = round.pick()
    victim.signal('SIGSTOP')
    round.onHeal(() => victim.signal('SIGCONT'))
    await round.wait(PAST_TIMEOUTS_MS)
    await round.flowing('while an instance was stopped')
    victim.signal('SIGCONT')
    const wokenMs = systemClock.monotonicMs()
    await round.wait(500)
    await works(round, victim)
    const backMs = systemClock.monotonicMs() - wokenMs
    await round.flowing('after an instance woke')
    return `${victim.name} was stopped for ${seconds(PAST_TIMEOUTS_MS)}, had tasks ${seconds(backMs)} after it continued`
  },
}

export const close: Fault = {
  name: 'close',
  quiet: true,
  async make(round) {
    const victim = round.pick()
    const startedMs = systemClock.monotonicMs()
    const leaves = round.random.int(2) === 0
    await victim.close(leaves)
    const tookMs = systemClock.monotonicMs() - startedMs
    await round.waitBetween(100, 1_500)
    victim.start()
    await works(round, victim)
    await round.flowing('after a close')
    return `${victim.name} closed in ${seconds(tookMs)}${leaves ? ', leaving the group' : ''}, and came back`
  },
}

/** A rolling restart: one instance after another, as members that come back, or as members that leave. */
function roll(name: string, leaveGroup: boolean): Fault {
  return {
    name,
    instances: 3,
    quiet: true,
    async make(round) {
      const said: string[] = []
      for (const instance of [...round.instances]) {
        const startedMs = systemClock.monotonicMs()
        await instance.close(leaveGroup)
        instance.start()
        await works(round, instance)
        said.push(`${instance.name} back with tasks after ${seconds(systemClock.monotonicMs() - startedMs)}`)
        await round.flowing(`after ${instance.name} was rolled`)
      }
      return said.join(', ')
    },
  }
}

export const rollStaying = roll('roll', false)
export const rollLeaving = roll('roll-leaving', true)

export const scaleOut: Fault = {
  name: 'scale-out',
  instances: 1,
  quiet: true,
  async make(round) {
    const said: string[] = []
    for (let i = 0; i < 2; i++) {
      const instance = await round.add()
      instance.start()
      await works(round, instance)
      said.push(
        `${instance.name} had tasks after ${seconds(instance.firstTaskMs!)} (up after ${seconds(instance.upMs!)})`,
      )
    }
    await round.flowing('after scaling out')
    return said.join(', ')
  },
}

export const scaleIn: Fault = {
  name: 'scale-in',
  instances: 3,
  quiet: true,
  async make(round) {
    const [, second, third] = round.instances as [Instance, Instance, Instance]
    const said: string[] = []
    for (const instance of [third, second]) {
      const startedMs = systemClock.monotonicMs()
      await instance.close(true)
      await round.flowing(`after ${instance.name} had left`)
      said.push(
        `all flowing ${seconds(systemClock.monotonicMs() - startedMs)} after ${instance.name} was told to leave`,
      )
    }
    return said.join(', ')
  },
}

export const slow: Fault = {
  name: 'slow',
  quiet: true,
  async make(round) {
    const victim = round.pick()
    round.onHeal(() => victim.slow(0, false))
    victim.slow(SLOW_RECORD_MS, false)
    await round.wait(SLOW_FOR_MS)
    victim.slow(0, false)
    await round.flowing('after slow records')
    const longMs = SESSION_MS + 2_000
    victim.slow(longMs, true)
    await round.wait(longMs)
    await round.flowing('after one record that took longer than the session')
    return `${victim.name}: every record took ${SLOW_RECORD_MS} ms for ${seconds(SLOW_FOR_MS)}, then one ${seconds(longMs)}`
  },
}

/** Resolves when `instance` runs tasks. @throws ChaosFailure */
export function works(round: Round, instance: Instance): Promise<number> {
  return round.until(
    () => instance.tasks.length > 0,
    () => `${instance.name} had no task, it is ${instance.state}`,
  )
}
