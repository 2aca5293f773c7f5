/** Writes the tables of docs/errors.md, docs/doors.md and docs/personalization/decisions.md from the tables in lib: `npm run docs`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ERROR_CODES } from '../lib/errors.js'
import { DOOR_ERRORS } from '../lib/personalization/doors/errors.js'
import { DOORS, SERVER } from '../lib/personalization/doors/index.js'
import { SERVICE_ERROR_CODES } from '../lib/personalization/errors.js'
import { eventNameTable } from './event-name-table.js'
import { decisionTable } from './shipped-decisions.js'

/** A table in Markdown. */
export function errorTable(codes: Readonly<Record<string, string>> = ERROR_CODES): string {
  const rows = Object.entries(codes).map(([code, remedy]) => `| \`${code}\` | ${remedy} |`)
  return `| code | what to do |\n| --- | --- |\n${rows.join('\n')}\n`
}

/** The errors of the doors: code, status, the doors that answer with it, what to do. */
export function doorErrorTable(): string {
  const rows = Object.entries(DOOR_ERRORS).map(([code, { status, whatToDo }]) => {
    const doors = [...DOORS, SERVER]
      .filter(({ errors }) => (errors as readonly string[]).includes(code))
      .map(({ name }) => name)
    return `| \`${code}\` | ${status} | ${doors.join(', ')} | ${whatToDo} |`
  })
  return `| code | status | doors | what to do |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

/** The doors and what they are for. */
export function doorTable(): string {
  const rows = DOORS.map(({ name, what }) => `| ${name} | ${what} |`)
  return `| door | what it is for |\n| --- | --- |\n${rows.join('\n')}\n`
}

/** The page with its table of the same heading replaced. */
function withTable(page: string, table: string): string {
  const start = page.indexOf(table.slice(0, table.indexOf('\n')))
  const end = page.indexOf('\n\n', start)
  return page.slice(0, start) + table.trimEnd() + (end === -1 ? '\n' : page.slice(end))
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
  const doors = 'docs/doors.md'
  const tables = [doorTable(), doorErrorTable(), eventNameTable()]
  writeFileSync(doors, tables.reduce(withTable, readFileSync(doors, 'utf8')))
  const decisions = 'docs/personalization/decisions.md'
  writeFileSync(decisions, withTable(readFileSync(decisions, 'utf8'), decisionTable()))
}
