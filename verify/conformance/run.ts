/** Runs one conformance case and returns the result. */
import { isMillraceError } from '../../lib/errors.js'
import { TopologyTestDriver } from '../../lib/testing/driver/topology-test-driver.js'
import { describe } from '../../lib/topology/describe.js'
import type { Topology } from '../../lib/topology/topology.js'
import { type CaseRecord, type ConformanceCase, type EmittedRecord, NotYetBuilt, type Scalar } from '../cases/case.js'
import { caseValue, keySerdeOf, outputKey } from '../cases/serdes.js'
import { difference } from './compare.js'
import { type DroppedRecords, droppedRecords } from './drops.js'
import { buildCase, type Reading } from './topology.js'
import { vectorDifference } from './vectors.js'

export type CaseResult =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'skipped'; readonly why: string }

const CACHE_KEYS = ['statestore.cache.max.bytes', 'cache.max.bytes.buffering']

export function runCase(testCase: ConformanceCase): CaseResult {
  if (testCase.tier === 'legacy') return { kind: 'skipped', why: 'tier legacy' }
  if (testCase.arguableKafkaDefect !== undefined) {
    return { kind: 'skipped', why: `arguableKafkaDefect: ${testCase.arguableKafkaDefect}` }
  }
  try {
    const why = firstDifference(testCase)
    return why === null ? { kind: 'passed' } : failed(testCase, why)
  } catch (error) {
    if (error instanceof NotYetBuilt) return { kind: 'skipped', why: error.message }
    return failed(testCase, error instanceof Error ? messages(error) : String(error))
  }
}

/** Most of Kafka's settings change no record; where a case has one that Millrace lacks, a difference may be its doing. */
function failed(testCase: ConformanceCase, why: string): CaseResult {
  const unsupported = unsupportedConfig(testCase)
  return unsupported === null ? { kind: 'failed', why } : { kind: 'skipped', why: unsupported }
}

function messages(error: Error): string {
  return error.cause instanceof Error ? `${error.message} <- ${messages(error.cause)}` : error.message
}

/** Said so, or with nothing else to compare. */
export function isDescribed({ compare, expectedDescribe, expected }: ConformanceCase): boolean {
  return compare === 'describe' || (expectedDescribe !== undefined && expected === undefined)
}

function firstDifference(testCase: ConformanceCase): string | null {
  if (testCase.vectors !== undefined) return vectorDifference(testCase)
  if (isDescribed(testCase)) return describeDifference(testCase)
  return difference(testCase, emittedBy(testCase))
}

/** Only what changes results matters; a cache size is honoured. */
function unsupportedConfig(testCase: ConformanceCase): string | null {
  for (const [key, value] of Object.entries(testCase.config ?? {})) {
    if (CACHE_KEYS.includes(key) || key === 'topology.optimization') continue
    return `config ${key}=${value}`
  }
  return null
}

function emittedBy(testCase: ConformanceCase): readonly EmittedRecord[] {
  const { emitted, error } = runOnMillrace(testCase)
  // A case with a buffer that shuts down when full ends there, in Kafka Streams too: it lists what came before.
  if (error !== null && !isMillraceError(error, 'SUPPRESS_BUFFER_FULL')) throw error
  return emitted
}

export interface MillraceRun {
  readonly emitted: readonly EmittedRecord[]
  /** What it threw, null where every input went through. */
  readonly error: Error | null
  readonly dropped: DroppedRecords
  /** The input (from 1) it threw at; 0 where the topology was rejected. */
  readonly errorAt: number
}

const NO_DROPS: DroppedRecords = { counted: 0, more: new Map() }

/** Null: as many as Kafka Streams counted in this case, and no others. Otherwise what is different, in words. */
export function droppedDifference(testCase: ConformanceCase): string | null {
  if (testCase.droppedRecords === undefined) return null
  const { dropped, error } = runOnMillrace(testCase)
  const more = [...dropped.more].map(([reason, records]) => `${reason} ${records}`).join(', ')
  const here = `${dropped.counted}${more === '' ? '' : `, and what it does not count: ${more}`}`
  const equal = error !== null || (dropped.counted === testCase.droppedRecords && more === '')
  return equal ? null : `Kafka Streams counted ${testCase.droppedRecords} dropped records, Millrace ${here}`
}

/** As far as it goes. @throws NotYetBuilt */
export function runOnMillrace(testCase: ConformanceCase): MillraceRun {
  const emitted: EmittedRecord[] = []
  let dropped = NO_DROPS
  let fed = 0
  try {
    const { topology, outputs } = buildCase(testCase)
    dropped = feed(testCase, topology, outputs, emitted, (index) => {
      fed = index + 1
    })
  } catch (error) {
    if (error instanceof NotYetBuilt) throw error
    return { emitted, dropped, error: error instanceof Error ? error : new Error(String(error)), errorAt: fed }
  }
  return { emitted, dropped, error: null, errorAt: 0 }
}

/** Pipes every input and adds what came out to `emitted`; `before` is told the number (from 0) of each input. */
function feed(
  testCase: ConformanceCase,
  topology: Topology,
  outputs: ReadonlySet<string>,
  emitted: EmittedRecord[],
  before: (index: number) => void = () => {},
): DroppedRecords {
  const cacheBytes = Number(CACHE_KEYS.map((key) => testCase.config?.[key]).find((value) => value !== undefined) ?? 0)
  const driver = new TopologyTestDriver(topology, { applicationId: 'app', cacheBytes })
  const key = keySerdeOf(testCase)
  const inputs = new Map<string, ReturnType<typeof driver.createInputTopic<Scalar, Scalar>>>()
  const sinks = [...outputs].map((topic) => driver.createOutputTopic(topic, outputKey, caseValue))
  testCase.inputs?.forEach((input, index) => {
    before(index)
    const topic = inputs.get(input.topic) ?? driver.createInputTopic(input.topic, key, caseValue)
    inputs.set(input.topic, topic)
    topic.pipe(input.key, input.value, input.ts)
    for (const sink of sinks) {
      for (const record of sink.readAll()) {
        const value = record.value as CaseRecord['value']
        emitted.push({ topic: sink.topic, key: record.key, value, ts: record.timestamp, at: index + 1 })
      }
    }
  })
  driver.close()
  return droppedRecords(topology, driver.droppedRecords())
}

/** What a case leaves open may be read in either way: it says neither what a store without a name is called, nor all names. */
const OTHER_READINGS: readonly Reading[] = [{ unnamedStores: 'generated' }, { names: 'oracle' }]

function describeDifference(testCase: ConformanceCase): string | null {
  const want = testCase.expectedDescribe ?? ''
  const found = descriptionDifference(testCase, want)
  if (found === null || OTHER_READINGS.some((reading) => descriptionDifference(testCase, want, reading) === null)) {
    return null
  }
  return found
}

/** Null: the topology of the case has just this text. Otherwise the first difference, in words. */
export function descriptionDifference(testCase: ConformanceCase, want: string, reading?: Reading): string | null {
  const got = describe(buildCase(testCase, reading).topology)
  if (want === got) return null
  const wantLines = want.split('\n')
  const gotLines = got.split('\n')
  const at = wantLines.findIndex((line, i) => line !== gotLines[i])
  const line = at < 0 ? wantLines.length : at
  return `describe line ${line + 1}: expected ${JSON.stringify(wantLines[line] ?? 'its end')}, got ${JSON.stringify(gotLines[line] ?? 'its end')}`
}
