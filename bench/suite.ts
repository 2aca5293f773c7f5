/** The interface of a benchmark: its flags and how it runs, and functions that read the values of flags. */
import { MillraceError } from '../lib/errors.js'

export type Log = (line: string) => void

/** Flag → value; a flag that was not given has its default. */
export interface FlagValues {
  readonly text: (flag: string) => string
  /** A whole number. @throws MillraceError CONFIG_INVALID */
  readonly whole: (flag: string, minimum: number) => number
}

/** A suite's report, and whether it counts as passed. */
export interface Outcome {
  readonly report: object
  readonly passed: boolean
}

export interface Suite {
  /** One line for `--help`. */
  readonly what: string
  /** Flag → default. Null: it must be given. */
  readonly flags: Readonly<Record<string, string | null>>
  run(values: FlagValues, log: Log): Promise<Outcome>
}

export function flagValues(flags: Suite['flags'], given: Readonly<Record<string, unknown>>): FlagValues {
  const text = (flag: string): string => {
    const value = given[flag] ?? flags[flag]
    if (typeof value !== 'string') throw invalidFlag(`--${flag} is missing`)
    return value
  }
  return {
    text,
    whole(flag, minimum) {
      const value = Number(text(flag))
      if (Number.isSafeInteger(value) && value >= minimum) return value
      throw invalidFlag(`--${flag} ${text(flag)}: give a whole number >= ${minimum}`)
    },
  }
}

export function invalidFlag(message: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', message)
}
