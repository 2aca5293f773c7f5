/** The frame of every command: an error becomes one line with its code and a non-zero exit code. */

import { errorLine } from '../errors.js'

/** The text of `--help`. A function if it lists what other files declare. */
export type Help = string | (() => string | Promise<string>)

/**
 * Runs `main`, or prints `help` if an argument is `--help` or `-h`. Prints a failure on stderr, with its stack only if
 * DEBUG is set, and exits 1.
 */
export async function runCommand(main: () => Promise<number | undefined>, help?: Help): Promise<void> {
  try {
    if (help !== undefined && process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
      process.stdout.write(typeof help === 'string' ? help : await help())
      return
    }
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    process.stderr.write(`${errorLine(error)}\n`)
    if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    process.exitCode = 1
  }
}
