/**
 * The summary of the application since its beginning, counted from the committed records of its topics. It uses no
 * counters, which a crash could lose or double.
 */
import { type Cluster, readTopic, SchemaPending, type Serde, type TopicRecord, untilStable } from '../../index.js'
import type { DecisionTable } from '../frame/decision-table.js'
import { NextItemJudge } from '../recommender/metrics.js'
import { isInputMark, sessionOf, type UserActivity } from '../records/activity.js'
import { activityOfRecord } from '../records/arrival.js'
import { type DeadLetter, latenessOf } from '../records/dead-letter.js'
import { headerText } from '../records/decided-record.js'
import { DECISION_ID_HEADER, decisionId } from '../records/decision-id.js'
import type { ServiceSerdes } from '../records/serdes.js'
import type { TopicNames } from '../records/topic-names.js'
import { DecisionCount, type DecisionCounts } from './decision-count.js'
import { countIdentities, type IdentityCounts } from './identity-count.js'
import type { Percentiles } from './latency.js'

/** The whole life of an application in numbers, counted from its topics. */
export interface Summary extends DecisionCounts {
  /** Records of `user-activity`, every copy counted, the loader's own end marks not. */
  readonly events: number
  /** Unreadable rows and records, and those out of range. */
  readonly invalid: number
  /** The first of them: those of the input file by row, then records of the topic, which have no row. */
  readonly firstInvalid: readonly { readonly row: number | null; readonly reason: string }[]
  /** Events that came after their grace period. */
  readonly late: number
  /** How late they were, in milliseconds; null: none was. */
  readonly latenessMs: { readonly max: number; readonly mean: number } | null
  /** Admitted events without a user. */
  readonly anonymous: number
  /** Records of `dead-letters`: invalid and late. */
  readonly deadLettered: number
  /** Events whose id had been admitted before. */
  readonly duplicateInputs: number
  /** Visitors who became users. */
  readonly identity: IdentityCounts
  /** Of this run; null at full speed, where it would say how long the queue was. */
  readonly latencyMs: Percentiles | null
  /** How often a viewed item was among the 20 items recommended before (hit rate), and its mean reciprocal rank. Null: no data. */
  readonly recommender: { readonly hitRate20: number | null; readonly mrr20: number | null }
}

export interface SummaryParts {
  readonly cluster: Cluster
  readonly topics: TopicNames
  readonly serdes: ServiceSerdes
  readonly table: DecisionTable
}

/** Reads the three topics, one partition after another, so that memory holds one partition's decisions. */
export async function summarize(parts: SummaryParts, latencyMs: Percentiles | null): Promise<Summary> {
  const { cluster, topics } = parts
  await untilStable(cluster, [topics.activity, topics.recommendations, topics.suppressed, topics.deadLetters])
  const letters = await readDeadLetters(parts)
  const decisions = new DecisionCount(parts.table)
  const inputs = new InputCount()
  const partitions = await cluster.partitionCount(topics.activity)
  for (let partition = 0; partition < partitions; partition++) {
    const carousels = await readDecisions(parts, partition, decisions)
    await readActivity(parts, partition, letters.refused, carousels, inputs)
  }
  const { hitRate20, mrr20 } = inputs.judge.metrics.score()
  return {
    events: inputs.events,
    invalid: letters.invalid,
    firstInvalid: letters.first,
    late: letters.late,
    latenessMs: letters.late === 0 ? null : { max: letters.maxLatenessMs, mean: letters.sumLatenessMs / letters.late },
    anonymous: inputs.anonymous,
    deadLettered: letters.invalid + letters.late,
    duplicateInputs: inputs.duplicates,
    ...decisions.result(),
    identity: await countIdentities(parts),
    latencyMs,
    recommender: { hitRate20, mrr20 },
  }
}

/** How many invalid rows a summary shows. */
const MAX_SHOWN = 10

interface Letters {
  invalid: number
  first: Summary['firstInvalid']
  late: number
  maxLatenessMs: number
  sumLatenessMs: number
  /** `partition-offset` of the activity records rejected. */
  readonly refused: Set<string>
}

async function readDeadLetters({ cluster, topics, serdes }: SummaryParts): Promise<Letters> {
  const letters: Letters = { invalid: 0, first: [], late: 0, maxLatenessMs: 0, sumLatenessMs: 0, refused: new Set() }
  for await (const { records } of readTopic({ cluster, topic: topics.deadLetters, until: 'now' })) {
    for (const record of records) {
      const letter = await read(record, by(serdes.deadLetter))
      const latenessMs = letter === null ? null : latenessOf(letter.reason)
      if (latenessMs === null) {
        letters.invalid++
        if (letter !== null) letters.first = withLetter(letters.first, letter)
      } else {
        letters.late++
        letters.sumLatenessMs += latenessMs
        letters.maxLatenessMs = Math.max(letters.maxLatenessMs, latenessMs)
      }
      if (letter?.topic === topics.activity) letters.refused.add(`${letter.partition}-${letter.offset}`)
    }
  }
  return letters
}

/** In the order of rows, so that it does not depend on the partitions they went to. */
function withLetter(shown: Letters['first'], { row, reason }: DeadLetter): Letters['first'] {
  const all = [...shown, { row: row < 0 ? null : row, reason }]
  const place = (one: { readonly row: number | null }) => one.row ?? Number.MAX_SAFE_INTEGER
  return all.sort((a, b) => place(a) - place(b)).slice(0, MAX_SHOWN)
}

/** Counts a partition's decisions; answers what each carousel recommended, by decision id. */
async function readDecisions(
  { cluster, topics, serdes }: SummaryParts,
  partition: number,
  count: DecisionCount,
): Promise<Map<string, readonly string[]>> {
  const carousels = new Map<string, readonly string[]>()
  for (const topic of [topics.recommendations, topics.suppressed]) {
    for await (const { records } of readTopic({ cluster, topic, partitions: [partition], until: 'now' })) {
      for (const record of records) {
        const decision = await read(record, by(serdes.recommendation))
        if (decision === null) continue
        const id = headerText(record.headers, DECISION_ID_HEADER) ?? decision.decisionId
        count.add(id, decision)
        if (decision.rule === 'carousel') carousels.set(id, decision.items)
      }
    }
  }
  return carousels
}

class InputCount {
  events = 0
  anonymous = 0
  duplicates = 0
  readonly judge = new NextItemJudge()
}

/** A user's events and the decisions about them are in partitions of one number, so one partition is judged alone. */
async function readActivity(
  { cluster, topics, serdes }: SummaryParts,
  partition: number,
  refused: ReadonlySet<string>,
  carousels: ReadonlyMap<string, readonly string[]>,
  count: InputCount,
): Promise<void> {
  const topic = topics.activity
  const seen = new Set<string>()
  for await (const { records } of readTopic({ cluster, topic, partitions: [partition], until: 'now' })) {
    for (const record of records) {
      const activity = await read(record, (one) => activityOfRecord(one, serdes.activity))
      if (activity !== null && isInputMark(activity.type)) continue
      count.events++
      if (activity === null || refused.has(`${partition}-${record.offset}`)) continue
      const eventId = activity.eventId === '' ? `${topic}-${partition}-${record.offset}` : activity.eventId
      const name = `${keyOf(record)}\n${eventId}`
      if (seen.has(name)) {
        count.duplicates++
        continue
      }
      seen.add(name)
      if (activity.userId === null) count.anonymous++
      judge(count.judge, activity, carousels.get(decisionId('carousel', eventId)))
    }
  }
}

/** What was recommended before a view is decided by it; what was recommended at it waits for the next. */
function judge(judged: NextItemJudge, activity: UserActivity, recommended: readonly string[] | undefined): void {
  const session = sessionOf(activity)
  if (activity.type === 'view') judged.viewed(session, activity.itemId!)
  if (recommended !== undefined) judged.decided(session, recommended)
}

function keyOf(record: TopicRecord): string {
  return record.key?.toString() ?? ''
}

type Decode<T> = (record: TopicRecord) => T | null

function by<T>(serde: Serde<T>): Decode<T> {
  return ({ value, topic }) => (value === null ? null : serde.deserialize(value, topic))
}

/** Null for what cannot be read: it is in the dead letters already, or was put here by somebody else. */
async function read<T>(record: TopicRecord, decode: Decode<T>): Promise<T | null> {
  for (;;) {
    try {
      return decode(record)
    } catch (error) {
      if (!(error instanceof SchemaPending)) return null
      await error.ready
    }
  }
}
