/** `npm run bench -- SUITE [--vs java] [--json] ...`: one benchmark; its last line of output is one JSON object. */

import { parseArgs } from 'node:util'
import { runCommand } from '../lib/cli/command.js'
import { MillraceError } from '../lib/errors.js'
import type { ServiceOptions } from './service.js'

/** Every suite's options in one table: an unknown flag is an error, whichever suite it is given to. */
const OPTIONS = {
  vs: { type: 'string' },
  json: { type: 'boolean', default: false },
  records: { type: 'string', default: '1000000' },
  rounds: { type: 'string' },
  'commit-interval': { type: 'string', default: '100' },
  seed: { type: 'string', default: '1' },
  rate: { type: 'string' },
  broker: { type: 'string', default: 'both' },
  seconds: { type: 'string' },
  train: { type: 'string' },
  test: { type: 'string' },
  repeats: { type: 'string', default: 'forbid' },
  tasks: { type: 'string', default: '12,100,600,2000' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values']

/** A suite's report, and whether it counts as passed. */
interface Outcome {
  readonly report: object
  readonly passed: boolean
}

const SUITES: Readonly<Record<string, (values: Values, log: (line: string) => void) => Promise<Outcome>>> = {
  async count(values, log) {
    const { count } = await import('./count.js')
    const report = await count({
      records: whole('records', values.records, 1_000),
      rounds: whole('rounds', values.rounds ?? '5', 1),
      commitIntervalMs: whole('commit-interval', values['commit-interval'], 1),
      seed: whole('seed', values.seed, 0),
      vsJava: versus(values.vs),
      log,
    })
    return { report, passed: report.outputsEqual }
  },
  async async(values, log) {
    const { asyncHandlers } = await import('./async.js')
    const report = await asyncHandlers({
      records: whole('records', values.records === OPTIONS.records.default ? '50000' : values.records, 1_000),
      rounds: whole('rounds', values.rounds ?? '3', 1),
      log,
    })
    return { report, passed: report.outputsEqual && report.ratio >= 50 }
  },
  async latency(values, log) {
    const { latency } = await import('./latency.js')
    const report = await latency({
      rate: whole('rate', values.rate ?? '2000', 1),
      seconds: whole('seconds', values.seconds ?? '30', 1),
      rounds: whole('rounds', values.rounds ?? '1', 1),
      seed: whole('seed', values.seed, 0),
      log,
    })
    return { report, passed: report.outputsEqual }
  },
  async idle(values, log) {
    const { idle } = await import('./idle.js')
    const report = await idle({
      tasks: values.tasks.split(',').map((tasks) => whole('tasks', tasks, 1)),
      seconds: whole('seconds', values.seconds ?? '60', 1),
      log,
    })
    return { report, passed: true }
  },
  async produce(values, log) {
    const { produce } = await import('./produce.js')
    const report = await produce({
      records: whole('records', values.records === OPTIONS.records.default ? '200000' : values.records, 1),
      rounds: whole('rounds', values.rounds ?? '3', 1),
      log,
    })
    return { report, passed: report.outputsEqual }
  },
  async recommender(values, log) {
    const { train, test, repeats } = values
    if (train === undefined || test === undefined) throw invalid('recommender needs --train FILE and --test FILE')
    if (repeats !== 'allow' && repeats !== 'forbid') throw invalid(`--repeats ${repeats}: say allow or forbid`)
    const { recommender } = await import('./recommender.js')
    return { report: await recommender({ train, test, repeats, log }), passed: true }
  },
  async service(values, log) {
    const { service } = await import('./service.js')
    const report = await service(serviceOptions(values, '60', log))
    return { report, passed: report.outputsEqual }
  },
  async hotspots(values, log) {
    const { hotspots } = await import('./service.js')
    const report = await hotspots(serviceOptions(values, '30', log))
    return { report, passed: report.outputsEqual }
  },
}

function serviceOptions(values: Values, seconds: string, log: (line: string) => void): ServiceOptions {
  const brokers = values.broker
  if (brokers !== 'embedded' && brokers !== 'kafka' && brokers !== 'both') {
    throw invalid(`--broker ${brokers}: say embedded, kafka or both`)
  }
  return {
    brokers,
    rate: whole('rate', values.rate ?? '500', 1),
    seconds: whole('seconds', values.seconds ?? seconds, 1),
    seed: whole('seed', values.seed, 0),
    log,
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  const [name, ...rest] = positionals
  const suite = name === undefined ? undefined : SUITES[name]
  if (suite === undefined || rest.length > 0) {
    throw invalid(`bench takes one suite of ${Object.keys(SUITES).join(', ')}; got ${positionals.join(' ') || 'none'}`)
  }
  const { report, passed } = await suite(values, (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify(report, null, values.json ? undefined : 2)}\n`)
  return passed ? 0 : 1
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least)
    throw invalid(`--${option} ${text}: give a whole number >= ${least}`)
  return value
}

function versus(vs: string | undefined): boolean {
  if (vs !== undefined && vs !== 'java') throw invalid(`--vs ${vs}: only java can be compared with`)
  return vs === 'java'
}

function invalid(message: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', message)
}

await runCommand(main)
