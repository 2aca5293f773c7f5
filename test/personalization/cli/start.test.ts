/** Goal: what a stranger types first works. Method: `npm start` as a process, to its end and until it is told to stop. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { userEnvironment } from '../../user-environment.js'

function start(t: Test, ...flags: string[]) {
  const stateDir = mkdtempSync(join(tmpdir(), 'millrace-start-'))
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }))
  const child = spawn('npm', ['run', '-s', 'start', '--', '--state-dir', stateDir, ...flags], {
    detached: true,
    env: userEnvironment(),
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (bytes) => {
    output += bytes
  })
  child.stderr.on('data', (bytes) => {
    errors += bytes
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  t.teardown(() => {
    // npm passes no signal on: the whole process group ends with the test.
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL')
  })
  return {
    exit,
    output: () => output,
    errors: () => errors,
    /** To the process itself and not only to npm. */
    signal: (name: NodeJS.Signals) => process.kill(-child.pid!, name),
  }
}

t.setTimeout(300_000)

t.test('the simulated shop to its end, with one JSON line', { timeout: 150_000 }, async (t) => {
  const run = start(t, '--once', '--json')
  t.equal(await run.exit, 0, run.errors().slice(-2_000))
  const summary = JSON.parse(run.output().trim().split('\n').at(-1)!) as Record<string, unknown>
  t.match(summary, { events: 50_000, invalid: 0, duplicateRecommendations: 0, latencyMs: null })
  const counts = Object.values(summary.recommendations as Record<string, number>)
  const decisions = counts.reduce((sum, count) => sum + count, 0)
  t.equal(summary.distinctDecisionIds, decisions, 'each decision has an id of its own')
  t.match(String(summary.decisionIdsSha256), /^[0-9a-f]{64}$/)
})

t.test('the page is there until SIGTERM, and then gone within five seconds', { timeout: 60_000 }, async (t) => {
  const run = start(t, '--port', '0')
  const deadline = Date.now() + 40_000
  let address: string | undefined
  while (address === undefined && Date.now() < deadline) {
    address = /http:\/\/[\w.:[\]-]+/.exec(run.output() + run.errors())?.[0]
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  t.ok(address, run.errors().slice(-2_000))
  const health = await fetch(`${address}/health`)
  t.equal(health.status, 200)
  t.match(await (await fetch(`${address}/`)).text(), /<html/)
  const toldMs = performance.now()
  run.signal('SIGTERM')
  await run.exit
  const tookMs = performance.now() - toldMs
  t.ok(tookMs < 5_000, `closed in ${tookMs.toFixed(0)} ms`)
})

t.test('bad input is one line with a code, and an exit code that says so', { timeout: 120_000 }, async (t) => {
  const rows: [flags: string[], line: RegExp][] = [
    [['--no-such-flag'], /^CONFIG_INVALID: .*no-such-flag/],
    [['--input', 'nowhere.csv', '--format', 'rees46'], /^INPUT_MISSING: .*nowhere\.csv/],
    [['--once', '--brokers', '127.0.0.1:9'], /^CLIENT_UNREACHABLE: .*127\.0\.0\.1:9/],
  ]
  for (const [flags, line] of rows) {
    const run = start(t, ...flags)
    t.equal(await run.exit, 1, flags.join(' '))
    const lines = run
      .errors()
      .trim()
      .split('\n')
      .filter((text) => !text.startsWith('{'))
    t.match(lines.at(-1), line)
    t.notMatch(run.errors(), /^ {4}at /m, 'no stack trace unless asked')
  }
})
