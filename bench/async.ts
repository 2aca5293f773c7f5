/**
 * `async`: one partition, a handler that waits 2 ms for something outside, exactly-once. First one handler at a time,
 * which is what a synchronous processor could do, then as many as the operator allows.
 */
import { Admin } from '../lib/client/admin.js'
import type { Cluster } from '../lib/client/cluster.js'
import { connect } from '../lib/client/connect.js'
import { IdempotentProducer } from '../lib/client/producer.js'
import { StreamsBuilder } from '../lib/dsl/streams-builder.js'
import { BatchBuilder } from '../lib/protocol/index.js'
import { delay, systemClock } from '../lib/record/clock.js'
import { int64, string } from '../lib/serde/primitive.js'
import { Streams } from '../lib/streams.js'
import { withKafka } from './dedicated-broker.js'
import { machine } from './machine.js'
import { median, range, round } from './statistics.js'
import type { Suite } from './suite.js'

interface AsyncOptions {
  readonly records: number
  readonly rounds: number
  readonly log: (line: string) => void
}

interface Run {
  readonly recordsPerSecond: number
  /** Every record came out once, those of a key in order. */
  readonly correct: boolean
}

const KEYS = 1_000
const HANDLER_MS = 2
const CONCURRENCY = 512
const SERIAL_RECORDS = 1_000
const BATCH_RECORDS = 500

async function asyncHandlers({ records, rounds, log }: AsyncOptions) {
  return withKafka(async ({ bootstrap, broker }) => {
    const cluster = connect({ brokers: [bootstrap], clientId: 'bench' })
    try {
      const serial: Run[] = []
      const concurrent: Run[] = []
      for (let round = 0; round < rounds; round++) {
        serial.push(await drain(cluster, bootstrap, SERIAL_RECORDS, 1))
        concurrent.push(await drain(cluster, bootstrap, records, CONCURRENCY))
        log(
          `round ${round + 1}: ${serial.at(-1)!.recordsPerSecond} and ${concurrent.at(-1)!.recordsPerSecond} records/s`,
        )
      }
      const rate = (runs: readonly Run[]) => median(runs.map(({ recordsPerSecond }) => recordsPerSecond))
      return {
        suite: 'async',
        ours: { recordsPerSecond: rate(concurrent), range: range(concurrent.map((run) => run.recordsPerSecond)) },
        serial: { recordsPerSecond: rate(serial), range: range(serial.map((run) => run.recordsPerSecond)) },
        ratio: round(rate(concurrent) / rate(serial), 1),
        outputsEqual: [...serial, ...concurrent].every(({ correct }) => correct),
        handlerMs: HANDLER_MS,
        concurrency: CONCURRENCY,
        keys: KEYS,
        records,
        broker,
        machine: machine(),
      }
    } finally {
      await cluster.close()
    }
  })
}

/** From the first handler call to the last record committed. */
async function drain(cluster: Cluster, bootstrap: string, records: number, concurrency: number): Promise<Run> {
  const id = `bench-async-${systemClock.now()}`
  const [input, output] = [`${id}-in`, `${id}-out`]
  await new Admin(cluster).createTopics([
    { name: input, partitions: 1 },
    { name: output, partitions: 1 },
  ])
  await load(cluster, input, records)
  let startMs = 0
  const builder = new StreamsBuilder()
  builder
    .stream(input, { key: string, value: int64 })
    .mapValuesAsync(
      async (value) => {
        if (startMs === 0) startMs = systemClock.monotonicMs()
        await delay(systemClock, HANDLER_MS)
        return value
      },
      { concurrency },
    )
    .to(output, { key: string, value: int64 })
  const streams = new Streams(builder.build(), { applicationId: id, brokers: [bootstrap] })
  const last = new Map<string, number>()
  let [seen, inOrder, endMs] = [0, true, 0]
  const done = new Promise<void>((resolve) => {
    streams.onCommitted(output, (committed) => {
      for (const { key, value } of committed) {
        const [name, number] = [String(key), int64.deserialize(value!, output)]
        if (number <= (last.get(name) ?? -1)) inOrder = false
        last.set(name, number)
        seen++
      }
      endMs = systemClock.monotonicMs()
      if (seen >= records) resolve()
    })
  })
  await streams.start()
  await Promise.race([done, streams.finished])
  await streams.close({ leaveGroup: true })
  const seconds = (endMs - startMs) / 1_000
  return { recordsPerSecond: Math.round(records / seconds), correct: inOrder && seen === records }
}

async function load(cluster: Cluster, topic: string, records: number): Promise<void> {
  const producer = new IdempotentProducer({ cluster })
  for (let from = 0; from < records; from += BATCH_RECORDS) {
    const builder = new BatchBuilder()
    for (let i = from; i < Math.min(records, from + BATCH_RECORDS); i++) {
      builder.append(systemClock.now(), Buffer.from(`key-${i % KEYS}`), int64.serialize(i, topic))
    }
    await producer.send([{ topic, partition: 0, builder }])
  }
  await producer.close()
}

export const suite: Suite = {
  what: 'a handler that waits 2 ms: one at a time, and 512 at the same time',
  flags: { records: '50000', rounds: '3' },
  async run({ whole }, log) {
    const report = await asyncHandlers({ records: whole('records', 1_000), rounds: whole('rounds', 1), log })
    return { report, passed: report.outputsEqual && report.ratio >= 50 }
  },
}
