/**
 * `latency`: sends records at a fixed rate. Each is timed from its *planned* send to the first read_committed output
 * that has counted it, so a stall delays every record after it and none is omitted.
 */

import { Admin } from '../lib/client/admin.js'
import type { Cluster } from '../lib/client/cluster.js'
import { connect } from '../lib/client/connect.js'
import { IdempotentProducer } from '../lib/client/producer.js'
import { readTopic } from '../lib/client/reader.js'
import { BatchBuilder } from '../lib/protocol/index.js'
import { delay, systemClock } from '../lib/record/clock.js'
import { partitionForKey } from '../lib/record/partitioner.js'
import { seededRandom } from '../lib/record/random.js'
import { readInt64 } from '../lib/serde/int64-bytes.js'
import { benchTopic, KEYS, keyText, PARTITIONS } from './count-data.js'
import { type Bench, withKafka } from './dedicated-broker.js'
import { javaProgram } from './java-side.js'
import { machine } from './machine.js'
import { openLoop } from './open-loop.js'
import { commandOf, Side, type SideCommand } from './side.js'
import { type Latencies, latencies, median, round } from './statistics.js'
import type { Suite } from './suite.js'

interface LatencyOptions {
  /** Records per second. */
  readonly rate: number
  /** Measured time of each run, after the warm-up. */
  readonly seconds: number
  readonly rounds: number
  readonly seed: number
  readonly log: (line: string) => void
}

/** Sent and checked but not measured: compilers warm up, connections open, the group settles. */
const WARM_UP_SECONDS = 5
const ARRIVAL_TIMEOUT_MS = 60_000
const VALUE = Buffer.alloc(110, 0x78)

interface LatencyRun {
  readonly latencyMs: Latencies
  /** Over the measured time. */
  readonly recordsPerSecond: number
  readonly cpuSecondsPerMillion: number
  readonly peakRssMb: number
  /** Every record sent was counted, once. */
  readonly outputsCorrect: boolean
}

interface Contender {
  readonly name: string
  readonly command: (args: readonly string[]) => SideCommand
  readonly commitInterval: string
}

async function latency(options: LatencyOptions) {
  const java = await javaProgram()
  const contenders: Contender[] = [
    { name: 'ours', command: (args) => commandOf('worker-count', args), commitInterval: '-' },
    { name: 'java', command: (args) => java.command('Count', args), commitInterval: '100' },
    { name: 'java10ms', command: (args) => java.command('Count', args), commitInterval: '10' },
  ]
  return withKafka(async (bench) => {
    const runs = new Map<string, LatencyRun[]>(contenders.map(({ name }) => [name, []]))
    for (let i = 0; i < options.rounds; i++) {
      for (const contender of contenders) {
        const run = await measured(contender, bench, options)
        const { p50, p99, p999, mean } = run.latencyMs
        options.log(
          `round ${i + 1} ${contender.name}: p50 ${p50} p99 ${p99} p99.9 ${p999} mean ${mean} ms, ` +
            `${run.cpuSecondsPerMillion} CPU s per million, counts ${run.outputsCorrect ? 'right' : 'WRONG'}`,
        )
        runs.get(contender.name)!.push(run)
      }
    }
    const [ours, theirs, theirsAt10ms] = contenders.map(({ name }) => summary(runs.get(name)!))
    return {
      suite: 'latency',
      ours,
      theirs,
      theirsAt10ms,
      /** How many times shorter ours is than Java's default, at p99. */
      ratio: round(theirs!.latencyMs.p99 / ours!.latencyMs.p99, 2),
      outputsEqual: [...runs.values()].flat().every((run) => run.outputsCorrect),
      rate: options.rate,
      seconds: options.seconds,
      rounds: options.rounds,
      kafkaStreams: java.version,
      broker: bench.broker,
      machine: machine(),
    }
  })
}

function summary(runs: readonly LatencyRun[]) {
  const of = (pick: (run: LatencyRun) => number) => round(median(runs.map(pick)), 2)
  return {
    recordsPerSecond: of((run) => run.recordsPerSecond),
    cpuSecondsPerMillion: of((run) => run.cpuSecondsPerMillion),
    peakRssMb: of((run) => run.peakRssMb),
    latencyMs: {
      p50: of((run) => run.latencyMs.p50),
      p99: of((run) => run.latencyMs.p99),
      p999: of((run) => run.latencyMs.p999),
      mean: of((run) => run.latencyMs.mean),
      max: of((run) => run.latencyMs.max),
    },
    runs: runs.map((run) => run.latencyMs),
  }
}

async function measured(contender: Contender, bench: Bench, options: LatencyOptions): Promise<LatencyRun> {
  const id = `bench-latency-${contender.name}-${systemClock.now()}`
  const cluster = connect({ brokers: [bench.bootstrap], clientId: 'bench' })
  await new Admin(cluster).createTopics([benchTopic(id), benchTopic(`${id}-counts`)])
  const args = [bench.bootstrap, id, `${id}-counts`, id, `${bench.folder}/${id}`, contender.commitInterval]
  const side = new Side(contender.name, contender.command(args))
  const stop = new AbortController()
  try {
    await side.ready()
    const arrivals = new Arrivals()
    const reading = arrivals.read(cluster, `${id}-counts`, stop.signal)
    const cpuBefore = side.cpuSeconds()
    await send(cluster, id, arrivals, options)
    const deadlineMs = systemClock.monotonicMs() + ARRIVAL_TIMEOUT_MS
    while (arrivals.outstanding > 0 && systemClock.monotonicMs() < deadlineMs) await delay(systemClock, 20)
    const cpuSeconds = side.cpuSeconds() - cpuBefore
    const peakRssMb = round(side.peakRssMb(), 0)
    stop.abort()
    await reading
    await side.close()
    return {
      latencyMs: latencies(arrivals.samples),
      recordsPerSecond: options.rate,
      cpuSecondsPerMillion: round((cpuSeconds / arrivals.sent) * 1e6, 2),
      peakRssMb,
      outputsCorrect: arrivals.outstanding === 0 && !arrivals.miscounted,
    }
  } finally {
    stop.abort()
    side.kill()
    await cluster.close()
  }
}

async function send(cluster: Cluster, topic: string, arrivals: Arrivals, options: LatencyOptions): Promise<void> {
  const random = seededRandom(`${options.seed}/latency`)
  const producer = new IdempotentProducer({ cluster })
  await producer.init()
  const failures: unknown[] = []
  const warmUp = options.rate * WARM_UP_SECONDS
  const records = warmUp + options.rate * options.seconds
  await openLoop({ rate: options.rate, records }, (from, to, intendedMs) => {
    const builders = new Map<number, BatchBuilder>()
    for (let i = from; i < to; i++) {
      const text = keyText(random.int(KEYS))
      const key = Buffer.from(text)
      const partition = partitionForKey(key, PARTITIONS)
      let builder = builders.get(partition)
      if (builder === undefined) {
        builder = new BatchBuilder({ initialBytes: 1_024 })
        builders.set(partition, builder)
      }
      builder.append(systemClock.now(), key, VALUE)
      arrivals.expect(text, intendedMs(i), i >= warmUp)
    }
    const batches = [...builders].map(([partition, builder]) => ({ topic, partition, builder }))
    producer.send(batches).catch((error) => failures.push(error))
  })
  if (failures.length > 0) throw failures[0]
}

/** Matches outputs with the records they count: the n-th record of a key has arrived with the first count >= n. */
class Arrivals {
  readonly samples: number[] = []
  sent = 0
  outstanding = 0
  /** A count went down, or past what was sent. */
  miscounted = false
  readonly #waiting = new Map<string, { counted: number; meantMs: number[]; measured: boolean[] }>()

  expect(key: string, meantMs: number, measured: boolean): void {
    let waiting = this.#waiting.get(key)
    if (waiting === undefined) {
      waiting = { counted: 0, meantMs: [], measured: [] }
      this.#waiting.set(key, waiting)
    }
    waiting.meantMs.push(meantMs)
    waiting.measured.push(measured)
    this.sent++
    this.outstanding++
  }

  async read(cluster: Cluster, topic: string, signal: AbortSignal): Promise<void> {
    for await (const { records } of readTopic({ cluster, topic, until: 'never', signal })) {
      const nowMs = systemClock.monotonicMs()
      for (const { key, value } of records) this.#arrived(key!.toString(), readInt64(value!, 0), nowMs)
    }
  }

  #arrived(key: string, count: number, nowMs: number): void {
    const waiting = this.#waiting.get(key)
    if (waiting === undefined || count <= waiting.counted || count > waiting.meantMs.length) {
      this.miscounted = true
      return
    }
    for (let i = waiting.counted; i < count; i++) {
      if (waiting.measured[i]) this.samples.push(nowMs - waiting.meantMs[i]!)
      this.outstanding--
    }
    waiting.counted = count
  }
}

export const suite: Suite = {
  what: 'the time from the planned send to the committed arrival, at a fixed rate',
  flags: { rate: '2000', seconds: '30', rounds: '1', seed: '1' },
  async run({ whole }, log) {
    const report = await latency({
      rate: whole('rate', 1),
      seconds: whole('seconds', 1),
      rounds: whole('rounds', 1),
      seed: whole('seed', 0),
      log,
    })
    return { report, passed: report.outputsEqual }
  },
}
