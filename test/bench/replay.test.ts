/** `replay`: the options it refuses, its report, and one small run in a process of its own. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { chosenSuite } from '../../bench/index.js'
import { replayOptions, replayReport } from '../../bench/replay.js'
import type { ReplayRun } from '../../bench/worker-replay.js'
import { rees46Rows } from '../personalization/rees46-rows.js'

const log = () => undefined

async function options(...args: string[]) {
  const { values } = await chosenSuite(['replay', ...args])
  return replayOptions(values, log)
}

t.test('one input, or all', async (t) => {
  t.same((await options('--input', 'simulator')).inputs, ['simulator'])
  const rows = [
    [['--input', 'bol'], 'CONFIG_INVALID', /simulator, rees46, retail or all/],
    [['--input', 'simulator', '--rounds', '1'], 'CONFIG_INVALID', /--rounds 1: give a whole number >= 2/],
    [['--input', 'simulator', '--broker', 'both'], 'CONFIG_INVALID', /embedded or kafka/],
    [['--input', 'simulator', '--partitions', '0'], 'CONFIG_INVALID', /--partitions 0/],
    [['--input', 'rees46', '--data', t.testdir()], 'INPUT_MISSING', /--data/],
    [['--data', t.testdir()], 'INPUT_MISSING', /--data/],
  ] as const
  for (const [args, code, message] of rows) await t.rejects(options(...args), { code, message }, args.join(' '))
})

const RUN: ReplayRun = {
  events: 1_000,
  users: 10,
  decisions: 900,
  decisionIdsSha256: 'a',
  recordsPerSecond: 100,
  cpuSecondsPerMillion: 50,
  peakRssMb: 300,
  commits: 4,
  changelogRecordsPerEvent: 1,
  changelogBytesPerEvent: 50,
  stateBytesPerUser: 100,
  changelogs: {},
}
const SETTINGS = { rounds: 2, broker: 'embedded', partitions: 12 } as const

t.test('the report: middle of the runs, all events of all inputs, limits of each', async (t) => {
  const report = replayReport(
    SETTINGS,
    new Map([
      ['simulator', [RUN, { ...RUN, cpuSecondsPerMillion: 150, recordsPerSecond: 300 }]],
      ['retail', [{ ...RUN, events: 3_000, cpuSecondsPerMillion: 60, peakRssMb: 500 }]],
    ]),
  )
  t.match(report.inputs.simulator, { cpuSecondsPerMillion: 100, cpuSecondsPerMillionRange: [50, 150] })
  t.same(report.ours, { recordsPerSecond: 114, cpuSecondsPerMillion: 70, peakRssMb: 500 })
  t.match(report, { outputsEqual: true, withinLimits: true, theirs: null, ratio: null })
})

t.test('a run that decides something else makes its figures worthless', async (t) => {
  const runs = new Map([['rees46', [RUN, { ...RUN, decisionIdsSha256: 'b' }]]] as const)
  t.equal(replayReport(SETTINGS, runs).outputsEqual, false)
})

t.test('an input above its limit', async (t) => {
  for (const [cpuSecondsPerMillion, within] of [
    [60, true],
    [60.1, false],
  ] as const) {
    const runs = new Map([['retail', [{ ...RUN, cpuSecondsPerMillion }]]] as const)
    t.equal(replayReport(SETTINGS, runs).withinLimits, within)
  }
})

t.test('two runs of a small file', async (t) => {
  const data = t.testdir()
  mkdirSync(join(data, 'rees46-2019-10-01'))
  writeFileSync(join(data, 'rees46-2019-10-01', 'events.csv.gz'), rees46Rows(300))
  const { suite, values } = await chosenSuite(['replay', '--input', 'rees46', '--data', data, '--partitions', '2'])
  const { report, passed } = await suite.run(values, log)
  t.ok(passed)
  t.match(report, { suite: 'replay', outputsEqual: true, rounds: 2, partitions: 2 })
  const { rees46 } = (report as ReturnType<typeof replayReport>).inputs
  t.match(rees46, { events: 300, users: 40 })
  for (const figure of ['decisions', 'recordsPerSecond', 'cpuSecondsPerMillion', 'peakRssMb', 'commits'] as const) {
    t.ok(rees46![figure] > 0, figure)
  }
  t.ok(rees46!.changelogRecordsPerEvent > 0.5 && rees46!.changelogRecordsPerEvent < 10)
  t.ok(rees46!.changelogBytesPerEvent > 10 && rees46!.changelogBytesPerEvent < 1_000)
  t.ok(rees46!.stateBytesPerUser > 10)
})
