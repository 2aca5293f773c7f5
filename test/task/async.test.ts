/** Commits, aborts and restarts of a task while handlers work. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import { asText, Committed, randomInputs } from './disturb.js'
import { type Input, TaskHarness } from './harness.js'

const text = { key: string, value: string }
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A store before the handlers and one behind them: both must agree with the offsets. */
function topology(handler: (value: string) => Promise<string>, concurrency: number) {
  const builder = new StreamsBuilder()
  const store = (name: string) => ({ store: { name, cached: false, value: string } })
  const both = (a: string, b: string) => `${a}${b}`
  builder
    .stream('in', text)
    .groupByKey()
    .reduce(both, store('before'))
    .toStream()
    .mapValuesAsync(handler, { concurrency })
    .groupByKey()
    .reduce((_a, b) => b, store('behind'))
    .toStream()
    .to('out')
  return builder.build()
}

const lines = (...values: string[]): Input[] =>
  values.map((value, i) => ({ topic: 'in', key: Buffer.from(value[0]!), value: Buffer.from(value), timestamp: i }))

t.test('a commit waits until nothing is under way, and no record is taken meanwhile', async (t) => {
  const answers: (() => void)[] = []
  const harness = new TaskHarness(topology((value) => new Promise((resolve) => answers.push(() => resolve(value))), 8))
  harness.add('in', lines('a', 'b', 'c'), 0)
  t.equal(harness.task.process(2), 2)
  t.ok(harness.task.busy)
  t.equal(harness.task.collectCommit(), null)
  t.equal(harness.task.process(10), 0, 'c waits for the commit')
  for (const answer of answers) answer()
  await turn()
  t.ok(harness.task.hasRunnable())
  t.equal(harness.task.takeCommitRequest(), false)
  t.equal(harness.task.process(10), 2)
  t.equal(harness.task.takeCommitRequest(), true)
  t.match(harness.task.collectCommit(), { offsets: [{ offset: 2 }] })
  t.equal(harness.task.process(10), 1, 'c goes on while the commit is in flight')
})

t.test('what handlers answer after an abort is ignored', async (t) => {
  const answers: (() => void)[] = []
  const harness = new TaskHarness(topology((value) => new Promise((resolve) => answers.push(() => resolve(value))), 8))
  harness.add('in', lines('a', 'b'), 0)
  harness.task.process(2)
  harness.task.commitAborted()
  for (const answer of answers.splice(0)) answer()
  await turn()
  t.notOk(harness.task.busy)
  harness.add('in', lines('a', 'b'), 0)
  harness.task.process(2)
  for (const answer of answers) answer()
  await turn()
  harness.task.process(2)
  const committed = new Committed()
  committed.take(harness.task.collectCommit()!)
  t.equal(asText(committed.outputs, 'out').length, 2)
})

for (let seed = 1; seed <= 30; seed++) {
  t.test(`commits, aborts and restarts at random, seed ${seed}`, async (t) => {
    const random = seededRandom(`async/${seed}`)
    const inputs = randomInputs(random)
    const waiting = async (value: string) => {
      for (let turns = random.int(3); turns > 0; turns--) await turn()
      return value
    }
    const concurrency = 1 + random.int(8)
    const expected = await calm(new TaskHarness(topology(waiting, concurrency)), inputs)
    const harness = new TaskHarness(topology(waiting, concurrency))
    const committed = new Committed()
    const again = () => harness.add('in', inputs.slice(committed.offset), committed.offset)
    again()
    for (let steps = 0; committed.offset < inputs.length && steps < 5_000; steps++) {
      harness.task.process(1 + random.int(6))
      if (random.int(3) === 0) await turn()
      const what = random.int(20)
      if (what < 10) {
        const commit = harness.task.collectCommit()
        if (commit === null) continue
        harness.task.process(random.int(4))
        if (random.int(5) > 0) {
          committed.take(commit)
          harness.task.commitSucceeded(commit, new Map())
        } else {
          harness.task.commitAborted()
          again()
        }
      } else if (what === 10) {
        harness.task.commitAborted()
        again()
      } else if (what === 11) {
        harness.task.close()
        harness.open()
        committed.restoreInto(harness)
        again()
      }
    }
    t.same(asText(committed.outputs, 'out'), expected)
  })
}

async function calm(harness: TaskHarness, inputs: readonly Input[]): Promise<string[]> {
  harness.add('in', inputs, 0)
  const committed = new Committed()
  for (let steps = 0; steps < 5_000 && (harness.task.hasRunnable() || harness.task.busy); steps++) {
    harness.task.process(inputs.length)
    await turn()
  }
  committed.take(harness.task.collectCommit()!)
  return asText(committed.outputs, 'out')
}
