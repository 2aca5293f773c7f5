/** The frame of every command: an error becomes one line with its code and a non-zero exit code. */

import { errorLine } from '../errors.js'

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
