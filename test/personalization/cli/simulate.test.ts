/** The command of docs/personalization/simulate.md, run as it stands there over a log that a service has left. `WRITE=1` writes its output. */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { embeddedBroker } from '../../../lib/index.js'
import { PersonalizationService } from '../../../lib/personalization/service.js'
import type { Simulation } from '../../../lib/personalization/simulate/simulation.js'
import { userEnvironment } from '../../user-environment.js'
import { serviceOptions } from '../service-run.js'

t.setTimeout(180_000)

const PAGE = 'docs/personalization/simulate.md'
const page = readFileSync(PAGE, 'utf8')
const [, config, command, output] =
  /```mjs\n([\s\S]*?)```[\s\S]*?```\nnpm run simulate -- ([^\n]*)\n```\s*```\n([\s\S]*?)```/.exec(page)!

/** A service has run on an embedded broker in `shop` and is closed. */
async function ranShop(folder: string): Promise<void> {
  const broker = await embeddedBroker({ folder: join(folder, 'shop', 'broker') })
  const options = await serviceOptions({ connection: { broker }, name: 'millrace', folder, rows: 1_500 })
  const service = await PersonalizationService.open({ ...options, topicPrefix: '', stateDir: null })
  await service.start()
  await service.inputDone()
  await service.close()
  await broker.close()
}

function simulate(
  folder: string,
  ...flags: string[]
): Promise<{ code: number | null; output: string; errors: string }> {
  const command = ['--import=tsx', 'lib/personalization/cli/simulate.ts', ...flags]
  const paths = command.map((flag) => (/^(timer.mjs|shop)$/.test(flag) ? join(folder, flag) : flag))
  const child = spawn(process.execPath, paths, { env: userEnvironment() })
  let [output, errors] = ['', '']
  child.stdout.on('data', (bytes) => {
    output += bytes
  })
  child.stderr.on('data', (bytes) => {
    errors += bytes
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output, errors })))
}

t.test('the command of the page', async (t) => {
  const folder = t.testdir()
  await ranShop(folder)
  writeFileSync(join(folder, 'timer.mjs'), config!)
  const flags = command!.split(' ')
  const run = await simulate(folder, ...flags)
  t.equal(run.code, 0, run.errors)
  if (process.env.WRITE === '1')
    writeFileSync(
      PAGE,
      page.replace(output!, () => run.output),
    )
  t.equal(run.output, output, `the page shows another output: WRITE=1 node --import=tsx ${import.meta.filename}`)
  const json = await simulate(folder, ...flags, '--json')
  const difference = JSON.parse(json.output) as Simulation
  t.match(run.output, `${difference.events} events; ${difference.before} decisions before, ${difference.after} after`)
  t.ok(difference.onlyAfter.length > 0)
  const same = await simulate(folder, ...flags, '--against', 'timer.mjs')
  t.match(same.output, ' unchanged, 0 only before, 0 only after, 0 changed')
})

t.test('what is wrong is said', async (t) => {
  const folder = t.testdir({ 'timer.mjs': config! })
  const right = ['--config', 'timer.mjs', '--state-dir', 'shop']
  const rows: readonly (readonly [string[], RegExp])[] = [
    [['--state-dir', 'shop'], /^CONFIG_INVALID: --config is missing/],
    [['--config', 'timer.mjs'], /^CONFIG_INVALID: --brokers is missing: set the brokers, or --state-dir/],
    [[...right, '--from', 'yesterday'], /^CONFIG_INVALID: --from is yesterday: write a time with its zone/],
    [[...right, '--from', '2019-10-01T01:00:00Z', '--to', '2019-10-01T01:00:00Z'], /--to is not after --from/],
    [
      [...right, '--from', '2019-10-01T01:00:00Z', '--warm-from', '2019-10-02T01:00:00Z'],
      /--warm-from is after --from/,
    ],
    [[...right, '--first', '-1'], /--first/],
    [[...right, '--what'], /^CONFIG_INVALID: .*--what.*: see npm run simulate -- --help/],
  ]
  for (const [flags, message] of rows) {
    const { code, errors, output } = await simulate(folder, ...flags)
    t.match({ code, errors, output }, { code: 1, errors: message, output: '' }, flags.join(' '))
  }
})
