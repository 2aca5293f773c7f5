/** Two versions of a topology in one group: a compatible one and an incompatible one. */
import { systemClock } from '../../../lib/index.js'
import { seconds } from '../failure.js'
import type { Fault } from './fault.js'
import { works } from './processes.js'

const FOREIGN_FOR_MS = 10_000
/** The tasks that read events and marks. Of the other versions the foreign one differs there; what counts groups is equal and shared. */
const DIFFERS = '0_'

export const upgrade: Fault = {
  name: 'upgrade',
  instances: 3,
  quiet: true,
  async make(round) {
    const startedMs = systemClock.monotonicMs()
    for (const instance of [...round.instances]) {
      await instance.close(false)
      instance.start({ version: 'next' })
      await works(round, instance)
      await round.flowing(`after ${instance.name} was upgraded`)
    }
    return `three instances upgraded in ${seconds(systemClock.monotonicMs() - startedMs)}`
  },
}

export const foreign: Fault = {
  name: 'foreign',
  instances: 3,
  async make(round) {
    const victim = round.pick()
    await victim.close(true)
    await round.flowing('after an instance had left')
    victim.comesBack = false
    victim.start({ version: 'foreign' })
    await round.until(
      () => victim.upMs !== null || !victim.isAlive,
      () => `${victim.name} had not begun to run`,
    )
    const states = new Set<string>()
    const untilMs = systemClock.monotonicMs() + FOREIGN_FOR_MS
    while (systemClock.monotonicMs() < untilMs) {
      states.add(victim.state)
      const wrong = victim.tasks.filter((taskId) => taskId.startsWith(DIFFERS))
      if (wrong.length > 0) {
        round.troubles.push(`${victim.name} ran ${wrong.join(', ')} of a topology that is not the group's`)
        break
      }
      await round.wait(20)
    }
    await round.flowing('while a foreign topology was in the group')
    const ended = victim.isAlive ? `ran only ${victim.tasks.join(', ') || 'nothing'}` : 'ended'
    await victim.kill()
    victim.comesBack = true
    victim.start({ version: 'first' })
    await works(round, victim)
    await round.flowing('after the foreign topology had gone')
    return `${victim.name} with a foreign topology ${ended} (${[...states].join(', ')}), the others went on`
  },
}
