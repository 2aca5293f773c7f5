/** What an application says without a log of its own, and what keeps a fault that repeats from flooding one. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { limitedLog } from '../../lib/telemetry/limited-log.js'
import type { Log } from '../../lib/telemetry/log.js'
import { ManualClock } from '../../lib/testing/index.js'

t.test('of each message one line a second, which says how many it stands for', async (t) => {
  const clock = new ManualClock(0)
  const lines: [string, object][] = []
  const write = (fields: object, message: string) => void lines.push([message, fields])
  const log = limitedLog({ debug: write, info: write, warn: write, error: write }, clock)
  for (let i = 0; i < 2_500; i++) {
    log.warn({ i }, 'it failed')
    if (i === 0) log.error({}, 'something else')
    clock.advance(1)
  }
  t.same(lines, [
    ['it failed', { i: 0 }],
    ['something else', {}],
    ['it failed', { i: 1_000, suppressedLines: 999 }],
    ['it failed', { i: 2_000, suppressedLines: 999 }],
  ])
})

t.test('messages without end do not fill the memory, and methods of a class keep their object', async (t) => {
  class Counting implements Log {
    lines = 0
    debug() {
      this.lines++
    }
    info() {
      this.lines++
    }
    warn() {
      this.lines++
    }
    error() {
      this.lines++
    }
  }
  const counting = new Counting()
  const log = limitedLog(counting, new ManualClock(0))
  for (let i = 0; i < 1_000; i++) log.info({}, `message ${i}`)
  log.debug({}, 'x')
  log.debug({}, 'x')
  t.equal(counting.lines, 1_002)
})

t.test('without a log, lines go to standard error: time, level, message, fields', async (t) => {
  const script = `
    import { stderrLog } from './lib/telemetry/stderr-log.ts'
    stderrLog.debug({}, 'not this')
    stderrLog.info({ tasks: 2, topics: 'a, b' }, 'it has started')
    stderrLog.warn({ cause: 'line\\nbreak', gone: undefined }, 'a fault')
    stderrLog.error({}, 'the end')
  `
  const { stdout, stderr } = spawnSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  t.equal(stdout, '')
  const lines = stderr.trimEnd().split('\n')
  t.match(lines[0], /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO millrace: it has started tasks=2 topics="a, b"$/)
  t.match(lines[1], /WARN millrace: a fault cause="line\\nbreak" gone=undefined$/)
  t.match(lines[2], /ERROR millrace: the end$/)
  t.equal(lines.length, 3)
})
