/** What an argument that is an object must be able to do: a clock, a source of randomness, a log. */
import { MillraceError } from '../errors.js'

export const PORTS = {
  clock: ['now', 'monotonicMs', 'setTimer', 'nextTurn'],
  random: ['next', 'int', 'bytes', 'uuid'],
  log: ['debug', 'info', 'warn', 'error'],
} as const

/** @throws MillraceError CONFIG_INVALID */
export function checkPort(name: keyof typeof PORTS, given: unknown): void {
  const port = given as Readonly<Record<string, unknown>> | null | undefined
  const lacking = PORTS[name].filter((call) => typeof port?.[call] !== 'function')
  if (lacking.length === 0) return
  const text = `option ${name} has no function ${lacking.join(', ')}: omit it for the default`
  throw new MillraceError('CONFIG_INVALID', text)
}
