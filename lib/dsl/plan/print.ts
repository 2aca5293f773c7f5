/** `print`: a line of text for each record (Kafka Streams' Printed). */
import type { Windowed } from '../../windows/window.js'
import type { Named } from './handle.js'

/** Options of `print`. */
export interface PrintSettings<K, V> extends Named {
  /** The beginning of each line. Default: the name of the operator before. */
  readonly label?: string
  /** The text for a record. Default: key and value, objects as JSON, windowed keys as `[key@start/end]`. */
  readonly mapper?: (key: K, value: V) => string
}

export function printer(
  write: (line: string) => void,
  { label, mapper = keyAndValue }: PrintSettings<unknown, unknown>,
  operator: string,
): (key: unknown, value: unknown) => void {
  return (key, value) => write(`[${label ?? operator}]: ${mapper(key, value)}`)
}

function keyAndValue(key: unknown, value: unknown): string {
  return `${text(key)}, ${text(value)}`
}

function text(what: unknown): string {
  if (typeof what !== 'object' || what === null) return String(what)
  if (isWindowed(what)) return `[${text(what.key)}@${what.window.startMs}/${what.window.endMs}]`
  if (what instanceof Uint8Array) return Buffer.from(what).toString('hex')
  return JSON.stringify(what, (_name, value) => (typeof value === 'bigint' ? String(value) : value))
}

function isWindowed(what: object): what is Windowed<unknown> {
  return 'key' in what && 'window' in what && Object.keys(what).length === 2
}
