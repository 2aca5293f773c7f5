/** Codes of errors that a page or a docstring names are codes there are. */

import { readFileSync } from 'node:fs'
import t from 'tap'
import { ERROR_CODES } from '../../lib/errors.js'
import { filesUnder } from '../source-files.js'

/** With the codes of the service and of its doors, which have tables of their own. */
const known = new Set([
  ...Object.keys(ERROR_CODES),
  ...['docs/errors.md', 'docs/doors.md'].flatMap((path) => namedIn(path, /^\| `([A-Z0-9_]+)` \|/gm)),
])
/** What a code of ours begins with: other words in capitals are Kafka's codes, or variables of the environment. */
const beginnings = new Set([...known].map((code) => code.split('_')[0]))

function namedIn(path: string, pattern: RegExp): string[] {
  return [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, code = '']) => code)
}

t.test('pages name codes that exist', async (t) => {
  for (const path of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesUnder('docs', '.md')]) {
    const codes = namedIn(path, /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)
    const wrong = codes.filter((code) => beginnings.has(code.split('_')[0]) && !known.has(code))
    t.same(
      wrong.filter((code) => !code.startsWith('KAFKA_') && !code.startsWith('MILLRACE_')),
      [],
      path,
    )
  }
})

t.test('docstrings name codes that exist', async (t) => {
  for (const path of filesUnder('lib', '.ts')) {
    const codes = namedIn(path, /@throws MillraceError ([A-Z0-9_]+(?:(?:, | or | and )[A-Z0-9_]+)*)/g)
    const wrong = codes
      .flatMap((text) => text.split(/, | or | and /))
      .filter((code) => !code.endsWith('_') && code.includes('_') && !known.has(code))
    t.same(wrong, [], path)
  }
})
