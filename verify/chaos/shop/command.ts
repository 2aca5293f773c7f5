/** `npm run chaos` on the personalization service: compares its decisions with those of a run without faults. */
import { join } from 'node:path'
import { MillraceError } from '../../../lib/errors.js'
import { connect, seededRandom, systemRandom } from '../../../lib/index.js'
import { withRealKafka } from '../../kafka/with-real-kafka.js'
import { FAULTS, type Fault } from './faults.js'
import { ChaosRuns } from './runs.js'

/** The simulated shop's three days in a minute, a file at the speed of the ten-kill check. */
const SIMULATOR_SPEED = '4000'
const FILE_SPEED = '150'

export interface ShopSettings {
  readonly faults: string
  readonly rounds: number
  readonly from: number
  readonly input: string | undefined
  readonly format: string | undefined
  readonly speed: string | undefined
  readonly transport: string
  readonly partitions: string
  readonly maxRestartMs: number
  readonly print: (line: string) => void
}

export async function runShop(settings: ShopSettings): Promise<number> {
  const { input, format, from, print, maxRestartMs } = settings
  const faults = faultsOf(settings.faults, settings.rounds)
  const speed = settings.speed ?? (input === undefined ? SIMULATOR_SPEED : FILE_SPEED)
  const answer = await withRealKafka('chaos', async ({ bootstrap, from: kafka, folder }) => {
    print(`on ${kafka} (${bootstrap}); ${faults.length} faults, seed ${from}`)
    const cluster = connect({ brokers: [bootstrap] })
    const args = ['--brokers', bootstrap, '--transport', settings.transport, '--partitions', settings.partitions]
    if (input !== undefined) args.push('--input', input)
    if (format !== undefined) args.push('--format', format)
    try {
      return await new ChaosRuns({
        ...{ cluster, args, speed, maxRestartMs, print },
        folder: join(folder, 'state'),
        name: `chaos-${systemRandom.uuid().slice(0, 8)}`,
        random: seededRandom(`${from}/chaos`),
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
  const wanted = (list === 'all' ? FAULTS.join(',') : list).split(',').map((item) => {
    const [, name, times] = /^([a-z]+)(?::(\d+))?$/.exec(item.trim()) ?? []
    if (!FAULTS.includes(name as Fault)) {
      throw new MillraceError(
        'CONFIG_INVALID',
        `--faults ${item}: on the shop, use names of ${FAULTS.join(', ')}, each NAME or NAME:TIMES`,
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
