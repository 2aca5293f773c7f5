import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { logFindings } from '../../../verify/chaos/instance-log.js'

t.test('a loop without a pause, a stack and the last error are found; a calm log is calm', async (t) => {
  const line = (at: number, message: string, more = {}) => JSON.stringify({ at, level: 'warn', message, ...more })
  const every = (ms: number) => Array.from({ length: 50 }, (_, i) => line(i * ms, 'trying again'))
  const rows: [string, string[], RegExp[]][] = [
    ['calm', every(100), []],
    ['flood', every(10), [/^a writes "trying again" more than 20 times a second$/]],
    [
      'stack',
      [line(0, 'fine'), 'TypeError: x', '    at y'],
      [/^a wrote to standard error outside of its log: TypeError: x \| {5}at y$/],
    ],
    ['end', [line(0, 'the instance ended', { cause: 'STATE_LOCKED: busy' })], [/^a said: STATE_LOCKED: busy$/]],
    ['warning of Node', ['(node:1) Warning: something', '(Use `node --trace-warnings ...`)'], []],
  ]
  const folder = t.testdir()
  for (const [name, lines, found] of rows) {
    const file = join(folder, `${name}.log`)
    writeFileSync(file, `${lines.join('\n')}\n`)
    const says = await logFindings('a', file)
    t.equal(says.length, found.length, name)
    for (const [i, pattern] of found.entries()) t.match(says[i], pattern, name)
  }
  t.same(await logFindings('a', join(folder, 'none.log')), [], 'never started')
})
