/**
 * A transport's options in a form for another thread: plain data is cloned, functions that read secrets stay on this
 * one.
 */
import type { PortableTransport } from './transport.js'

interface Settings {
  readonly sasl?: Readonly<Record<string, unknown>> | undefined
}

/** Null where something else than such a function cannot be cloned, e.g. a `checkServerIdentity` or a secure context. */
export function portable(kind: PortableTransport['kind'], settings: object): PortableTransport | null {
  const { sasl = {} } = settings as Settings
  const functions = Object.entries(sasl).filter((entry): entry is [string, () => unknown] => isFunction(entry[1]))
  const data = Object.entries(sasl).filter(([, value]) => !isFunction(value))
  const plain = 'sasl' in settings ? { ...settings, sasl: Object.fromEntries(data) } : settings
  try {
    return { kind, settings: structuredClone(plain), providers: Object.fromEntries(functions) }
  } catch {
    return null
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}
