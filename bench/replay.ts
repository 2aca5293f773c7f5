/** `replay`: the whole service at full speed over an input, each run a process of its own; runs must decide the same. */

import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServiceError } from '../lib/personalization/errors.js'
import { systemClock } from '../lib/record/clock.js'
import { withKafka } from './dedicated-broker.js'
import { machine } from './machine.js'
import { commandOf, Side } from './side.js'
import { median, range, round } from './statistics.js'
import { type FlagValues, invalidFlag, type Log, type Suite } from './suite.js'
import type { ReplayRun, ReplayRunOptions } from './worker-replay.js'

/** CPU seconds per million events that the service promises. */
const CPU_LIMITS = { simulator: 150, rees46: 150, retail: 60 } as const
type InputName = keyof typeof CPU_LIMITS
const INPUTS = Object.keys(CPU_LIMITS) as InputName[]

const FILES: Readonly<Record<Exclude<InputName, 'simulator'>, string>> = {
  rees46: 'rees46-2019-10-01/events.csv.gz',
  retail: 'online-retail-uk/lines-2010-12-to-2011-08.csv.gz',
}

export interface ReplayOptions {
  readonly inputs: readonly InputName[]
  readonly rounds: number
  readonly broker: 'embedded' | 'kafka'
  readonly partitions: number
  readonly data: string
  readonly seed: string
  readonly log: Log
}

async function replay(options: ReplayOptions) {
  if (options.broker === 'embedded') return replayOn(options, null, await mkdtemp(join(tmpdir(), 'millrace-bench-')))
  return withKafka(({ bootstrap, folder }) => replayOn(options, bootstrap, join(folder, 'replay')))
}

async function replayOn(options: ReplayOptions, bootstrap: string | null, folder: string) {
  try {
    const runs = new Map<InputName, ReplayRun[]>(options.inputs.map((input) => [input, []]))
    // The inputs in turn, so that a busy minute does not hit one of them alone.
    for (let i = 0; i < options.rounds; i++) {
      for (const [input, done] of runs) done.push(await runOnce(options, input, bootstrap, folder))
    }
    return replayReport(options, runs)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

let runsStarted = 0

async function runOnce(
  { partitions, data, seed, log }: ReplayOptions,
  input: InputName,
  bootstrap: string | null,
  folder: string,
): Promise<ReplayRun> {
  const name = `bench-replay-${systemClock.now()}-${runsStarted++}`
  const file = input === 'simulator' ? null : { path: join(data, FILES[input]), format: input }
  const options: ReplayRunOptions = { bootstrap, folder, name, partitions, file, seed }
  const side = new Side('the service', commandOf('worker-replay', [JSON.stringify(options)]))
  try {
    const run = JSON.parse(await side.lastLine()) as ReplayRun
    log(
      `${input}: ${run.events} events, ${run.cpuSecondsPerMillion} CPU s per million, ${run.recordsPerSecond} events/s, ` +
        `${run.commits} commits, ${run.changelogRecordsPerEvent} changelog records and ${run.changelogBytesPerEvent} bytes ` +
        `per event, ${run.stateBytesPerUser} bytes of state per user, ${run.peakRssMb} MB, ${run.decisions} decisions`,
    )
    return run
  } finally {
    side.kill()
    await rm(join(folder, name), { recursive: true, force: true })
  }
}

/** The figures of one input: of its runs the middle ones. */
function inputReport(runs: readonly ReplayRun[]) {
  const of = (figure: (run: ReplayRun) => number) => round(median(runs.map(figure)), 2)
  const [first] = runs
  return {
    events: first!.events,
    users: first!.users,
    decisions: first!.decisions,
    decisionIdsSha256: first!.decisionIdsSha256,
    recordsPerSecond: of((run) => run.recordsPerSecond),
    cpuSecondsPerMillion: of((run) => run.cpuSecondsPerMillion),
    cpuSecondsPerMillionRange: range(runs.map((run) => run.cpuSecondsPerMillion)),
    peakRssMb: of((run) => run.peakRssMb),
    commits: of((run) => run.commits),
    changelogRecordsPerEvent: of((run) => run.changelogRecordsPerEvent),
    changelogBytesPerEvent: of((run) => run.changelogBytesPerEvent),
    stateBytesPerUser: of((run) => run.stateBytesPerUser),
    changelogs: first!.changelogs,
  }
}

/** `ours` is over all events of the inputs; the limits hold for each input. */
export function replayReport(
  { rounds, broker, partitions }: Pick<ReplayOptions, 'rounds' | 'broker' | 'partitions'>,
  runs: ReadonlyMap<InputName, readonly ReplayRun[]>,
) {
  const inputs = Object.fromEntries([...runs].map(([input, done]) => [input, inputReport(done)]))
  const all = Object.values(inputs)
  const events = all.reduce((sum, one) => sum + one.events, 0)
  const perEvent = (figure: (one: (typeof all)[number]) => number) =>
    all.reduce((sum, one) => sum + figure(one) * one.events, 0) / events
  return {
    suite: 'replay',
    ours: {
      recordsPerSecond: round(1 / perEvent((one) => 1 / one.recordsPerSecond), 0),
      cpuSecondsPerMillion: round(
        perEvent((one) => one.cpuSecondsPerMillion),
        1,
      ),
      peakRssMb: Math.max(...all.map((one) => one.peakRssMb)),
    },
    theirs: null,
    ratio: null,
    /** Every run of an input made the same decisions. */
    outputsEqual: [...runs.values()].every((done) => new Set(done.map((run) => run.decisionIdsSha256)).size === 1),
    withinLimits: [...runs.keys()].every((input) => inputs[input]!.cpuSecondsPerMillion <= CPU_LIMITS[input]),
    limits: { cpuSecondsPerMillion: CPU_LIMITS },
    inputs,
    rounds,
    broker,
    partitions,
    machine: machine(),
  }
}

export function replayOptions({ text, whole }: FlagValues, log: Log): ReplayOptions {
  const input = text('input')
  const inputs = INPUTS.filter((name) => input === name || input === 'all')
  if (inputs.length === 0) throw invalidFlag(`--input ${input}: use ${INPUTS.join(', ')} or all`)
  const broker = text('broker')
  if (broker !== 'embedded' && broker !== 'kafka') throw invalidFlag(`--broker ${broker}: use embedded or kafka`)
  const data = text('data')
  for (const name of inputs) {
    const path = name === 'simulator' ? null : join(data, FILES[name])
    if (path !== null && !existsSync(path)) {
      throw new ServiceError('INPUT_MISSING', `${path} does not exist: name the folder of the data sets with --data`)
    }
  }
  // One run has nothing to be compared with.
  const rounds = whole('rounds', 2)
  return { inputs, rounds, broker, partitions: whole('partitions', 1), data, seed: text('seed'), log }
}

export const suite: Suite = {
  what: 'the whole service at full speed over the simulated shop and real data: CPU, state and changelogs per event',
  flags: { input: 'all', rounds: '2', broker: 'embedded', partitions: '12', data: '../shared/data', seed: '1' },
  async run(values, log) {
    const report = await replay(replayOptions(values, log))
    return { report, passed: report.outputsEqual }
  },
}
