/**
 * Reads partitions from given offsets, to an end or without one, and without a group: for restores, replays and
 * summaries.
 */

import { MillraceError } from '../errors.js'
import { exactTimestamp } from '../protocol/index.js'
import type { TopicPartition, TopicRecord } from '../record/record.js'
import { Topic } from '../serde/topic.js'
import { Cluster } from './cluster.js'
import { type Connection, clientOptions, clusterOf, isBroker } from './connect.js'
import type { Isolation } from './fetch-request.js'
import { Fetcher } from './fetcher.js'
import { listOffsets } from './list-offsets.js'
import { checkReaderOptions, type ReadChunk, type ReaderOptions, type ReadOptions } from './reader-options.js'
import { typedRecords } from './typed-records.js'

/**
 * Chunks as they arrive, until the present end of the topic unless `until` says `never`. Order holds within a partition. Breaking
 * out of the loop closes the reader.
 *
 *     for await (const { records } of readTopic(connection, words)) ...
 *
 * @throws CONFIG_INVALID, CLIENT_TOPIC_MISSING, CLIENT_OFFSET_OUT_OF_RANGE, CLIENT_AUTHORIZATION, PROTOCOL_*; DESERIALIZE_FAILED, and
 * RECORD_TIMESTAMP_INVALID for a time beyond 2^53: the records before that one have come, and reading can continue behind it
 */
export function readTopic<K, V>(
  source: Cluster | Connection,
  topic: Topic<K, V>,
  options?: ReadOptions,
): AsyncGenerator<ReadChunk<K, V>, void, undefined>
export function readTopic(
  source: Cluster | Connection,
  topic: string,
  options?: ReadOptions,
): AsyncGenerator<ReadChunk, void, undefined>
export function readTopic<K, V>(
  options: ReaderOptions<K, V> & { readonly topic: Topic<K, V> },
): AsyncGenerator<ReadChunk<K, V>, void, undefined>
export function readTopic(
  options: ReaderOptions & { readonly topic: string },
): AsyncGenerator<ReadChunk, void, undefined>
export function readTopic(...given: ReadArguments): AsyncGenerator<ReadChunk<unknown, unknown>, void, undefined> {
  return read(given)
}

/** All records the topic holds now, by partition then offset; for topics that fit in memory. Arguments as for `readTopic`. */
export async function readAll<K, V>(
  source: Cluster | Connection,
  topic: Topic<K, V>,
  options?: Omit<ReadOptions, 'until'>,
): Promise<TopicRecord<K, V>[]>
export async function readAll(
  source: Cluster | Connection,
  topic: string,
  options?: Omit<ReadOptions, 'until'>,
): Promise<TopicRecord[]>
export async function readAll<K, V>(
  options: Omit<ReaderOptions<K, V>, 'until'> & { readonly topic: Topic<K, V> },
): Promise<TopicRecord<K, V>[]>
export async function readAll(
  options: Omit<ReaderOptions, 'until'> & { readonly topic: string },
): Promise<TopicRecord[]>
export async function readAll(...given: ReadArguments): Promise<TopicRecord<unknown, unknown>[]> {
  const byPartition = new Map<number, TopicRecord<unknown, unknown>[]>()
  for await (const { partition, records } of read(given, 'now')) {
    const list = byPartition.get(partition)
    if (list === undefined) byPartition.set(partition, [...records])
    else for (const record of records) list.push(record)
  }
  return [...byPartition.keys()].sort((a, b) => a - b).flatMap((partition) => byPartition.get(partition)!)
}

const BOTH = 'give a connection, a topic, and options if you like: readTopic(connection, topic, { from })'

type AnyReaderOptions = ReaderOptions<unknown, unknown>
type ReadArguments = readonly [unknown, unknown?, ReadOptions?]

/** Options as one object, or as a cluster or connection, a topic and the rest. */
function readerOptions([source, topic, options]: ReadArguments): AnyReaderOptions {
  if (topic === undefined) {
    const isOneOfThem = typeof source === 'string' || source instanceof Cluster || Topic.is(source)
    if (isOneOfThem || isBroker(source as Connection)) throw new MillraceError('CONFIG_INVALID', BOTH)
    return source as AnyReaderOptions
  }
  return { ...options, ...clientOptions(source as Cluster | Connection), topic: topic as AnyReaderOptions['topic'] }
}

async function* read(
  given: ReadArguments,
  only?: ReadOptions['until'],
): AsyncGenerator<ReadChunk<unknown, unknown>, void, undefined> {
  const options = readerOptions(given)
  checkReaderOptions(options)
  if (only !== undefined && (options.until ?? only) !== only) {
    const text = "readAll reads until now: omit option until, or use readTopic for until: 'never'"
    throw new MillraceError('CONFIG_INVALID', text)
  }
  const { topic } = options
  const { cluster, isOwn } = clusterOf(options)
  try {
    for await (const chunk of readBytes(cluster, typeof topic === 'string' ? topic : topic.name, options)) {
      if (typeof topic === 'string') yield chunk
      else yield* typedChunk(chunk, await typedRecords(cluster, topic, chunk.records))
    }
  } finally {
    if (isOwn) await cluster.close()
  }
}

/** The records before one that cannot be read come before its error: who continues behind it has missed none. */
function* typedChunk(chunk: ReadChunk, { typed, failure }: Awaited<ReturnType<typeof typedRecords>>) {
  const nextOffset = chunk.records[typed.length]?.offset ?? chunk.nextOffset
  if (failure === null || typed.length > 0) yield { ...chunk, records: typed, nextOffset }
  if (failure !== null) throw failure
}

async function* readBytes(
  cluster: Cluster,
  topic: string,
  options: ReadOptions,
): AsyncGenerator<ReadChunk, void, undefined> {
  const isolation = options.isolation ?? 'readCommitted'
  const numbers = options.partitions ?? [...(await cluster.topic(topic)).leaders.keys()]
  const partitions = numbers.map((partition) => ({ topic, partition }))
  const starts = await startOffsets(cluster, partitions, options)
  const ends = (options.until ?? 'now') === 'now' ? await endOffsets(cluster, partitions, isolation) : null
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
        try {
          for (const batch of batches) collect(batch, topic, partition, startOffset, end, records)
        } catch (failure) {
          const last = records.at(-1)
          if (last !== undefined) yield { topic, partition, records, nextOffset: last.offset + 1 }
          throw failure
        }
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
  options: ReadOptions,
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
