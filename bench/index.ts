/** Every benchmark, by the name `npm run bench -- NAME` gives it; each is loaded when it runs. */
import { parseArgs } from 'node:util'
import { type FlagValues, flagValues, invalidFlag, type Suite } from './suite.js'

export const SUITES: Readonly<Record<string, () => Promise<{ readonly suite: Suite }>>> = {
  count: () => import('./count.js'),
  async: () => import('./async.js'),
  latency: () => import('./latency.js'),
  idle: () => import('./idle.js'),
  recommender: () => import('./recommender.js'),
  replay: () => import('./replay.js'),
  service: () => import('./service.js'),
  hotspots: () => import('./hotspots.js'),
}

export interface Chosen {
  readonly suite: Suite
  readonly values: FlagValues
  /** The report in one line. */
  readonly json: boolean
}

/** Lists every suite with its flags and their defaults. */
export async function benchHelp(): Promise<string> {
  const rows = Object.entries(SUITES).map(async ([name, load]) => {
    const { what, flags } = (await load()).suite
    const given = Object.entries(flags).map(([flag, value]) => `--${flag} ${value ?? '(required)'}`)
    return `  ${name.padEnd(12)} ${what}\n${' '.repeat(15)}${given.join('  ')}`
  })
  return `npm run bench -- SUITE [options] [--json]
Runs one benchmark and prints its report; --json prints it on one line. See docs/benchmarks.md.

Suites, each with its options and their defaults:
${(await Promise.all(rows)).join('\n')}

KAFKA_BROKERS=HOST:PORT uses that broker. Otherwise a benchmark that needs Kafka starts it, and removes it at the end.
`
}

/** @throws MillraceError CONFIG_INVALID; TypeError for a flag the suite does not have */
export async function chosenSuite([name = 'none', ...args]: readonly string[]): Promise<Chosen> {
  const load = Object.hasOwn(SUITES, name) ? SUITES[name] : undefined
  if (load === undefined) throw invalidFlag(`bench takes one suite of ${Object.keys(SUITES).join(', ')}; got ${name}`)
  const { suite } = await load()
  const flags = Object.keys(suite.flags).map((flag) => [flag, { type: 'string' }] as const)
  const options = { ...Object.fromEntries(flags), json: { type: 'boolean' } } as const
  const { values } = parseArgs({ args, options })
  return { suite, values: flagValues(suite.flags, values), json: values.json === true }
}
