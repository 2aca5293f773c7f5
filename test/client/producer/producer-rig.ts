/** A plain producer over a scripted broker, and what it sent in short. */
import { Producer, type ProducerOptions, string, topic } from '../../../lib/index.js'
import { readBatches } from '../../../lib/protocol/index.js'
import { type Script, ScriptedBroker } from '../scripted-broker.js'

export const words = topic('words', { key: string, value: string })

export function rig(options: Partial<ProducerOptions> = {}) {
  const broker = new ScriptedBroker()
  const producer = new Producer({ cluster: broker.cluster, deliveryTimeoutMs: 10_000, ...options })
  /** One record of partition 0. */
  const send = (value: string) => producer.send(words, { value, partition: 0 })
  return { broker, producer, send }
}

/** Per request: what each batch carries, as `partition:epoch/sequence=values`. */
export function requests(broker: ScriptedBroker): string[][] {
  return broker.named('Produce').map(({ request }) =>
    (request.topicData as { partitionData: { index: number; records: Buffer }[] }[]).flatMap((ofTopic) =>
      ofTopic.partitionData.map(({ index, records }) => {
        const [batch] = readBatches(records)
        const values: string[] = []
        for (const cursor = batch!.records(); cursor.next(); ) values.push(String(cursor.value()))
        return `${index}:${batch!.producerEpoch}/${batch!.baseSequence}=${values.join(',')}`
      }),
    ),
  )
}

export async function told(sends: readonly Promise<{ readonly offset: number }>[]): Promise<(string | number)[]> {
  const results = await Promise.allSettled(sends)
  return results.map((result) => (result.status === 'fulfilled' ? result.value.offset : result.reason.code))
}

/** Answers partition 0 of the request. */
export const answering =
  (errorCode: number, more: object = {}): Script =>
  () => ({ responses: [{ name: 'words', partitionResponses: [{ index: 0, errorCode, baseOffset: -1, ...more }] }] })
