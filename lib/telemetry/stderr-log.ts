/** The default log: one line on standard error for each event, warning and error. */
import { systemClock } from '../record/clock.js'
import type { Log } from './log.js'

function line(level: string): (fields: object, message: string) => void {
  return (fields, message) => {
    const at = new Date(systemClock.now()).toISOString()
    const more = Object.entries(fields).map(([name, value]) => ` ${name}=${inLine(value)}`)
    process.stderr.write(`${at} ${level} millrace: ${message}${more.join('')}\n`)
  }
}

function inLine(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text)
}

/** Debug lines are omitted. */
export const stderrLog: Log = { debug() {}, info: line('INFO'), warn: line('WARN'), error: line('ERROR') }
