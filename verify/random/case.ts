/** A random case by its seed: a topology, and timed inputs that reach its edges. */
import { seededRandom } from '../../lib/record/random.js'
import type { CaseValue, ConformanceCase } from '../cases/case.js'
import { CaseDraft, type Domain } from './draft.js'
import { buildShape } from './shapes.js'

type Input = NonNullable<ConformanceCase['inputs']>[number]

const KEYS = ['a', 'b', 'c']
const WORDS = ['a', 'b', 'ab', 'abc', 'c']
const NULL_VALUES = 0.18
const NULL_KEYS = 0.04

/** Always the same case for the same seed; `inputs`: so many instead of a few. */
export function randomCase(seed: number, inputs?: number): ConformanceCase {
  const random = seededRandom(`conformance/${seed}`)
  const draft = new CaseDraft(random, random.int(10) < 8 ? 'string' : random.int(2) === 0 ? 'int' : 'long')
  const outputs = buildShape(draft)
  for (const [i, id] of outputs.entries()) draft.add({ op: 'to', in: id, topic: `out${i}` })
  return {
    name: `random/${seed}`,
    keyType: draft.keyType,
    tier: 'random',
    compare: 'exact',
    topology: draft.nodes,
    inputs: randomInputs(draft, inputs ?? 8 + random.int(25)),
  }
}

function randomInputs(draft: CaseDraft, count: number): Input[] {
  const { random } = draft
  const topics = [...draft.topics]
  const keys = draft.keyType === 'string' ? KEYS : [1, 2, 300]
  const inputs: Input[] = []
  let nowMs = 0
  for (let left = count; left > 0; left--) {
    nowMs += draft.chance(draft.jumpShare) ? random.int(300) : random.int(draft.stepMs)
    const ts = draft.chance(0.3) ? Math.max(0, nowMs - random.int(draft.lateMs)) : nowMs
    const [topic, { domain, nullable }] = draft.pick(topics)
    const key = draft.nullKeys && draft.chance(NULL_KEYS) ? null : draft.pick<string | number>(keys)
    const value = nullable && draft.chance(NULL_VALUES) ? null : randomValue(draft, domain)
    inputs.push({ topic, key, value, ts })
  }
  return inputs
}

function randomValue(draft: CaseDraft, domain: Domain): CaseValue {
  if (domain === 'number') return 1 + draft.random.int(9)
  if (domain === 'text') return draft.pick(WORDS)
  return `${draft.pick(WORDS)}|${draft.chance(0.15) ? 'none' : draft.pick(KEYS)}`
}
