/** The frame of every command: an error becomes one line with its code and a non-zero exit code. */

import { isMillraceError } from '../errors.js'

/** Runs `main`; prints a failure on stderr, with its stack only where DEBUG is set, and exits 1. */
export async function runCommand(main: () => Promise<number | undefined>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    process.stderr.write(`${errorLine(error)}\n`)
    if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    process.exitCode = 1
  }
}

/** One line: the code, and what failed, where and what to do. */
export function errorLine(error: unknown): string {
  if (isMillraceError(error)) return `${error.code}: ${error.message}`
  if (isArgumentError(error)) return `CONFIG_INVALID: ${error.message.split('. To specify')[0]}`
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/** node:util's parseArgs raises these for an unknown flag or a missing value. */
function isArgumentError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}
