/**
 * Reads partitions from given offsets, to an end or without one, and without a group: for restores, replays and
 * summaries.
 */

import { MillraceError } from '../errors.js'
import { exactTimestamp } from '../protocol/index.js'
import { requireKnown } from '../record/known-options.js'
import type { TopicPartition, TopicRecord } from '../record/record.js'
import type { Lane } from '../transport/transport.js'
import type { Cluster } from './cluster.js'
import type { Isolation } from './fetch-request.js'
import { Fetcher } from './fetcher.js'
import { listOffsets } from './list-offsets.js'

export interface ReaderOptions {
  readonly cluster: Cluster
  readonly topic: string
  /** Default: all of them. */
  readonly partitions?: readonly number[]
  /** Default "readCommitted". */
  readonly isolation?: Isolation
  /** A partition not named here begins at `elseFrom`. */
  readonly from?: ReadonlyMap<number, number>
  /** Default "earliest". */
  readonly elseFrom?: 'earliest' | 'latest'
  /**
   * `now`: ends where the topic ended when reading began (for readCommitted that is the last stable offset). `never`:
   * goes on until the caller breaks out or aborts.
   */
  readonly until: 'now' | 'never'
  readonly signal?: AbortSignal
  /** Default "read". */
  readonly lane?: Lane
  /** How long a broker holds an empty answer. Default 10 until `now`, where the data is there, else 100. */
  readonly maxWaitMs?: number
}

/** Records of one partition, in offset order; key and value are subarrays that keep the fetched bytes alive. */
export interface ReadChunk {
  readonly topic: string
  readonly partition: number
  readonly records: readonly TopicRecord[]
  /** Where to go on from next time. */
  readonly nextOffset: number
}

/**
 * Chunks as they arrive; order holds within a partition. Breaking out of the loop closes the reader.
 * @throws CLIENT_TOPIC_MISSING, CLIENT_OFFSET_OUT_OF_RANGE, CLIENT_AUTHORIZATION, PROTOCOL_*, RECORD_TIMESTAMP_INVALID
 * where a record's time is beyond 2^53: reading can go on behind it
 */
export async function* readTopic(options: ReaderOptions): AsyncGenerator<ReadChunk, void, undefined> {
  checkOptions(options)
  const { cluster, topic } = options
  const isolation = options.isolation ?? 'readCommitted'
  const numbers = options.partitions ?? [...(await cluster.topic(topic)).leaders.keys()]
  const partitions = numbers.map((partition) => ({ topic, partition }))
  const starts = await startOffsets(cluster, partitions, options)
  const ends = options.until === 'now' ? await endOffsets(cluster, partitions, isolation) : null
  const open = new Set(numbers.filter((p) => ends === null || starts.get(p)! < ends.get(p)!))
  const fetcher = new Fetcher({
    cluster,
    isolation,
    lane: options.lane ?? 'read',
    maxWaitMs: options.maxWaitMs ?? (ends === null ? 100 : 10),
  })
  let wake: () => void = () => undefined
  const onAbort = () => wake()
  fetcher.onArrival = () => wake()
  options.signal?.addEventListener('abort', onAbort)
  try {
    for (const partition of open) fetcher.add({ topic, partition }, starts.get(partition)!)
    while (open.size > 0 && options.signal?.aborted !== true) {
      const arrived = new Promise<void>((resolve) => {
        wake = resolve
      })
      const fetched = fetcher.poll()
      if (fetched.length === 0) await arrived
      for (const { partition, batches, startOffset, nextOffset } of fetched) {
        if (!open.has(partition)) continue
        const end = ends?.get(partition) ?? Number.POSITIVE_INFINITY
        const records: TopicRecord[] = []
        for (const batch of batches) collect(batch, topic, partition, startOffset, end, records)
        if (nextOffset >= end) {
          open.delete(partition)
          fetcher.remove({ topic, partition })
        }
        yield { topic, partition, records, nextOffset: Math.min(nextOffset, end) }
      }
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    fetcher.close()
  }
}

/** All records the topic holds now, by partition then offset; for topics that fit in memory. */
export async function readAll(options: Omit<ReaderOptions, 'until'>): Promise<TopicRecord[]> {
  const byPartition = new Map<number, TopicRecord[]>()
  for await (const { partition, records } of readTopic({ ...options, until: 'now' })) {
    const list = byPartition.get(partition)
    if (list === undefined) byPartition.set(partition, [...records])
    else for (const record of records) list.push(record)
  }
  return [...byPartition.keys()].sort((a, b) => a - b).flatMap((partition) => byPartition.get(partition)!)
}

type Batch = ReturnType<Fetcher['poll']>[number]['batches'][number]

function collect(batch: Batch, topic: string, partition: number, from: number, end: number, into: TopicRecord[]): void {
  const cursor = batch.records()
  while (cursor.next()) {
    const { offset } = cursor
    if (offset < from || offset >= end) continue
    into.push({
      topic,
      partition,
      offset,
      timestamp: exactTimestamp(cursor, topic, partition),
      key: cursor.key(),
      value: cursor.value(),
      headers: cursor.headers(),
    })
  }
}

async function startOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  options: ReaderOptions,
): Promise<Map<number, number>> {
  const starts = new Map(options.from)
  const rest = partitions.filter(({ partition }) => !starts.has(partition))
  if (rest.length > 0) {
    const isolation = options.isolation ?? 'readCommitted'
    for (const found of await listOffsets(cluster, rest, options.elseFrom ?? 'earliest', isolation)) {
      starts.set(found.partition, found.offset)
    }
  }
  return starts
}

async function endOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  isolation: Isolation,
): Promise<Map<number, number>> {
  const found = await listOffsets(cluster, partitions, 'latest', isolation)
  return new Map(found.map(({ partition, offset }) => [partition, offset]))
}

const OPTIONS = [
  'cluster',
  'topic',
  'partitions',
  'isolation',
  'from',
  'elseFrom',
  'until',
  'signal',
  'lane',
  'maxWaitMs',
]

/** What is no word of these would be another one without a word: `until: 'end'` would never end. */
function checkOptions(options: ReaderOptions): void {
  requireKnown(options, OPTIONS, 'reading a topic', 'CONFIG_INVALID')
  const { cluster, topic, partitions, from, until, isolation = 'readCommitted', elseFrom = 'earliest' } = options
  const wholes = (given: readonly unknown[]) =>
    given.every((each) => Number.isSafeInteger(each) && (each as number) >= 0)
  const rules: readonly (readonly [holds: boolean, option: string, wanted: string])[] = [
    [typeof cluster?.topic === 'function', 'cluster', 'a value that `connect` returned'],
    [typeof topic === 'string', 'topic', 'a name'],
    [until === 'now' || until === 'never', 'until', "'now' or 'never'"],
    [
      isolation === 'readCommitted' || isolation === 'readUncommitted',
      'isolation',
      "'readCommitted' or 'readUncommitted'",
    ],
    [elseFrom === 'earliest' || elseFrom === 'latest', 'elseFrom', "'earliest' or 'latest'"],
    [partitions === undefined || (Array.isArray(partitions) && wholes(partitions)), 'partitions', 'a list of numbers'],
    [from === undefined || (from instanceof Map && wholes([...from].flat())), 'from', 'a Map of partition to offset'],
  ]
  const broken = rules.find(([holds]) => !holds)
  if (broken !== undefined)
    throw new MillraceError('CONFIG_INVALID', `option ${broken[1]} of reading a topic is not ${broken[2]}`)
}
