/**
 * `npm run conformance -- DIR [--verbose]`: runs every conformance case in DIR with the topology test driver. `npm run
 * conformance -- --random N --seed S [--from I]`: N random cases, compared with Kafka Streams.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../../lib/cli/command.js'
import { MillraceError } from '../../lib/errors.js'
import type { ConformanceCase } from '../cases/case.js'
import { runRandom } from './random.js'
import { droppedDifference } from './run.js'
import { verdict } from './verdict.js'

const HELP = `npm run conformance -- DIR [--verbose]
npm run conformance -- --random N [--seed S] [--from I]
The first form runs every case (*.json) of the folder DIR with the test driver and compares the output with the one that
Kafka Streams gave. The second makes random cases and runs them on Millrace and on Kafka Streams; it needs Java and Maven.

  --verbose    also print the cases that passed
  --random N   the number of random cases
  --seed S     the seed of the random cases; default 1
  --from I     the number of the first case of the seed; default 0
`

async function readCases(folder: string): Promise<ConformanceCase[]> {
  let names: string[]
  try {
    names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `The folder of cases ${folder} cannot be read: use another folder.`, {
      cause,
    })
  }
  if (names.length === 0) throw new MillraceError('CONFIG_INVALID', `The folder ${folder} contains no *.json case.`)
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8')
      try {
        return JSON.parse(text) as ConformanceCase
      } catch (cause) {
        throw new MillraceError('CONFIG_INVALID', `The case ${join(folder, name)} is not valid JSON.`, { cause })
      }
    }),
  )
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new MillraceError('CONFIG_INVALID', `--${option} ${text} must be a whole number >= 0.`)
}

await runCommand(async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      verbose: { type: 'boolean', default: false },
      random: { type: 'string' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
    },
  })
  if (values.random !== undefined) {
    const { passed, failed, skipped } = await runRandom({
      count: wholeNumber('random', values.random),
      seed: wholeNumber('seed', values.seed),
      from: wholeNumber('from', values.from),
      print: (line) => process.stdout.write(`${line}\n`),
    })
    process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
    return failed === 0 ? 0 : 1
  }
  const [folder] = positionals
  if (folder === undefined || positionals.length > 1) {
    throw new MillraceError('CONFIG_INVALID', 'Give a folder of cases: npm run conformance -- DIR, or --random N')
  }
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const testCase of await readCases(folder)) {
    const result = verdict(testCase)
    const dropped = result.kind === 'skipped' ? null : droppedDifference(testCase)
    if (dropped !== null) process.stdout.write(`${testCase.name}: ${dropped}\n`)
    counts[result.kind]++
    if (result.kind === 'passed' && result.rules.length > 0) {
      process.stdout.write(`passed by rule ${testCase.name}: ${result.rules.join(', ')}\n`)
    } else if (result.kind !== 'passed') process.stdout.write(`${result.kind} ${testCase.name}: ${result.why}\n`)
    else if (values.verbose) process.stdout.write(`passed ${testCase.name}\n`)
  }
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
  return counts.failed === 0 ? 0 : 1
}, HELP)
