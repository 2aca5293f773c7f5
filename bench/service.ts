/** `service`: planned click to WebSocket frame, on either broker. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withKafka } from './dedicated-broker.js'
import { machine } from './machine.js'
import { runService, type ServiceRun, type ServiceRunOptions } from './service-run.js'
import { type FlagValues, invalidFlag, type Log, type Suite } from './suite.js'

/** Which broker the service runs on: the one in its own process, Kafka, or each in turn. */
type Brokers = 'embedded' | 'kafka' | 'both'

export interface ServiceOptions {
  readonly rate: number
  readonly seconds: number
  readonly seed: number
  readonly brokers: Brokers
  readonly log: (line: string) => void
}

export interface Row extends ServiceRun {
  readonly broker: string
  readonly partitions: number
  readonly keys: string
  readonly withinLimits: boolean
}

/** What the service promises for a carousel, in milliseconds. */
const MEAN_LIMIT_MS = 50
const P99_LIMIT_MS = 200
export const PARTITIONS = 12

async function service(options: ServiceOptions) {
  const { rows, broker } = await onEach(options, [{ partitions: PARTITIONS, zipf: 0 }])
  const of = (name: string) => rows.find((row) => row.broker === name) ?? null
  const [embedded, kafka] = [of('embedded'), of('kafka')]
  return { suite: 'service', ...serviceReport(options, rows, (kafka ?? embedded)!), embedded, kafka, broker }
}

export function serviceReport({ rate, seconds }: ServiceOptions, rows: readonly Row[], ours: Row) {
  return {
    ours,
    theirs: null,
    ratio: null,
    /** Every click answered by one frame, never two. */
    outputsEqual: rows.every(({ unanswered, doubled }) => unanswered === 0 && doubled === 0),
    withinLimits: rows.every((row) => row.withinLimits),
    limitsMs: { mean: MEAN_LIMIT_MS, p99: P99_LIMIT_MS },
    rate,
    seconds,
    machine: machine(),
  }
}

type Case = Pick<ServiceRunOptions, 'partitions' | 'zipf'>

/** `broker`: how Kafka was had; null where it was not asked for. */
export async function onEach(
  options: ServiceOptions,
  cases: readonly Case[],
): Promise<{ readonly rows: Row[]; readonly broker: string | null }> {
  const rows: Row[] = []
  const runAll = async (target: Pick<ServiceRunOptions, 'bootstrap' | 'folder'>) => {
    for (const one of cases) rows.push(await run(options, one, target))
  }
  if (options.brokers !== 'kafka') await withFolder((folder) => runAll({ bootstrap: null, folder }))
  if (options.brokers === 'embedded') return { rows, broker: null }
  return withKafka(async ({ bootstrap, folder, broker }) => {
    await runAll({ bootstrap, folder })
    return { rows, broker }
  })
}

async function run(
  { rate, seconds, seed, log }: ServiceOptions,
  { partitions, zipf }: Case,
  target: Pick<ServiceRunOptions, 'bootstrap' | 'folder'>,
): Promise<Row> {
  const broker = target.bootstrap === null ? 'embedded' : 'kafka'
  const keys = zipf === 0 ? 'uniform' : `zipf ${zipf}`
  const result = await runService({ rate, seconds, seed, partitions, zipf, ...target })
  const { mean, p50, p99, p999 } = result.latencyMs
  log(
    `${broker}, ${partitions} partitions, ${keys}: mean ${mean} p50 ${p50} p99 ${p99} p99.9 ${p999} ms, ` +
      `${result.cpuSecondsPerMillion} CPU s per million, ${result.peakRssMb} MB, ` +
      `${result.unanswered} unanswered, ${result.doubled} doubled`,
  )
  return { broker, partitions, keys, withinLimits: mean <= MEAN_LIMIT_MS && p99 <= P99_LIMIT_MS, ...result }
}

async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export const SERVICE_FLAGS = { rate: '500', seconds: '60', seed: '1', broker: 'both' }

export function serviceOptions({ text, whole }: FlagValues, log: Log): ServiceOptions {
  const brokers = text('broker')
  if (brokers !== 'embedded' && brokers !== 'kafka' && brokers !== 'both') {
    throw invalidFlag(`--broker ${brokers}: use embedded, kafka or both`)
  }
  return { brokers, rate: whole('rate', 1), seconds: whole('seconds', 1), seed: whole('seed', 0), log }
}

export const suite: Suite = {
  what: 'the time from a click to its WebSocket frame, at a fixed rate',
  flags: SERVICE_FLAGS,
  async run(values, log) {
    const report = await service(serviceOptions(values, log))
    return { report, passed: report.outputsEqual }
  },
}
