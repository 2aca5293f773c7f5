/**
 * `produce`: an application that writes records and waits for their acknowledgement. The plain producer with many sends at
 * once, the transactional one with a transaction for each record, and with all of them in one.
 */
import { Admin, type Cluster, connect, Producer, readAll, systemClock, TransactionalProducer } from '../lib/index.js'
import { withKafka } from './dedicated-broker.js'
import { machine } from './machine.js'
import { median, range } from './statistics.js'

export interface ProduceOptions {
  readonly records: number
  readonly rounds: number
  readonly log: (line: string) => void
}

const PARTITIONS = 8
const VALUE_BYTES = 100
/** As many acknowledgements as an application waits for at once. */
const AT_ONCE = 10_000
/** A transaction for each record is slow: fewer say as much. */
const ALONE = 500

type Way = (cluster: Cluster, topic: string, records: number) => Promise<void>

const record = (i: number) => ({ key: Buffer.from(`key-${i % 1_000}`), value: Buffer.alloc(VALUE_BYTES, i & 0xff) })

const WAYS: Readonly<Record<'plain' | 'oneTransaction' | 'transactionEach', Way>> = {
  async plain(cluster, topic, records) {
    const producer = new Producer({ cluster })
    for (let from = 0; from < records; from += AT_ONCE) {
      const sends: Promise<unknown>[] = []
      for (let i = from; i < Math.min(records, from + AT_ONCE); i++) sends.push(producer.send(topic, record(i)))
      await Promise.all(sends)
    }
    await producer.close()
  },
  async oneTransaction(cluster, topic, records) {
    const producer = new TransactionalProducer({ cluster, transactionalId: topic, transactionTimeoutMs: 60_000 })
    await producer.init()
    producer.begin()
    for (let i = 0; i < records; i++) await producer.append({ topic, ...record(i) })
    await producer.commit()
    await producer.close()
  },
  async transactionEach(cluster, topic, records) {
    const producer = new TransactionalProducer({ cluster, transactionalId: topic })
    await producer.init()
    for (let i = 0; i < records; i++) {
      producer.begin()
      await producer.append({ topic, ...record(i) })
      await producer.commit()
    }
    await producer.close()
  },
}

export async function produce({ records, rounds, log }: ProduceOptions) {
  return withKafka(async ({ bootstrap, broker }) => {
    const cluster = connect({ brokers: [bootstrap], clientId: 'bench' })
    const rates = { plain: [] as number[], oneTransaction: [] as number[], transactionEach: [] as number[] }
    const names = Object.keys(WAYS) as (keyof typeof WAYS)[]
    let outputsEqual = true
    try {
      for (let round = 0; round < rounds; round++) {
        for (const name of names) {
          const count = name === 'transactionEach' ? Math.min(ALONE, records) : records
          const topic = `bench-produce-${systemClock.now()}-${name}`
          await new Admin(cluster).createTopics([{ name: topic, partitions: PARTITIONS }])
          await cluster.topic(topic)
          const startMs = systemClock.monotonicMs()
          await WAYS[name](cluster, topic, count)
          rates[name].push(Math.round((count / (systemClock.monotonicMs() - startMs)) * 1_000))
          outputsEqual &&= (await readAll({ cluster, topic })).length === count
        }
        log(`round ${round + 1}: ${names.map((name) => `${name} ${rates[name].at(-1)}`).join(', ')} records/s`)
      }
    } finally {
      await cluster.close()
    }
    const figures = Object.fromEntries(
      names.map((name) => [name, { recordsPerSecond: median(rates[name]), range: range(rates[name]) }]),
    )
    return { suite: 'produce', ...figures, outputsEqual, records, partitions: PARTITIONS, broker, machine: machine() }
  })
}
