/**
 * `npm run differential -- --scripts N [--from S] [--trace]`: the same random operation scripts on the embedded broker and
 * on a real Kafka; every answer must be the same.
 */
import { parseArgs } from 'node:util'
import { createBroker, MemoryStorage } from '../../lib/broker/index.js'
import { runCommand } from '../../lib/cli/command.js'
import { MillraceError } from '../../lib/errors.js'
import { systemClock } from '../../lib/record/clock.js'
import { systemRandom } from '../../lib/record/random.js'
import { withRealKafka } from '../kafka/with-real-kafka.js'
import { runScript } from './script.js'

/** What was asked before a difference often explains it. */
const CONTEXT_LINES = 8

interface Counts {
  passed: number
  failed: number
  steps: number
}

const HELP = `npm run differential -- [options]
Runs the same random operation scripts on the embedded broker and on a real Kafka, and compares every answer.

  --scripts N   the number of scripts; default 100
  --from S      the seed of the first script; default 1
  --trace       print every answer of Kafka

KAFKA_BROKERS=HOST:PORT uses that broker. Otherwise the command starts Kafka, and removes it at the end.
`

const print = (line: string) => process.stdout.write(`${line}\n`)

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      scripts: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      trace: { type: 'boolean', default: false },
    },
  })
  const scripts = whole('--scripts', values.scripts)
  const from = whole('--from', values.from)
  const answer = await withRealKafka('differential', async (kafka) => {
    print(`on ${kafka.from} (${kafka.bootstrap}) and the embedded broker`)
    return compareAll(kafka.bootstrap, from, scripts, values.trace)
  })
  if ('skipped' in answer) {
    print(`skipped: ${answer.skipped}`)
    print(`0 passed, 0 failed, ${scripts} skipped`)
    return 0
  }
  print(`${answer.steps} answers compared`)
  print(`${answer.passed} passed, ${answer.failed} failed, 0 skipped`)
  return answer.failed === 0 ? 0 : 1
}

async function compareAll(bootstrap: string, from: number, scripts: number, trace: boolean): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, steps: 0 }
  const broker = await createBroker({ clock: systemClock, random: systemRandom, storage: new MemoryStorage() })
  try {
    const { port } = await broker.listen({ host: '127.0.0.1', port: 0 })
    const baseMs = systemClock.now() - 10_000
    const run = systemRandom.uuid().slice(0, 8)
    for (let seed = from; seed < from + scripts; seed++) {
      const common = { name: `differential-${run}-${seed}`, seed, baseMs }
      const [theirs, ours] = await Promise.all([
        runScript({ ...common, bootstrap }),
        runScript({ ...common, bootstrap: `127.0.0.1:${port}` }),
      ])
      if (trace) for (const line of theirs) print(`  ${line}`)
      counts.steps += theirs.length
      if (isSame(seed, theirs, ours)) counts.passed++
      else counts.failed++
    }
  } finally {
    await broker.close()
  }
  return counts
}

/** Prints the first difference. */
function isSame(seed: number, theirs: readonly string[], ours: readonly string[]): boolean {
  const length = Math.max(theirs.length, ours.length)
  const at = Array.from({ length }, (_, i) => i).find((i) => theirs[i] !== ours[i])
  const thrown = theirs.at(-1)?.startsWith('threw') === true
  if (at === undefined && !thrown) return true
  print(`failed: script ${seed}`)
  const first = at ?? length - 1
  for (const line of theirs.slice(Math.max(0, first - CONTEXT_LINES), first)) print(`    ${line}`)
  print(`  Kafka:    ${theirs[first] ?? 'nothing more'}`)
  print(`  embedded: ${ours[first] ?? 'nothing more'}`)
  print(`  replay: npm run differential -- --scripts 1 --from ${seed} --trace`)
  return false
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new MillraceError('CONFIG_INVALID', `${name} ${text} must be a whole number >= 1`)
}

await runCommand(main, HELP)
