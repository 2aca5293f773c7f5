/**
 * `count`: processes a preloaded topic with groupByKey, count, to; exactly-once, state on disk, one stream thread. Each
 * run is a separate process, measured from outside in the same way for both sides; the sides run in turn.
 */

import { Admin } from '../lib/client/admin.js'
import type { Cluster } from '../lib/client/cluster.js'
import { connect } from '../lib/client/connect.js'
import { delay, systemClock } from '../lib/record/clock.js'
import { benchTopic, KEYS, loadCountTopic, PARTITIONS } from './count-data.js'
import { digest, type Outputs, readCounts } from './count-outputs.js'
import { type Bench, withKafka } from './dedicated-broker.js'
import { javaProgram } from './java-side.js'
import { machine } from './machine.js'
import { commandOf, Side, type SideCommand } from './side.js'
import { median, range, round } from './statistics.js'
import { invalidFlag, type Suite } from './suite.js'

interface CountOptions {
  readonly records: number
  readonly rounds: number
  readonly commitIntervalMs: number
  readonly vsJava: boolean
  readonly seed: number
  /** Where progress goes. */
  readonly log: (line: string) => void
}

/** What one process did. Throughput is over the time from ready to the last record committed. */
export interface CountRun {
  readonly side: 'ours' | 'theirs'
  readonly recordsPerSecond: number
  readonly cpuSecondsPerMillion: number
  readonly peakRssMb: number
  /** Process start to ready, in seconds. */
  readonly startSeconds: number
  /** Records per second from process start to the last record committed, and the CPU of that whole time. */
  readonly withStart: { readonly recordsPerSecond: number; readonly cpuSecondsPerMillion: number }
  /** The same over the second half of the records only, when compilers have warmed up. */
  readonly secondHalf: { readonly recordsPerSecond: number; readonly cpuSecondsPerMillion: number }
  readonly outputRecords: number
  readonly outputsCorrect: boolean
}

const POLL_MS = 10
const STALL_MS = 120_000

async function count(options: CountOptions) {
  const java = options.vsJava ? await javaProgram() : null
  return withKafka(async (bench) => {
    const cluster = connect({ brokers: [bench.bootstrap], clientId: 'bench' })
    try {
      const input = `bench-count-${options.records}-${systemClock.now()}`
      await new Admin(cluster).createTopics([benchTopic(input)])
      const loadStartMs = systemClock.monotonicMs()
      const expected = await loadCountTopic(cluster, input, options.records, options.seed)
      const loadSeconds = (systemClock.monotonicMs() - loadStartMs) / 1_000
      options.log(`loaded ${options.records} records, ${expected.size} keys in ${round(loadSeconds, 1)} s`)
      const expectedSha256 = digest(expected)
      const runs: CountRun[] = []
      for (let i = 0; i < options.rounds; i++) {
        const context = { bench, cluster, input, expectedSha256, options, round: i }
        runs.push(await measured('ours', (args) => commandOf('worker-count', args), context))
        if (java !== null) runs.push(await measured('theirs', (args) => java.command('Count', args), context))
      }
      return report(options, bench, runs, java?.version ?? null)
    } finally {
      await cluster.close()
    }
  })
}

interface Context {
  readonly bench: Bench
  readonly cluster: Cluster
  readonly input: string
  readonly expectedSha256: string
  readonly options: CountOptions
  readonly round: number
}

async function measured(
  side: CountRun['side'],
  command: (args: readonly string[]) => SideCommand,
  { bench, cluster, input, expectedSha256, options, round: index }: Context,
): Promise<CountRun> {
  const id = `${input}-${side}-${index}`
  const output = `${id}-counts`
  await new Admin(cluster).createTopics([benchTopic(output)])
  const folder = `${bench.folder}/${side}-${index}`
  const process = new Side(
    side,
    command([bench.bootstrap, input, output, id, folder, String(options.commitIntervalMs)]),
  )
  try {
    const drained = await untilDrained(process, cluster, id, input, options.records)
    const peakRssMb = process.peakRssMb()
    await process.close()
    const outputs = await readCounts(cluster, output)
    const run = figures(side, process, drained, peakRssMb, outputs, expectedSha256, options.records)
    options.log(
      `round ${index + 1} ${side}: ${run.recordsPerSecond} records/s, ${run.cpuSecondsPerMillion} CPU s per million, ` +
        `${run.peakRssMb} MB, second half ${run.secondHalf.recordsPerSecond}/s, ` +
        `${run.outputRecords} output records, counts ${run.outputsCorrect ? 'right' : 'WRONG'}`,
    )
    return run
  } finally {
    process.kill()
  }
}

interface Mark {
  readonly atMs: number
  readonly cpuSeconds: number
  readonly records: number
}

interface Drained {
  readonly ready: Mark
  readonly half: Mark
  readonly end: Mark
}

/** Watches the group's committed offsets from outside: the same yardstick for both sides. */
async function untilDrained(
  process: Side,
  cluster: Cluster,
  groupId: string,
  topic: string,
  records: number,
): Promise<Drained> {
  const readyAtMs = await process.ready()
  const ready = { atMs: readyAtMs, cpuSeconds: process.cpuSeconds(), records: 0 }
  const admin = new Admin(cluster)
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))
  let half: Mark | null = null
  let last = ready
  for (;;) {
    const offsets = await admin.groupOffsets(groupId, partitions)
    const committed = offsets.reduce((sum, { offset }) => sum + Math.max(0, offset), 0)
    const mark = { atMs: systemClock.now(), cpuSeconds: process.cpuSeconds(), records: committed }
    if (committed >= records) return { ready, half: half ?? ready, end: mark }
    if (half === null && committed >= records / 2) half = mark
    if (committed > last.records) last = mark
    if (!process.running) throw await process.failure('ended before all input was processed')
    if (mark.atMs - last.atMs > STALL_MS)
      throw await process.failure(`made no progress at ${committed} of ${records} records`)
    await delay(systemClock, POLL_MS)
  }
}

function figures(
  side: CountRun['side'],
  process: Side,
  { ready, half, end }: Drained,
  peakRssMb: number,
  outputs: Outputs,
  expectedSha256: string,
  records: number,
): CountRun {
  const started = { atMs: process.startedAtMs, cpuSeconds: 0, records: 0 }
  return {
    side,
    ...between(ready, end, records),
    peakRssMb: round(peakRssMb, 0),
    startSeconds: round((ready.atMs - started.atMs) / 1_000, 2),
    withStart: between(started, end, records),
    secondHalf: between(half, end, records - half.records),
    outputRecords: outputs.records,
    outputsCorrect: outputs.sha256 === expectedSha256,
  }
}

function between(from: Mark, to: Mark, records: number) {
  return {
    recordsPerSecond: Math.round(records / ((to.atMs - from.atMs) / 1_000)),
    cpuSecondsPerMillion: round(((to.cpuSeconds - from.cpuSeconds) / records) * 1e6, 2),
  }
}

type Rates = Pick<CountRun, 'recordsPerSecond' | 'cpuSecondsPerMillion'>

function medians(runs: readonly Rates[]): Rates {
  return {
    recordsPerSecond: Math.round(median(runs.map((run) => run.recordsPerSecond))),
    cpuSecondsPerMillion: round(median(runs.map((run) => run.cpuSecondsPerMillion)), 2),
  }
}

function summary(runs: readonly CountRun[]) {
  return {
    ...medians(runs),
    peakRssMb: median(runs.map((run) => run.peakRssMb)),
    range: {
      recordsPerSecond: range(runs.map((run) => run.recordsPerSecond)),
      cpuSecondsPerMillion: range(runs.map((run) => run.cpuSecondsPerMillion)),
      peakRssMb: range(runs.map((run) => run.peakRssMb)),
    },
    startSeconds: median(runs.map((run) => run.startSeconds)),
    withStart: medians(runs.map((run) => run.withStart)),
    secondHalf: medians(runs.map((run) => run.secondHalf)),
    outputRecords: median(runs.map((run) => run.outputRecords)),
  }
}

function report(options: CountOptions, bench: Bench, runs: readonly CountRun[], kafkaStreams: string | null) {
  const ours = summary(runs.filter(({ side }) => side === 'ours'))
  const theirs = options.vsJava ? summary(runs.filter(({ side }) => side === 'theirs')) : null
  const ratio = (of: (side: NonNullable<typeof theirs>) => Rates) =>
    theirs === null ? null : round(of(ours).recordsPerSecond / of(theirs).recordsPerSecond, 2)
  return {
    suite: 'count',
    ours,
    theirs,
    ratio: ratio((side) => side),
    ratioWithStart: ratio((side) => side.withStart),
    ratioSecondHalf: ratio((side) => side.secondHalf),
    outputsEqual: runs.every((run) => run.outputsCorrect),
    records: options.records,
    keys: KEYS,
    partitions: PARTITIONS,
    commitIntervalMs: options.commitIntervalMs,
    rounds: options.rounds,
    kafkaStreams,
    broker: bench.broker,
    machine: machine(),
    runs,
  }
}

export const suite: Suite = {
  what: 'the time to process all records of a topic: groupByKey, count, to; --vs java also runs Kafka Streams',
  flags: { records: '1000000', rounds: '5', 'commit-interval': '100', seed: '1', vs: 'none' },
  async run({ whole, text }, log) {
    const vs = text('vs')
    if (vs !== 'java' && vs !== 'none') throw invalidFlag(`--vs ${vs}: use java or none`)
    const report = await count({
      records: whole('records', 1_000),
      rounds: whole('rounds', 1),
      commitIntervalMs: whole('commit-interval', 1),
      seed: whole('seed', 0),
      vsJava: vs === 'java',
      log,
    })
    return { report, passed: report.outputsEqual }
  },
}
