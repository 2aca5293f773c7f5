/** Checks one random case: Millrace against Kafka Streams, and if they differ, both against the naive reference. */
import { type ConformanceCase, type EmittedRecord, NotYetBuilt } from '../cases/case.js'
import { interpret } from '../reference/index.js'
import { NotInterpreted, SOUND_RULES, type SoundRule } from '../reference/node.js'
import { difference } from './compare.js'
import type { OracleRun } from './oracle.js'
import { descriptionDifference, runOnMillrace } from './run.js'

export type Judgement =
  /** `reference` says whether the interpreter, doing as Kafka Streams does, agrees; null where it cannot run the case. */
  | { readonly kind: 'equal'; readonly reference: boolean | null }
  | { readonly kind: 'byRule'; readonly rules: readonly SoundRule[] }
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string }

export function judge(testCase: ConformanceCase, oracle: OracleRun): Judgement {
  let ours: ReturnType<typeof runOnMillrace>
  try {
    ours = runOnMillrace(testCase)
  } catch (error) {
    if (error instanceof NotYetBuilt) return { kind: 'skipped', why: error.message }
    throw error
  }
  if (oracle.error !== null || ours.error !== null) return judgeErrors(testCase, oracle, ours)
  const text = oracle.describe && descriptionDifference(testCase, oracle.describe, { outputs: 'processors' })
  if (text) return { kind: 'failed', why: text }
  const fromKafkaStreams = unequal(testCase, oracle.emitted, ours.emitted)
  const asKafkaStreams = interpreted(testCase, [])
  if (fromKafkaStreams === null) {
    if (ours.dropped.counted !== oracle.dropped) {
      return { kind: 'failed', why: `Kafka Streams drops ${oracle.dropped} records, Millrace ${ours.dropped.counted}` }
    }
    const reference = asKafkaStreams === null ? null : unequal(testCase, oracle.emitted, asKafkaStreams) === null
    return { kind: 'equal', reference }
  }
  const sound = interpreted(testCase, SOUND_RULES)
  if (asKafkaStreams === null || sound === null) {
    return { kind: 'failed', why: `Kafka Streams differs, and the reference cannot tell: ${fromKafkaStreams}` }
  }
  const unexplained = unequal(testCase, oracle.emitted, asKafkaStreams)
  if (unexplained !== null) {
    return { kind: 'failed', why: `Kafka Streams differs: ${fromKafkaStreams}; so does the reference: ${unexplained}` }
  }
  const unsound = unequal(testCase, sound, ours.emitted)
  if (unsound !== null) {
    return { kind: 'failed', why: `Kafka Streams differs: ${fromKafkaStreams}; the rules ask for more: ${unsound}` }
  }
  return { kind: 'byRule', rules: telling(testCase, sound) }
}

/** The rules that a recorded case breaks: the reference must explain what it holds without them, and Millrace with them. */
export function rulesBroken(testCase: ConformanceCase): readonly SoundRule[] | null {
  const asKafkaStreams = interpreted(testCase, [])
  const sound = interpreted(testCase, SOUND_RULES)
  if (asKafkaStreams === null || sound === null) return null
  const { emitted, error } = runOnMillrace(testCase)
  if (error !== null || difference(testCase, asKafkaStreams) !== null) return null
  // Records and their order count here, however little the case asks for.
  return unequal({ ...testCase, compare: 'exact' }, sound, emitted) === null ? telling(testCase, sound) : null
}

/** Those without which the reference would do something else. */
function telling(testCase: ConformanceCase, sound: readonly EmittedRecord[]): readonly SoundRule[] {
  return SOUND_RULES.filter((rule) => {
    const others = SOUND_RULES.filter((other) => other !== rule)
    return unequal({ ...testCase, compare: 'exact' }, sound, interpret(testCase, others)) !== null
  })
}

/** Both must refuse the same input, or the topology itself, and agree on everything before. */
function judgeErrors(testCase: ConformanceCase, oracle: OracleRun, ours: ReturnType<typeof runOnMillrace>): Judgement {
  if (oracle.error !== null && ours.error !== null && oracle.errorAt === ours.errorAt) {
    const before = ({ at }: EmittedRecord) => at < oracle.errorAt
    const why = unequal(testCase, oracle.emitted.filter(before), ours.emitted.filter(before))
    return why === null ? { kind: 'equal', reference: null } : { kind: 'failed', why }
  }
  const theirs = oracle.error === null ? 'took everything' : `threw at input ${oracle.errorAt}: ${oracle.error}`
  const mine = ours.error === null ? 'took everything' : `threw at input ${ours.errorAt}: ${ours.error.message}`
  return { kind: 'failed', why: `Kafka Streams ${theirs}; Millrace ${mine}` }
}

function interpreted(testCase: ConformanceCase, rules: readonly SoundRule[]): EmittedRecord[] | null {
  try {
    return interpret(testCase, rules)
  } catch (error) {
    if (error instanceof NotInterpreted) return null
    throw error
  }
}

/** Null: the same records per topic, in the same order, at the same inputs. */
function unequal(
  testCase: ConformanceCase,
  expected: readonly EmittedRecord[],
  emitted: readonly EmittedRecord[],
): string | null {
  return notLater(testCase, expected, emitted) ?? tooEarly(notLater(testCase, emitted, expected))
}

function notLater(
  testCase: ConformanceCase,
  expected: readonly EmittedRecord[],
  emitted: readonly EmittedRecord[],
): string | null {
  return difference({ ...testCase, expected: expected.map((each) => ({ ...each, after: each.at })) }, emitted)
}

function tooEarly(found: string | null): string | null {
  return found === null ? null : `too early, seen from the other side: ${found}`
}
