/** A random topology of the conformance tests under the simulation, compared with their naive reference. */
import { isMillraceError } from '../../lib/errors.js'
import { formatTopicPartition, type TopicRecord } from '../../lib/record/record.js'
import type { Serde } from '../../lib/serde/serde.js'
import type { SimApplication, SimRun } from '../../lib/testing/simulation/application.js'
import { committedRecords } from '../../lib/testing/simulation/log.js'
import type { SimPlan } from '../../lib/testing/simulation/plan.js'
import { subTopologies } from '../../lib/topology/sub-topologies.js'
import type { Topology } from '../../lib/topology/topology.js'
import type { CaseRecord, ConformanceCase, EmittedRecord, Scalar } from '../cases/case.js'
import { caseValue, keySerdeOf, outputKey } from '../cases/serdes.js'
import { runOnMillrace } from '../conformance/run.js'
import { buildCase } from '../conformance/topology.js'
import { randomCase } from '../random/case.js'
import { interpret } from '../reference/index.js'
import { NotInterpreted, SOUND_RULES } from '../reference/node.js'

type Input = NonNullable<ConformanceCase['inputs']>[number]

interface Drawn {
  readonly testCase: ConformanceCase
  readonly topology: Topology
  /** In the order in which its tasks take them. */
  readonly inputs: readonly Input[]
  /** Tasks choose among several topics: only what is all there before they start has one order. */
  readonly isJoined: boolean
}

const APPLICATION = 'drawn'
const INPUTS = 150
/** Cases that were drawn and did not suit, at most. */
const MAX_TRIES = 200
/** Times of two topics are never the same, so that nobody has to choose. */
const TIME_STEP = 4

/** The application of a plan that has the number of a topology. */
export function drawnApplication({ topology: number, guarantee }: SimPlan): SimApplication {
  const drawn = draw(number!)
  const { testCase, inputs, topology } = drawn
  const key = keySerdeOf(testCase)
  const outputs = topicsOf(testCase, (op) => op === 'to')
  const sources = topicsOf(testCase, (op) => op !== 'to')
  return {
    id: APPLICATION,
    partitions: 1,
    topics: [...sources, ...outputs],
    sources: [
      ...sources.filter((topic) => !isGlobal(testCase, topic)),
      // A record on its way between two tasks is not done yet.
      ...topology.repartitionTopics.map(({ name }) => `${APPLICATION}-${name}`),
    ],
    observed: outputs[0]!,
    deadLetterTopic: null,
    inputFirst: drawn.isJoined,
    topology: () => topology,
    input: {
      records: inputs.length,
      next: (at) => {
        const { topic, key: caseKey, value, ts } = inputs[at]!
        return {
          topic,
          partition: 0,
          key: caseKey === null ? null : Buffer.from(key.serialize(caseKey, topic)),
          value: value === null ? null : Buffer.from(caseValue.serialize(value, topic)),
          timestamp: ts,
        }
      },
    },
    check: async (run) => {
      const logs = sources.map((topic) => read(run, topic).map((record) => inputOf(record, key)))
      const wanted = interpret({ ...testCase, inputs: inOrder(testCase, logs) }, SOUND_RULES)
      for (const topic of outputs) {
        const expected = wanted.filter((record) => record.topic === topic)
        checkTopic(run, topic, expected, guarantee === 'exactlyOnce')
      }
      return logs.reduce((sum, log) => sum + log.length, 0)
    },
  }
}

/** I1 and I6: the output is the reference's, record by record. */
function checkTopic(run: SimRun, topic: string, expected: readonly EmittedRecord[], exactlyOnce: boolean): void {
  const texts = read(run, topic).map(({ key, value, timestamp }) =>
    text({
      topic,
      key: key === null ? null : outputKey.deserialize(key, topic),
      value: value === null ? null : caseValue.deserialize(value, topic),
      ts: timestamp,
    }),
  )
  const wanted = expected.map(text)
  // With at least once a task may work on records again: what it then emits no reference knows.
  if (!exactlyOnce) return
  const at = wanted.findIndex((record, i) => record !== texts[i])
  const first = at >= 0 ? at : texts.length > wanted.length ? wanted.length : -1
  if (first < 0) return
  const counts = `${formatTopicPartition(topic, 0)} has ${texts.length} records of ${wanted.length}`
  run.violated('I1', `${counts}; record ${first} is ${texts[first]}, not ${wanted[first]}`)
}

function inputOf({ topic, key, value, timestamp }: TopicRecord, serde: Serde<Scalar>): Input {
  return {
    topic,
    key: key === null ? null : serde.deserialize(key, topic),
    value: value === null ? null : caseValue.deserialize(value, topic),
    ts: timestamp,
  }
}

function read({ storage }: SimRun, topic: string): TopicRecord[] {
  return committedRecords(topic, 0, storage.batches(topic, 0))
}

function text({ key, value, ts }: CaseRecord): string {
  return `${JSON.stringify(key)}=${JSON.stringify(value)} at ${ts}`
}

const known = new Map<number, Drawn>()

/** The first suitable case from `number` on: its tasks have one order to take records in, and nothing throws. */
function draw(number: number): Drawn {
  const before = known.get(number)
  if (before !== undefined) return before
  for (let i = 0; i < MAX_TRIES; i++) {
    const drawn = suitable(randomCase(number * MAX_TRIES + i, INPUTS))
    if (drawn === null) continue
    known.clear()
    known.set(number, drawn)
    return drawn
  }
  throw new Error(`no case of ${MAX_TRIES} from ${number} on suits the simulation`)
}

function suitable(drawn: ConformanceCase): Drawn | null {
  if (drawn.topology?.some(({ onFull }) => onFull === 'shutDown')) return null
  const { topology } = buildCase(drawn)
  const internal = new Set(topology.repartitionTopics.map(({ name }) => name))
  const joined = subTopologies(topology).filter(({ sourceTopics }) => sourceTopics.length > 1)
  if (joined.some(({ sourceTopics }) => sourceTopics.some((topic) => internal.has(topic)))) return null
  const isJoined = joined.length > 0 || (drawn.topology?.some(({ op }) => op === 'globalTable') ?? false)
  const inputs = inOrder(drawn, apart(drawn))
  const testCase = { ...drawn, inputs }
  try {
    if (runOnMillrace(testCase).error !== null) return null
    interpret(testCase, SOUND_RULES)
    return { testCase, topology, inputs, isJoined }
  } catch (error) {
    if (error instanceof NotInterpreted || isMillraceError(error)) return null
    throw error
  }
}

function topicsOf({ topology }: ConformanceCase, which: (op: string) => boolean): string[] {
  return [...new Set((topology ?? []).flatMap(({ op, topic }) => (topic !== undefined && which(op) ? [topic] : [])))]
}

function isGlobal({ topology }: ConformanceCase, name: string): boolean {
  return topology?.some(({ op, topic }) => op === 'globalTable' && topic === name) ?? false
}

/** The inputs of each source topic. */
function apart(drawn: ConformanceCase): Input[][] {
  return topicsOf(drawn, (op) => op !== 'to').map((topic, i) =>
    (drawn.inputs ?? [])
      .filter((input) => input.topic === topic)
      .map((input) => ({ ...input, ts: input.ts * TIME_STEP + (i % TIME_STEP) })),
  )
}

/** Global tables first, then always the topic whose next record is oldest: as tasks choose. */
function inOrder(drawn: ConformanceCase, logs: readonly (readonly Input[])[]): Input[] {
  const queues = logs.map((log) => [...log])
  const ordered = queues.filter(([first]) => first && isGlobal(drawn, first.topic)).flatMap((queue) => queue.splice(0))
  for (;;) {
    let next: Input[] | null = null
    for (const queue of queues) {
      if (queue.length > 0 && (next === null || queue[0]!.ts < next[0]!.ts)) next = queue
    }
    if (next === null) return ordered
    ordered.push(next.shift()!)
  }
}
