/** Looks for what is left of a user: in folders as bytes, and in topics as their records are read, from the beginning. */
import { type Cluster, readTopic, type TopicRecord } from '../../index.js'
import type { ServiceOptions } from '../instance-options.js'
import type { ServiceSerdes } from '../records/serdes.js'
import type { TopicNames } from '../records/topic-names.js'
import { foundIn, type Needle, needlesOf, searchFolder } from './byte-search.js'
import { requireUser } from './erase.js'
import { readKey } from './key-record.js'
import { pseudonymIn } from './pseudonyms.js'

export interface ProveParts {
  readonly cluster: Cluster
  readonly topics: TopicNames
  readonly serdes: Pick<ServiceSerdes, 'userKeys'>
  readonly options: Pick<ServiceOptions, 'applicationId' | 'topicPrefix'>
}

/** What to look for, and where. */
export interface ProveOptions {
  /** Folders to search as bytes: local state, and the folder of an embedded broker. */
  readonly folders: readonly string[]
  /** Texts to look for besides the id. */
  readonly values?: readonly string[]
}

/** A place that was searched. */
export interface SearchedPlace {
  /** A folder or a topic. */
  readonly place: string
  readonly kind: 'folder' | 'topic'
  /** Files, or records. */
  readonly items: number
  /** Of the files, or of keys and values. */
  readonly bytes: number
}

/** Something that is left. */
export interface Remainder {
  /** The file and the offset in it, or the topic, partition and offset of the record. */
  readonly where: string
  /** What was found, without the text itself. */
  readonly what: string
}

/** The result of a proof. */
export interface ErasureProof {
  /** Whether nothing is left that anybody can read. */
  readonly isErased: boolean
  /** Every place, with how much of it was searched. */
  readonly searched: readonly SearchedPlace[]
  /** The first of each place. */
  readonly remainders: readonly Remainder[]
  /** What the proof cannot see, in sentences. */
  readonly notes: readonly string[]
}

/** Remainders of one place that are reported. */
const MOST_OF_A_PLACE = 20
/** Topics that are read at one time. */
const AT_ONCE = 8
/** A shorter text may stand somewhere by chance. */
const SHORT = 5

/** @throws ServiceError ERASURE_USER_INVALID; MillraceError CLIENT_* */
export async function proveErasure(parts: ProveParts, user: string, options: ProveOptions): Promise<ErasureProof> {
  requireUser(user)
  const { values = [], folders } = options
  const needles = [
    ...needlesOf('the user id', user),
    ...values.flatMap((value, i) => needlesOf(values.length === 1 ? 'the value' : `value ${i + 1}`, value)),
  ].filter(({ bytes }) => bytes.length > 0)
  // Topics of another name would prove nothing.
  await parts.cluster.partitionCount(parts.topics.activity)
  const searched: SearchedPlace[] = []
  const remainders: Remainder[] = []
  for (const place of new Set(folders)) {
    const { files, bytes, found } = await searchFolder(place, needles)
    searched.push({ place, kind: 'folder', items: files, bytes })
    if (files === 0) remainders.push({ where: place, what: 'no file that could be searched: is it the right folder?' })
    for (const { file, offset, needle } of found.slice(0, MOST_OF_A_PLACE)) {
      remainders.push({ where: offset < 0 ? `the name of ${file}` : `${file} at byte ${offset}`, what: needle.what })
    }
  }
  const names = await topicsOf(parts)
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const some = names.slice(i, i + AT_ONCE).map((topic) => searchTopic(parts, topic, user, needles))
    for (const { place, found } of await Promise.all(some)) {
      searched.push(place)
      remainders.push(...found)
    }
  }
  return { isErased: remainders.length === 0, searched, remainders, notes: notesOf(parts, [user, ...values]) }
}

/** Those of the service, and those that its applications made for their stores. */
async function topicsOf({ cluster, topics, options: { applicationId, topicPrefix } }: ProveParts): Promise<string[]> {
  const own = new Set(Object.values(topics))
  const isOurs = (name: string) =>
    own.has(name) ||
    name.startsWith(`${applicationId}-`) ||
    (topicPrefix !== '' && name.startsWith(topicPrefix)) ||
    name === `${topicPrefix}webhooks`
  return (await cluster.topicNames()).filter(isOurs).sort()
}

async function searchTopic(
  { cluster, topics, serdes }: ProveParts,
  topic: string,
  user: string,
  needles: readonly Needle[],
): Promise<{ readonly place: SearchedPlace; readonly found: readonly Remainder[] }> {
  const pseudonyms = topic === topics.userKeys ? pseudonymsOf(serdes, user) : null
  const found: Remainder[] = []
  let [items, bytes] = [0, 0]
  for await (const { records } of readTopic({ cluster, topic, isolation: 'readUncommitted' })) {
    for (const record of records) {
      items += 1
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
      const what = remainsOf(record, needles)
      if (pseudonyms !== null && isKeyOf(record, pseudonyms))
        what.push('a wrapped key of the user, not compacted away yet')
      if (found.length >= MOST_OF_A_PLACE) continue
      const where = `${topic}-${record.partition} at offset ${record.offset}`
      found.push(...what.map((one) => ({ where, what: one })))
    }
  }
  return { place: { place: topic, kind: 'topic', items, bytes }, found }
}

function remainsOf({ key, value, headers }: TopicRecord, needles: readonly Needle[]): string[] {
  const parts: [string, Buffer | null][] = [
    ['key', key],
    ['value', value],
  ]
  for (const header of headers) parts.push(['header', header.value], ['header', Buffer.from(header.key)])
  return parts.flatMap(([part, bytes]) =>
    bytes === null ? [] : foundIn(bytes, needles).map(({ what }) => `${what} in the ${part}`),
  )
}

function pseudonymsOf({ userKeys }: ProveParts['serdes'], user: string): ReadonlySet<string> | null {
  return userKeys === null ? null : new Set(userKeys.recordKeysOf(user).map((key) => pseudonymIn(key)!))
}

function isKeyOf({ key, value }: TopicRecord, pseudonyms: ReadonlySet<string>): boolean {
  const record = key === null || value === null ? null : readKey(key)
  return record?.kind === 'key' && pseudonyms.has(record.pseudonym)
}

function notesOf({ serdes }: ProveParts, texts: readonly string[]): string[] {
  const notes: string[] = []
  if (serdes.userKeys === null) {
    notes.push(
      'There is no master key: records of the user stay readable on the topics until their retention deletes them.',
    )
  }
  if (texts.some((text) => Buffer.byteLength(text) < SHORT)) {
    notes.push(`A text shorter than ${SHORT} bytes may stand somewhere by chance.`)
  }
  return notes
}
