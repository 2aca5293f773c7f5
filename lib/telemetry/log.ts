/** The log port: a pino logger fits as it is. Messages never hold a record's key or value. */

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Says nothing; for tests and the simulation. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
