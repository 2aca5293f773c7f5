/**
 * `npm run suites [-- NAME...] [--brokers embedded,kafka] [--quick] [--from SEED]`: test suites of other projects on
 * Millrace and on its embedded broker. See docs/borrowed-suites.md.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../../lib/cli/command.js'
import { isMillraceError, MillraceError, seededRandom, systemRandom } from '../../lib/index.js'
import { type BrokerKind, withBroker } from './brokers.js'
import { missingTools, Unavailable } from './downloads.js'
import { Processes } from './processes.js'
import { suites } from './registry.js'
import type { Outcome, Suite } from './suite.js'

const print = (line: string) => process.stdout.write(`${line}\n`)
const BROKERS: readonly BrokerKind[] = ['embedded', 'kafka']

const HELP = `npm run suites -- [NAME...] [options]
Runs test suites of other projects on Millrace and on its embedded broker. See docs/borrowed-suites.md.

  --brokers LIST   embedded, kafka, or both separated by a comma; default both
  --quick          only what takes seconds, on the embedded broker
  --from SEED      the seed that an earlier run printed; it determines the order of kills

Suites:
${suites.map(({ name, what }) => `  ${name.padEnd(20)} ${what}`).join('\n')}
`

interface Options {
  readonly quick: boolean
  readonly seed: string
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      brokers: { type: 'string', default: BROKERS.join(',') },
      quick: { type: 'boolean', default: false },
      from: { type: 'string', default: String(systemRandom.int(1_000_000)) },
    },
  })
  const brokers = chosen(values.brokers.split(','), BROKERS, '--brokers')
  const names = suites.map(({ name }) => name)
  const named = positionals.length > 0
  const wanted = named ? chosen(positionals, names, 'suites') : names
  const options = { quick: values.quick, seed: values.from }
  print(`seed ${options.seed}`)
  const all: Outcome[] = []
  for (const suite of suites.filter(({ name, quick }) => wanted.includes(name) && (quick || !values.quick || named))) {
    const where = suite.brokers.filter((kind) => brokers.includes(kind) && (kind === 'embedded' || !values.quick))
    const why =
      values.quick && !suite.quick ? 'it has no quick variant' : `it runs on ${suite.brokers.join(' and ')} only`
    if (where.length === 0 || (values.quick && !suite.quick)) {
      all.push({ name: suite.name, result: 'skipped', detail: why })
      continue
    }
    for (const kind of where) all.push(...(await runOne(suite, kind, options)))
  }
  return summary(all)
}

function chosen<T extends string>(given: readonly string[], known: readonly T[], what: string): T[] {
  const wrong = given.find((name) => !known.includes(name as T))
  if (wrong === undefined) return given as T[]
  throw new MillraceError('CONFIG_INVALID', `${what}: there is no ${wrong}; there are ${known.join(', ')}`)
}

/** The outcomes, each under the name of its suite and broker. */
async function runOne(suite: Suite, kind: BrokerKind, options: Options): Promise<Outcome[]> {
  const title = `${suite.name} on ${kind}`
  print(`== ${title}: ${suite.what}`)
  const startedMs = performance.now()
  const folder = await mkdtemp(join(tmpdir(), `millrace-suite-${suite.name}-`))
  const outcomes = await attempted(suite, kind, folder, options)
  const counts = (['passed', 'failed', 'skipped'] as const).map(
    (result) => `${outcomes.filter((outcome) => outcome.result === result).length} ${result}`,
  )
  for (const { name, result, detail } of outcomes) {
    if (result === 'failed') print(`  failed: ${name}${detail === undefined ? '' : ` (${detail})`}`)
  }
  print(`  ${counts.join(', ')} in ${Math.round((performance.now() - startedMs) / 1_000)} s`)
  if (outcomes.some(({ result }) => result === 'failed')) print(`  logs: ${folder}`)
  else await rm(folder, { recursive: true, force: true })
  return outcomes.map((outcome) => ({ ...outcome, name: `${title}: ${outcome.name}` }))
}

async function attempted(suite: Suite, broker: BrokerKind, folder: string, options: Options): Promise<Outcome[]> {
  const missing = await missingTools(suite.tools)
  if (missing.length > 0) return [unavailable(`${missing.join(' and ')} not on this machine`)]
  const processes = new Processes(folder)
  const limit = timeLimit(suite.limitSeconds)
  try {
    const random = seededRandom(`${options.seed}/${suite.name}`)
    const { quick } = options
    const work = withBroker(broker, suite.brokerNeeds ?? {}, folder, async (bootstrap) => {
      const outcomes = suite.run({ broker, bootstrap, folder, quick, random, processes, print })
      return Promise.race([outcomes, limit.reached])
    })
    return await work
  } catch (error) {
    if (error instanceof Unavailable || isMillraceError(error, 'KAFKA_UNAVAILABLE')) return [unavailable(error.message)]
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return [{ name: 'preparation', result: 'failed', detail: detail.slice(0, 600) }]
  } finally {
    limit.cancel()
    processes.killAll()
  }
}

/** What cannot be had is skipped, and with REQUIRE_SUITES=1 it fails. */
function unavailable(detail: string): Outcome {
  return { name: 'everything', result: process.env.REQUIRE_SUITES === '1' ? 'failed' : 'skipped', detail }
}

function timeLimit(seconds: number): { readonly reached: Promise<never>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined
  const reached = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${seconds} s`)), seconds * 1_000)
  })
  reached.catch(() => {})
  return { reached, cancel: () => clearTimeout(timer) }
}

function summary(outcomes: readonly Outcome[]): number {
  const of = (result: Outcome['result']) => outcomes.filter((outcome) => outcome.result === result)
  const [failed, skipped] = [of('failed'), of('skipped')]
  for (const { name, result, detail } of [...skipped, ...failed]) {
    print(`${result}: ${name}${detail === undefined ? '' : ` (${detail})`}`)
  }
  print(`${of('passed').length} passed, ${failed.length} failed, ${skipped.length} skipped`)
  return failed.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
await runCommand(main, HELP)
