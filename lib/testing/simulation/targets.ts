/** The targets of faults: the instances, their clocks and disks, the broker and its logs. */
import type { SimBroker } from './broker.js'
import type { FaultTargets } from './faults.js'
import type { SimInstance } from './instance.js'
import type { SimPlan } from './plan.js'
import type { SimProcess } from './process.js'
import type { SimStorage } from './storage.js'
import { trimChangelog } from './trim.js'
import type { SimWorld } from './world.js'

export interface TargetOptions {
  readonly world: SimWorld
  readonly plan: SimPlan
  readonly broker: SimBroker
  readonly storage: SimStorage
  readonly instances: () => readonly SimInstance[]
  readonly disturbed: (forMs: number) => void
}

export function faultTargets({ world, plan, broker, storage, instances, disturbed }: TargetOptions): FaultTargets {
  const find = (process: SimProcess | null): SimInstance | undefined => {
    if (process !== null) return instances().find((instance) => instance.process === process)
    const random = world.random(`target/${world.nowMs}`)
    const alive = instances().filter((instance) => instance.process.alive && !instance.process.held)
    return alive.length === 0 ? undefined : alive[random.int(alive.length)]
  }
  const { sessionTimeoutMs } = plan.times
  /** A fault that has struck holds things up for a while. */
  const lasts = (struck: boolean, forMs: number) => {
    if (struck) disturbed(forMs)
    return struck
  }
  return {
    strikes: (process) => instances().some((instance) => instance.process === process),
    kill: (process, downMs, loss) => lasts(find(process)?.kill(downMs, loss) ?? false, downMs + sessionTimeoutMs),
    close: (process, downMs, leaveGroup) => find(process)?.restart(downMs, leaveGroup) ?? false,
    pause: (process, forMs) => lasts(find(process)?.pause(forMs) ?? false, forMs),
    jumpClock: (process, ms) => {
      const instance = find(process)
      instance?.process.jump(ms)
      return lasts(instance !== undefined, 0)
    },
    hurtDisk: (process) => lasts(find(process)?.disk.hurt() ?? false, sessionTimeoutMs),
    fillDisk: (process, forMs) => {
      const disk = find(process)?.disk
      disk?.setFull(true)
      world.schedule(forMs, () => disk?.setFull(false))
      return lasts(disk !== undefined, forMs)
    },
    lockDisk: (process, forMs) => {
      const disk = find(process)?.disk
      disk?.setLocked(true)
      world.schedule(forMs, () => disk?.setLocked(false))
      return lasts(disk !== undefined, forMs)
    },
    restartBroker: (downMs) => {
      broker.restart(downMs)
      disturbed(downMs)
    },
    coordinatorsGone: (forMs, code) => {
      broker.coordinatorsGone(forMs, code)
      disturbed(forMs)
    },
    leadersGone: (forMs, code) => {
      broker.leadersGone(forMs, code)
      disturbed(forMs)
    },
    leadersUnlisted: (forMs) => {
      broker.leadersUnlisted(forMs)
      disturbed(forMs)
    },
    trim: (strength) => {
      const running = broker.running
      if (running === null) return false
      const trimmed = trimChangelog(running, storage, strength, (line) => world.note(line))
      if (trimmed !== null) for (const instance of instances()) instance.changelogTrimmed(trimmed)
      return trimmed !== null
    },
    disturbed,
  }
}
