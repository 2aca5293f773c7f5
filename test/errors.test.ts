/** The codes in lib/errors.ts, the table in docs/errors.md, and what lib raises: three lists that must be one. */

import { readFileSync } from 'node:fs'
import t from 'tap'
import { ERROR_CODES, type ErrorCode, isMillraceError, MillraceError } from '../lib/errors.js'
import { errorTable } from '../scripts/error-table.js'
import { sourceFiles } from './source-files.js'

const codes = Object.keys(ERROR_CODES) as ErrorCode[]
const page = readFileSync('docs/errors.md', 'utf8')

t.test('docs/errors.md lists every code, and no other (npm run docs writes it)', async (t) => {
  const documented = [...page.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map((match) => match[1] ?? '')
  t.same(
    codes.filter((code) => !documented.includes(code)),
    [],
    'in lib/errors.ts only',
  )
  t.same(
    documented.filter((code) => !Object.hasOwn(ERROR_CODES, code)),
    [],
    'in docs/errors.md only',
  )
  t.ok(page.includes(errorTable()), 'the table says what lib/errors.ts says')
})

t.test('codes are sorted, and each says what to do in one sentence or two', async (t) => {
  t.same(codes, [...codes].sort())
  for (const code of codes) t.match(ERROR_CODES[code], /^[A-Z].{5,}\.$/, code)
})

t.test('every code is raised somewhere', async (t) => {
  const used = new Set<string>()
  for (const file of ['lib', 'verify'].flatMap(sourceFiles)) {
    if (file.path === 'lib/errors.ts') continue
    for (const match of file.text.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)) used.add(match[1] ?? '')
  }
  t.same(
    codes.filter((code) => !used.has(code)),
    [],
  )
})

t.test('an error carries its code and where it happened', async (t) => {
  const cause = new Error('below')
  const where = { topic: 'in', partition: 3, offset: 42, taskId: '0_3', node: 'count', kafkaCode: 47, retriable: true }
  for (const code of codes) {
    const error = new MillraceError(code, 'what failed', { ...where, cause })
    t.match(error, { code, name: 'MillraceError', message: 'what failed', cause, ...where })
    t.ok(isMillraceError(error, code))
  }
  t.notOk(isMillraceError(new Error('another')))
  t.notOk('topic' in new MillraceError('CONFIG_INVALID', 'no place'))
})
