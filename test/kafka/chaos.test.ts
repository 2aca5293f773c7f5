/**
 * Goal: the chaos command makes its faults and sees what they leave behind. Method: the command itself, compiled, for a
 * few short rounds; and its comparison of decisions on rows that are wrong in every way.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { decisionDifferences } from '../../verify/chaos/shop/decisions.js'
import { writeRees46 } from '../personalization/rees46-rows.js'
import { realKafka } from './broker.js'

t.setTimeout(500_000)

async function chaos(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['scripts/run.mjs', 'chaos', ...args], { env: { ...process.env, ...env } })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (bytes) => {
    stdout += bytes
  })
  child.stderr.on('data', (bytes) => {
    stderr += bytes
  })
  const status = await new Promise((resolve) => child.once('close', resolve))
  return { status, stdout, stderr }
}

t.test('a kill, and an instance closed: nothing lost, nothing doubled', { timeout: 160_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const args = ['--faults', 'kill,close,brokers', '--rounds', '3', '--rate', '200']
  const { status, stdout, stderr } = await chaos(args, { KAFKA_BROKERS: kafka.bootstrap })
  t.equal(status, 0, stderr + stdout)
  t.match(stdout, /^1 kill: .* \d+ events, 0 lost, 0 doubled; longest stall \d/m)
  t.match(stdout, /^2 close: .* and came back; \d+ events/m)
  t.match(stdout, /^3 brokers: skipped: this command did not start the broker, so it cannot kill it$/m)
  t.match(stdout, /^kill +1 +0 +\d+\.\d\d s, \d+\.\d\d s$/m)
  t.match(stdout, /^0 lost, 0 doubled\n2 passed, 0 failed, 1 skipped\n$/m)
})

t.test('the shop: a kill, then two instances, one killed: as undisturbed', { timeout: 300_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const file = writeRees46(join(t.testdir(), 'input.csv'), 3_000)
  const input = ['--input', file, '--format', 'rees46', '--speed', '200', '--partitions', '4']
  // A shared machine is slower than the figure that the command holds by default.
  const args = ['--faults', 'kill,two:1', '--rounds', '1', '--within', '30', ...input]
  const { status, stdout, stderr } = await chaos(args, { KAFKA_BROKERS: kafka.bootstrap })
  t.equal(status, 0, stderr + stdout)
  t.match(stdout, /^1 kill: .*its transaction open.*restart to first commit/m)
  t.match(stdout, /^2 two: .* goes on alone$/m)
  t.match(stdout, /each once; all transactions closed$/m)
  t.match(stdout, /^\d+ passed, 0 failed, 0 skipped\n$/m)
})

t.test('a fault that is none, and a number that is none, are one line', { timeout: 60_000 }, async (t) => {
  const rows: [string[], RegExp][] = [
    [['--faults', 'flood'], /^CONFIG_INVALID: --faults flood/],
    [['--shop', '--faults', 'flood'], /^CONFIG_INVALID: --faults flood/],
    [['--rounds', '0'], /^CONFIG_INVALID: --rounds 0/],
    [['--nodes', '2'], /^CONFIG_INVALID: --nodes 2/],
    [['--partitions', '600'], /^CONFIG_INVALID: --partitions 600/],
    [['--nonsense'], /^CONFIG_INVALID: /],
  ]
  for (const [args, says] of rows) {
    const { status, stderr } = await chaos(args)
    t.equal(status, 1)
    t.match(stderr.split('\n').at(-2), says)
  }
})

t.test('what is missing, foreign or twice is told', async (t) => {
  const once = (...ids: string[]) => new Map(ids.map((id) => [id, 1]))
  t.same(decisionDifferences(once('a', 'b'), once('b', 'a')), [])
  t.same(decisionDifferences(once('a', 'b'), once('b')), ['1 decisions missing: a'])
  t.same(decisionDifferences(once('a'), once('a', 'c')), ['1 decisions not of the undisturbed run: c'])
  t.same(decisionDifferences(once('a'), new Map([['a', 2]])), ['1 decisions more than once: a'])
})
