/** Random topologies with the text Kafka Streams 4.3.1 printed for them, recorded through the oracle. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { ConformanceCase } from '../../../verify/cases/case.js'
import { runCase } from '../../../verify/conformance/run.js'

const recorded = readFileSync(new URL('fixtures/descriptions.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')

for (const line of recorded) {
  const testCase = JSON.parse(line) as ConformanceCase
  const optimized = testCase.config?.['topology.optimization'] ?? 'none'
  t.test(`${testCase.name}, optimisation ${optimized}`, async (t) => t.same(runCase(testCase), { kind: 'passed' }))
}
