/** How a topic is read: which partitions, from where, until when. */
import { MillraceError } from '../errors.js'
import { requireKnown } from '../record/known-options.js'
import type { TopicRecord } from '../record/record.js'
import { Topic } from '../serde/topic.js'
import type { Lane } from '../transport/transport.js'
import type { ClientOptions } from './connect.js'
import type { Isolation } from './fetch-request.js'

/** Options of {@link readTopic}. */
export interface ReadOptions {
  /** Default: all of them. */
  readonly partitions?: readonly number[]
  /** Default "readCommitted". */
  readonly isolation?: Isolation
  /** A partition not named here begins at `elseFrom`. */
  readonly from?: ReadonlyMap<number, number>
  /** Default "earliest". */
  readonly elseFrom?: 'earliest' | 'latest'
  /**
   * `now` (the default): ends where the topic ended when reading began (for readCommitted that is the last stable offset). `never`:
   * continues until the caller breaks out or aborts.
   */
  readonly until?: 'now' | 'never'
  readonly signal?: AbortSignal
  /** Default "read". */
  readonly lane?: Lane
  /** How long a broker holds an empty answer. Default 10 until `now`, where the data is there, else 100. */
  readonly maxWaitMs?: number
}

/** Exactly one of `cluster` and `connection`. */
export interface ReaderOptions<K = Buffer, V = Buffer> extends ReadOptions, ClientOptions {
  /** A topic with its serdes gives typed records, a name gives bytes. */
  readonly topic: string | Topic<K, V>
}

/** Records of one partition, in offset order. Bytes are subarrays that keep what was fetched alive. */
export interface ReadChunk<K = Buffer, V = Buffer> {
  readonly topic: string
  readonly partition: number
  /** The records, in the order of their offsets. */
  readonly records: readonly TopicRecord<K, V>[]
  /** Where to continue from next time. */
  readonly nextOffset: number
}

const OPTIONS = [
  'cluster',
  'connection',
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
export function checkReaderOptions(options: ReaderOptions<unknown, unknown>): void {
  requireKnown(options, OPTIONS, 'reading a topic', 'CONFIG_INVALID')
  const { topic, partitions, from, until = 'now', isolation = 'readCommitted', elseFrom = 'earliest' } = options
  const wholes = (given: readonly unknown[]) =>
    given.every((each) => Number.isSafeInteger(each) && (each as number) >= 0)
  const rules: readonly (readonly [holds: boolean, option: string, wanted: string])[] = [
    [typeof topic === 'string' || Topic.is(topic), 'topic', 'a name, or what `topic` returns'],
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
