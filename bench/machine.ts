/** The machine of a measurement: a figure has no meaning without it. */

import { spawnSync } from 'node:child_process'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { systemClock } from '../lib/record/clock.js'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  /** Null where there is no Java. */
  readonly java: string | null
  /** ISO 8601, UTC. */
  readonly at: string
}

export function machine(): Machine {
  const all = cpus()
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' })
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    java: java.status === 0 ? (java.stderr.split('\n')[0]?.trim() ?? null) : null,
    at: new Date(systemClock.now()).toISOString(),
  }
}
