/** Writes the tables that end docs/errors.md from lib/errors.ts and the service's own errors: `npm run docs`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ERROR_CODES } from '../lib/errors.js'
import { SERVICE_ERROR_CODES } from '../lib/personalization/errors.js'

/** A table in Markdown. */
export function errorTable(codes: Readonly<Record<string, string>> = ERROR_CODES): string {
  const rows = Object.entries(codes).map(([code, remedy]) => `| \`${code}\` | ${remedy} |`)
  return `| code | what to do |\n| --- | --- |\n${rows.join('\n')}\n`
}

const SERVICE = `
## Errors of the personalization service

The service throws the errors above, and errors of its own: a \`ServiceError\` of \`millrace/personalization\`.

`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = 'docs/errors.md'
  const page = readFileSync(file, 'utf8')
  const start = page.indexOf('| code |')
  writeFileSync(
    file,
    page.slice(0, start === -1 ? page.length : start) + errorTable() + SERVICE + errorTable(SERVICE_ERROR_CODES),
  )
}
