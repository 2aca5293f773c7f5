/** What the figures of `hotspots` mean for an operator, in words. */
import type { Row } from './service.js'

/** What the advice reads of a run. */
export type AdvisedRow = Pick<
  Row,
  'broker' | 'partitions' | 'keys' | 'latencyMs' | 'cpuSecondsPerMillion' | 'withinLimits'
>

/** A difference below this share, or below so many milliseconds, is noise of the machine. */
const NOISE_SHARE = 0.2
const NOISE_MS = 10

/** One sentence or two for each question: how many partitions, and whether busy users matter, for each broker. */
export function advice(rows: readonly AdvisedRow[]): string[] {
  const lines: string[] = []
  for (const broker of new Set(rows.map((row) => row.broker))) {
    const own = rows.filter((row) => row.broker === broker)
    lines.push(...ofPartitions(broker, own), ...ofKeys(broker, own))
    const late = own.filter(({ withinLimits }) => !withinLimits)
    if (late.length > 0) {
      const cases = late.map(({ partitions, keys }) => `${partitions} partitions ${keys}`).join('; ')
      lines.push(`${broker}: over the limits with ${cases}. Run a second instance, or give this one a core of its own.`)
    }
  }
  return lines
}

function ofPartitions(broker: string, rows: readonly AdvisedRow[]): string[] {
  const uniform = rows.filter(({ keys }) => keys === 'uniform').sort((a, b) => a.partitions - b.partitions)
  const [few, many] = [uniform[0], uniform.at(-1)]
  if (few === undefined || many === undefined || few === many) return []
  const p99 = `p99 ${few.latencyMs.p99} ms with ${few.partitions} partitions, ${many.latencyMs.p99} ms with ${many.partitions}`
  const cpu = `${few.cpuSecondsPerMillion} and ${many.cpuSecondsPerMillion} CPU seconds per million clicks`
  const instances = `An instance needs a partition: ${few.partitions} partitions feed at most ${few.partitions} instances.`
  if (differs(few.latencyMs.p99, many.latencyMs.p99)) {
    const better = few.latencyMs.p99 < many.latencyMs.p99 ? few : many
    return [`${broker}: ${p99}; ${cpu}. One instance answers faster with ${better.partitions} partitions. ${instances}`]
  }
  return [`${broker}: ${p99}; ${cpu}. The number of partitions does not matter for one instance. ${instances}`]
}

function ofKeys(broker: string, rows: readonly AdvisedRow[]): string[] {
  const lines: string[] = []
  for (const busy of rows.filter(({ keys }) => keys !== 'uniform')) {
    const even = rows.find(({ keys, partitions }) => keys === 'uniform' && partitions === busy.partitions)
    if (even === undefined) continue
    const p99 = `${busy.partitions} partitions: p99 ${even.latencyMs.p99} ms if all users click as often, ${busy.latencyMs.p99} ms with ${busy.keys}`
    const isSlower = busy.latencyMs.p99 > even.latencyMs.p99 && differs(even.latencyMs.p99, busy.latencyMs.p99)
    const what = isSlower
      ? 'Busy users slow their partition down. More partitions do not split one user: limit events per user (--rate-user).'
      : 'Users that click more often than others need nothing done.'
    lines.push(`${broker}, ${p99}. ${what}`)
  }
  return lines
}

function differs(a: number, b: number): boolean {
  return Math.abs(a - b) > Math.max(NOISE_MS, NOISE_SHARE * Math.max(a, b))
}
