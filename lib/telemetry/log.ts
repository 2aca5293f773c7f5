/** The log port; a pino logger can be used directly. Messages never contain a record's key or value. */

/** What the option `log` takes. `fields` is plain data about the event, such as `code`, `topic` and `taskId`. */
export interface Log {
  /** Each dropped record. */
  debug(fields: object, message: string): void
  /** Events in the life of an instance: started, assigned, closed. */
  info(fields: object, message: string): void
  /** Something that passes, such as a broker that does not answer. */
  warn(fields: object, message: string): void
  /** Something that somebody must look at. */
  error(fields: object, message: string): void
}

/** A log that writes nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
