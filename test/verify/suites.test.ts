/** The command of the borrowed suites: what it takes, and what a machine without the tools hears. */
import { spawnSync } from 'node:child_process'
import t from 'tap'

function suites(args: readonly string[], env: Record<string, string> = {}) {
  const command = ['--import=tsx', 'verify/suites/main.ts', ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, lines: stdout.trimEnd().split('\n'), stderr }
}

t.setTimeout(240_000)

t.test('an unknown suite, broker or option is refused with what there is', async (t) => {
  const rows: [string[], RegExp][] = [
    [['streams-smok'], /CONFIG_INVALID: suites: there is no streams-smok; there are kafka-tools, /],
    [['--brokers', 'redis'], /CONFIG_INVALID: --brokers: there is no redis; there are embedded, kafka/],
    [['--fast'], /CONFIG_INVALID: Unknown option '--fast'/],
  ]
  for (const [args, message] of rows) t.match(suites(args), { status: 1, stderr: message }, args.join(' '))
})

t.test('a tool that is not there skips the suite by name, or fails it where the suites are required', async (t) => {
  const nothing = { PATH: '/nonexistent' }
  const args = ['kafka-tools', 'franz-go', '--brokers', 'embedded']
  const skipped = suites(args, nothing)
  t.equal(skipped.status, 0)
  t.same(skipped.lines.slice(-3), [
    'skipped: kafka-tools on embedded: everything (java and mvn not on this machine)',
    'skipped: franz-go on embedded: everything (go not on this machine)',
    '0 passed, 0 failed, 2 skipped',
  ])
  const required = suites(args, { ...nothing, REQUIRE_SUITES: '1' })
  t.equal(required.status, 1)
  t.equal(required.lines.at(-1), '0 passed, 2 failed, 0 skipped')
})

t.test('a suite asked for by name that cannot run so is named as skipped', async (t) => {
  const rows: [string[], string][] = [
    [['streams-smoke', '--quick'], 'skipped: streams-smoke (it has no quick variant)'],
    [['java-streams-smoke', '--brokers', 'kafka'], 'skipped: java-streams-smoke (it runs on embedded only)'],
  ]
  for (const [args, line] of rows) {
    const { status, lines } = suites(args, { PATH: '/nonexistent' })
    t.same([status, ...lines.slice(-2)], [0, line, '0 passed, 0 failed, 1 skipped'])
  }
})
