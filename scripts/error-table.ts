/** Writes the table of docs/errors.md from lib/errors.ts, which ends the page: `npm run docs`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ERROR_CODES } from '../lib/errors.js'

/** The table in Markdown. */
export function errorTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, remedy]) => `| \`${code}\` | ${remedy} |`)
  return `| code | what to do |\n| --- | --- |\n${rows.join('\n')}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = 'docs/errors.md'
  const page = readFileSync(file, 'utf8')
  const start = page.indexOf('| code |')
  writeFileSync(file, page.slice(0, start === -1 ? page.length : start) + errorTable())
}
