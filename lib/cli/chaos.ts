/**
 * `npm run chaos -- --faults LIST --rounds N [--from S]`: the service on a real Kafka, in processes that are killed and
 * paused; its decisions must be those of an undisturbed run, each once. See docs/chaos.md.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MillraceError } from '../errors.js'
import { connect } from '../index.js'
import { seededRandom, systemRandom } from '../record/random.js'
import { FAULTS, type Fault } from './chaos-faults.js'
import { ChaosRuns } from './chaos-runs.js'
import { withRealKafka } from './checking-broker.js'
import { runCommand } from './command.js'

/** The simulated shop's three days in a minute, a file at the speed of the ten-kill check. */
const SIMULATOR_SPEED = '4000'
const FILE_SPEED = '150'

const print = (line: string) => process.stdout.write(`${line}\n`)

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      faults: { type: 'string', default: FAULTS.join(',') },
      rounds: { type: 'string', default: '1' },
      from: { type: 'string', default: '1' },
      input: { type: 'string' },
      format: { type: 'string' },
      speed: { type: 'string' },
      transport: { type: 'string', default: 'platformatic' },
      partitions: { type: 'string', default: '12' },
      within: { type: 'string', default: '5' },
    },
  })
  const faults = faultsOf(values.faults, whole('--rounds', values.rounds))
  const from = whole('--from', values.from)
  const maxRestartMs = whole('--within', values.within) * 1_000
  const { input, format } = values
  const speed = values.speed ?? (input === undefined ? SIMULATOR_SPEED : FILE_SPEED)
  const answer = await withRealKafka('chaos', async ({ bootstrap, from: kafka, folder }) => {
    print(`on ${kafka} (${bootstrap}); ${faults.length} faults, seed ${from}`)
    const cluster = connect({ brokers: [bootstrap] })
    const args = ['--brokers', bootstrap, '--transport', values.transport, '--partitions', values.partitions]
    if (input !== undefined) args.push('--input', input)
    if (format !== undefined) args.push('--format', format)
    try {
      return await new ChaosRuns({
        cluster,
        args,
        speed,
        folder: join(folder, 'state'),
        name: `chaos-${systemRandom.uuid().slice(0, 8)}`,
        random: seededRandom(`${from}/chaos`),
        maxRestartMs,
        print,
      }).run(faults)
    } finally {
      await cluster.close()
    }
  })
  if ('skipped' in answer) {
    print(`skipped: ${answer.skipped}`)
    print(`0 passed, 0 failed, ${faults.length} skipped`)
    return 0
  }
  print(`${answer.passed} passed, ${answer.failed} failed, 0 skipped`)
  return answer.failed === 0 ? 0 : 1
}

/** `kill,two:1` over 10 rounds: ten kills, then one of the other. Rounds take the faults in the order of the list. */
function faultsOf(list: string, rounds: number): Fault[] {
  const wanted = list.split(',').map((item) => {
    const [, name, times] = /^([a-z]+)(?::(\d+))?$/.exec(item.trim()) ?? []
    if (!FAULTS.includes(name as Fault)) {
      throw new MillraceError(
        'CONFIG_INVALID',
        `--faults ${item}: name some of ${FAULTS.join(', ')}, each NAME or NAME:TIMES`,
      )
    }
    return { fault: name as Fault, times: times === undefined ? rounds : Number(times) }
  })
  const faults: Fault[] = []
  // What is made less often comes last.
  for (let round = 0; round < rounds; round++) {
    for (const { fault, times } of wanted) if (rounds - round <= times) faults.push(fault)
  }
  return faults
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new MillraceError('CONFIG_INVALID', `${name} ${text} is no whole number from 1 on: give one`)
}

await runCommand(main)
