/** Every fault, by name. Add a file or a line for another one. */
import { brokers, leaders } from './brokers.js'
import { damage, diskFull } from './disk.js'
import type { Fault } from './fault.js'
import { join, joinBacklog } from './join.js'
import { blackhole, cut, delays, lost, resets } from './network.js'
import { calm, close, kill, rollLeaving, rollStaying, scaleIn, scaleOut, slow, stop } from './processes.js'
import { foreign, upgrade } from './versions.js'

/** In the order in which rounds take them. */
export const FAULTS: readonly Fault[] = [
  ...[calm, kill, stop, close, rollStaying, rollLeaving, scaleOut, scaleIn, slow],
  ...[resets, delays, cut, lost, blackhole],
  ...[brokers, leaders],
  ...[diskFull, damage],
  ...[upgrade, foreign],
  ...[join, joinBacklog],
]

export function faultNamed(name: string): Fault | undefined {
  return FAULTS.find((fault) => fault.name === name)
}
