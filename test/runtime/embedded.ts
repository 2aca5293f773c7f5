/** What tests of a running instance share: an embedded broker, topics, records in, committed records out. */
import type { Test } from 'tap'
import { Admin, type Cluster, connect, embeddedBroker, readAll, TransactionalProducer } from '../../lib/index.js'

export interface Line {
  readonly topic: string
  readonly key: string | null
  readonly value: string | null
  readonly timestamp?: number
  readonly partition?: number
}

export async function embedded(t: Test, topics: Readonly<Record<string, number>>) {
  const broker = await embeddedBroker({ folder: null })
  const cluster: Cluster = connect({ broker })
  const admin = new Admin(cluster)
  await admin.createTopics(
    Object.entries(topics).map(([name, partitions]) => ({ name, partitions, config: { 'retention.ms': '-1' } })),
  )
  const producer = new TransactionalProducer({ cluster, transactionalId: 'test-input' })
  await producer.init()
  t.teardown(async () => {
    await cluster.close()
    await broker.close()
  })
  return {
    broker,
    admin,
    async send(lines: readonly Line[]): Promise<void> {
      producer.begin()
      for (const { key, value, ...rest } of lines) {
        await producer.append({
          ...rest,
          key: key === null ? null : Buffer.from(key),
          value: value === null ? null : Buffer.from(value),
        })
      }
      await producer.commit()
    },
    /** Everything committed on the topic, as `key=value` in partition then offset order. */
    async committed(topic: string, show: (value: Buffer) => unknown = String): Promise<string[]> {
      const records = await readAll({ cluster, topic })
      return records.map(({ key, value }) => `${key}=${value === null ? null : show(value)}`)
    },
    /** Polls until `enough` holds for what is committed on the topic; returns it either way after five seconds. */
    async until(
      topic: string,
      enough: (records: string[]) => boolean,
      show: (value: Buffer) => unknown = String,
    ): Promise<string[]> {
      for (const deadline = Date.now() + 5_000; ; ) {
        const records = await this.committed(topic, show)
        if (enough(records) || Date.now() > deadline) return records
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
  }
}

export const asInt64 = (value: Buffer): number => Number(value.readBigInt64BE())
