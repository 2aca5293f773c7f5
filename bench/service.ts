/** `service` and `hotspots`: intended click to WebSocket frame, on either broker, by partitions and by how uneven users are. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withKafka } from './dedicated-broker.js'
import { machine } from './machine.js'
import { runService, type ServiceRun, type ServiceRunOptions } from './service-run.js'

export interface ServiceOptions {
  readonly rate: number
  readonly seconds: number
  readonly seed: number
  readonly log: (line: string) => void
}

/** What the service promises for a carousel, in milliseconds. */
const MEAN_LIMIT_MS = 150
const P99_LIMIT_MS = 200
const PARTITIONS = 12
const ZIPF = 1.2

export async function service(options: ServiceOptions) {
  const embedded = await withFolder((folder) => logged(options, 'embedded', { bootstrap: null, folder, ...EVEN }))
  const { kafka, broker } = await withKafka(async (bench) => ({
    kafka: await logged(options, 'kafka', { bootstrap: bench.bootstrap, folder: bench.folder, ...EVEN }),
    broker: bench.broker,
  }))
  return {
    suite: 'service',
    ours: kafka,
    theirs: null,
    ratio: null,
    /** Every click answered by one frame, never two. */
    outputsEqual: [embedded, kafka].every(isWhole),
    withinLimits: [embedded, kafka].every(
      ({ latencyMs }) => latencyMs.mean < MEAN_LIMIT_MS && latencyMs.p99 < P99_LIMIT_MS,
    ),
    limitsMs: { mean: MEAN_LIMIT_MS, p99: P99_LIMIT_MS },
    embedded,
    kafka,
    rate: options.rate,
    seconds: options.seconds,
    broker,
    machine: machine(),
  }
}

export async function hotspots(options: ServiceOptions) {
  return withKafka(async ({ bootstrap, folder, broker }) => {
    const rows: (ServiceRun & { readonly partitions: number; readonly keys: string })[] = []
    for (const partitions of [3, 12]) {
      for (const zipf of [0, ZIPF]) {
        const keys = zipf === 0 ? 'uniform' : `zipf ${zipf}`
        const run = await logged(options, `${partitions} partitions, ${keys}`, { bootstrap, folder, partitions, zipf })
        rows.push({ partitions, keys, ...run })
      }
    }
    return {
      suite: 'hotspots',
      ours: rows.find(({ partitions, keys }) => partitions === 12 && keys === 'uniform')!,
      theirs: null,
      ratio: null,
      outputsEqual: rows.every(isWhole),
      rows,
      rate: options.rate,
      seconds: options.seconds,
      broker,
      machine: machine(),
    }
  })
}

const EVEN = { partitions: PARTITIONS, zipf: 0 } as const

async function logged(
  { rate, seconds, seed, log }: ServiceOptions,
  name: string,
  target: Pick<ServiceRunOptions, 'bootstrap' | 'folder' | 'partitions' | 'zipf'>,
): Promise<ServiceRun> {
  const run = await runService({ rate, seconds, seed, ...target })
  const { mean, p50, p99, p999 } = run.latencyMs
  log(
    `${name}: mean ${mean} p50 ${p50} p99 ${p99} p99.9 ${p999} ms, ${run.cpuSecondsPerMillion} CPU s per million, ` +
      `${run.peakRssMb} MB, ${run.unanswered} unanswered, ${run.doubled} doubled`,
  )
  return run
}

function isWhole({ unanswered, doubled }: ServiceRun): boolean {
  return unanswered === 0 && doubled === 0
}

async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
