/** The codes of the library and of the service, the tables in docs/errors.md, and what lib raises: lists that must agree. */

import { readFileSync } from 'node:fs'
import t from 'tap'
import { ERROR_CODES, type ErrorCode, errorLine, isMillraceError, MillraceError } from '../lib/errors.js'
import {
  isServiceError,
  SERVICE_ERROR_CODES,
  ServiceError,
  type ServiceErrorCode,
} from '../lib/personalization/errors.js'
import { errorTable } from '../scripts/error-table.js'
import { sourceFiles } from './source-files.js'

const codes = Object.keys(ERROR_CODES) as ErrorCode[]
const serviceCodes = Object.keys(SERVICE_ERROR_CODES) as ServiceErrorCode[]
const remedies: Readonly<Record<string, string>> = { ...ERROR_CODES, ...SERVICE_ERROR_CODES }
const all = [...codes, ...serviceCodes]
const page = readFileSync('docs/errors.md', 'utf8')

t.test('docs/errors.md lists every code, and no other (npm run docs writes it)', async (t) => {
  const documented = [...page.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map((match) => match[1] ?? '')
  t.same(
    all.filter((code) => !documented.includes(code)),
    [],
    'in the code only',
  )
  t.same(
    documented.filter((code) => !Object.hasOwn(remedies, code)),
    [],
    'in docs/errors.md only',
  )
  t.ok(page.includes(errorTable()), 'the table says what lib/errors.ts says')
  t.ok(page.includes(errorTable(SERVICE_ERROR_CODES)), 'and the other what the service says')
})

t.test('codes are sorted, and each says what to do in one sentence or two', async (t) => {
  t.same(codes, [...codes].sort())
  t.same(serviceCodes, [...serviceCodes].sort())
  t.equal(new Set(all).size, all.length, 'no code is in both')
  for (const code of all) t.match(remedies[code], /^[A-Z].{5,}\.$/, code)
})

t.test('every code is raised somewhere', async (t) => {
  const used = new Set<string>()
  for (const file of ['lib', 'verify'].flatMap(sourceFiles)) {
    if (/^lib\/(personalization\/)?errors\.ts$/.test(file.path)) continue
    for (const match of file.text.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)) used.add(match[1] ?? '')
  }
  t.same(
    all.filter((code) => !used.has(code)),
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

t.test('an error of the service is one of its own', async (t) => {
  const cause = new Error('below')
  for (const code of serviceCodes) {
    const error = new ServiceError(code, 'what failed', { cause })
    t.match(error, { code, name: 'ServiceError', message: 'what failed', cause })
    t.ok(isServiceError(error, code))
    t.notOk(isMillraceError(error))
    t.equal(errorLine(error), `${code}: what failed`)
  }
  t.notOk(isServiceError(new MillraceError('CONFIG_INVALID', 'x')))
  t.notOk(isServiceError(new ServiceError('INPUT_MISSING', 'x'), 'INPUT_UNREADABLE'))
})

t.test('an error as one line', async (t) => {
  const system = Object.assign(new Error('open: no'), { code: 'ENOENT' })
  const flag = Object.assign(new TypeError("Unknown option '--x'. To specify a positional"), {
    code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION',
  })
  for (const [error, line] of [
    [new MillraceError('CONFIG_INVALID', 'no'), 'CONFIG_INVALID: no'],
    [new TypeError('no'), 'TypeError: no'],
    [system, 'Error: open: no'],
    [flag, "CONFIG_INVALID: Unknown option '--x'"],
    [Object.assign(new Error('no'), { code: 'ERR_INVALID_ARG_TYPE' }), 'Error: no'],
    [
      new MillraceError('PROCESS_FAILED', 'Node a threw.', { cause: new TypeError('x is no list') }),
      'PROCESS_FAILED: Node a threw. It threw TypeError: x is no list',
    ],
    [
      new MillraceError('HANDLER_FAILED', 'It failed.', { cause: 'a text' }),
      'HANDLER_FAILED: It failed. It threw a text',
    ],
    [new MillraceError('PROCESS_FAILED', 'Node a threw.'), 'PROCESS_FAILED: Node a threw.'],
    [new MillraceError('PORT_IN_USE', 'no', { cause: new Error('EADDRINUSE') }), 'PORT_IN_USE: no'],
    ['text', 'text'],
    [null, 'null'],
  ] as const) {
    t.equal(errorLine(error), line)
  }
})
