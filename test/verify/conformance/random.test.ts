/** Random topologies: the naive interpreter against Millrace, and both against Kafka Streams where there is Java. */
import t from 'tap'
import { difference } from '../../../verify/conformance/compare.js'
import { judge } from '../../../verify/conformance/judge.js'
import { runRandom } from '../../../verify/conformance/random.js'
import { runOnMillrace } from '../../../verify/conformance/run.js'
import { commandWorks } from '../../../verify/kafka/jars.js'
import { randomCase } from '../../../verify/random/case.js'
import { interpret } from '../../../verify/reference/index.js'
import { NotInterpreted, SOUND_RULES } from '../../../verify/reference/node.js'

const SEEDS = 400

t.test('a seed always gives the same case', async (t) => {
  t.same(randomCase(7), randomCase(7))
  t.notSame(randomCase(7), randomCase(8))
})

t.test(`${SEEDS} random topologies do what the naive interpreter does`, async (t) => {
  let interpreted = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const testCase = randomCase(seed)
    let expected: ReturnType<typeof interpret>
    try {
      expected = interpret(testCase, SOUND_RULES)
    } catch (error) {
      if (!(error instanceof NotInterpreted)) throw error
      continue
    }
    interpreted++
    const { emitted, error } = runOnMillrace(testCase)
    const timed = expected.map((record) => ({ ...record, after: record.at }))
    const found = error?.message ?? difference({ ...testCase, expected: timed }, emitted)
    if (found !== null) t.fail(`${testCase.name}: ${found}`)
  }
  t.ok(interpreted > 0.9 * SEEDS, `${interpreted} could be interpreted`)
})

const tumbling = { kind: 'tumbling', sizeMs: 10, graceMs: 0 } as const
const jump = {
  name: 'jump',
  topology: [
    { id: 's', op: 'stream', topic: 'in' },
    { id: 'g', op: 'groupByKey', in: 's' },
    { id: 'w', op: 'windowedBy', in: 'g', window: tumbling, emit: 'onWindowClose' },
    { id: 'c', op: 'count', in: 'w' },
    { id: 'to', op: 'to', in: 'c', topic: 'out' },
  ],
  inputs: [
    { topic: 'in', key: 'a', value: 'x', ts: 0 },
    { topic: 'in', key: 'a', value: 'x', ts: 500 },
  ],
} as const
const result = { topic: 'out', key: { key: 'a', start: 0, end: 10 }, value: 1, ts: 0, at: 2 }
const run = { dropped: 0, error: null, errorAt: 0 }

t.test('a case passes by a rule only where the interpreter explains both sides', async (t) => {
  t.same(judge(jump, { ...run, emitted: [] }), { kind: 'byRule', rules: ['everyWindowFinal'] }, 'Java loses the window')
  t.same(judge(jump, { ...run, emitted: [result] }), { kind: 'equal', reference: false })
  t.match(judge(jump, { ...run, emitted: [{ ...result, value: 2 }] }), { kind: 'failed', why: /so does the reference/ })
  t.match(judge(jump, { ...run, emitted: [], error: 'no', errorAt: 1 }), { kind: 'failed', why: /threw at input 1/ })
  t.match(judge(jump, { ...run, emitted: [result], dropped: 1 }), {
    kind: 'failed',
    why: /drops 1 records, Millrace 0/,
  })
  const other = { ...run, emitted: [result], describe: 'Topologies:\n   Sub-topology: 1\n' }
  t.match(judge(jump, other), { kind: 'failed', why: /describe line 2/ })
})

t.test('40 random topologies do what Kafka Streams does', { timeout: 180_000 }, async (t) => {
  if (!(await commandWorks('javac', '-version'))) return t.pass('Java', { skip: 'the oracle needs a JDK' })
  const lines: string[] = []
  const tally = await runRandom({ count: 40, seed: 9, from: 0, print: (line) => lines.push(line) })
  if (tally.skipped === 40) return t.pass('the oracle', { skip: lines.join(' ') })
  return t.same(tally, { passed: 40, failed: 0, skipped: 0 }, lines.join('\n'))
})
