/** `idle`: one instance with few and with thousands of tasks and no input: its start, memory, open files, and CPU time. */

import { Admin } from '../lib/client/admin.js'
import { connect } from '../lib/client/connect.js'
import { delay, systemClock } from '../lib/record/clock.js'
import { benchTopic } from './count-data.js'
import { type Bench, withKafka } from './dedicated-broker.js'
import { machine } from './machine.js'
import { commandOf, Side } from './side.js'
import { round } from './statistics.js'
import { flagValues, type Suite } from './suite.js'

interface IdleOptions {
  /** Tasks of one process, a run for each number. */
  readonly tasks: readonly number[]
  /** How long nothing happens. */
  readonly seconds: number
  readonly log: (line: string) => void
}

/** What follows a start (checkpoints, the first look at topics, the compiler) is no idleness. */
const SETTLE_MS = 10_000

async function idle(options: IdleOptions) {
  return withKafka(async (bench) => {
    const runs = []
    for (const tasks of options.tasks) {
      const run = await measured(bench, tasks, options.seconds)
      const { startSeconds, rssMb, openFiles, idleCpuPercent } = run
      options.log(
        `${tasks} tasks: started in ${startSeconds} s, ${rssMb} MB, ${openFiles} files, ${idleCpuPercent} % of a core when idle`,
      )
      runs.push(run)
    }
    return { suite: 'idle', runs, seconds: options.seconds, broker: bench.broker, machine: machine() }
  })
}

async function measured(bench: Bench, tasks: number, seconds: number) {
  const id = `bench-idle-${tasks}-${systemClock.now()}`
  const output = `${id}-counts`
  const cluster = connect({ brokers: [bench.bootstrap], clientId: 'bench' })
  await new Admin(cluster).createTopics([{ ...benchTopic(id), partitions: tasks }, benchTopic(output)])
  const side = new Side(
    'ours',
    commandOf('worker-count', [bench.bootstrap, id, output, id, `${bench.folder}/${id}`, '-']),
  )
  try {
    const readyAtMs = await side.ready()
    await delay(systemClock, SETTLE_MS)
    const [cpuBefore, startedMs] = [side.cpuSeconds(), systemClock.monotonicMs()]
    await delay(systemClock, seconds * 1_000)
    const cpuSeconds = side.cpuSeconds() - cpuBefore
    const elapsedMs = systemClock.monotonicMs() - startedMs
    const figures = {
      tasks,
      /** From the start of the process until every task runs, its internal topics created. */
      startSeconds: round((readyAtMs - side.startedAtMs) / 1_000, 1),
      rssMb: round(side.rssMb(), 0),
      openFiles: side.openFiles(),
      idleCpuPercent: round((cpuSeconds * 100_000) / elapsedMs, 1),
    }
    await side.close()
    return figures
  } finally {
    side.kill()
    await cluster.close()
  }
}

export const suite: Suite = {
  what: 'start time, memory, open files and CPU of a process without input',
  flags: { tasks: '12,100,600,2000', seconds: '60' },
  async run({ text, whole }, log) {
    const tasks = text('tasks').split(',')
    const report = await idle({
      tasks: tasks.map((count) => flagValues({}, { tasks: count }).whole('tasks', 1)),
      seconds: whole('seconds', 1),
      log,
    })
    return { report, passed: true }
  },
}
