/** The rules by which `suppress` emits changes. */
import { MillraceError } from '../../errors.js'
import type { Windowed } from '../../windows/window.js'
import { checkOptions } from './operator-options.js'

/** Limits of the buffer of a suppression. */
export interface BufferLimits {
  /** Maximum number of keys. Default: no limit. */
  readonly maxRecords?: number
  /** Maximum size in bytes, estimated as Kafka Streams does. Default: no limit. */
  readonly maxBytes?: number
}

/** How `suppress` holds back changes. From {@link untilWindowCloses} or {@link untilTimeLimit}. */
export interface Suppressed<in K> {
  /** Whether a result waits until its window closes. */
  readonly untilWindowCloses: boolean
  /** How long a change waits, measured by stream time; 0 if the windows decide. */
  readonly limitMs: number
  /** Maximum number of keys; Infinity: no limit. */
  readonly maxRecords: number
  /** Maximum size in bytes; Infinity: no limit. */
  readonly maxBytes: number
  /** What a full buffer does: emit the oldest change, or end the instance with SUPPRESS_BUFFER_FULL. */
  readonly onFull: 'emitEarly' | 'shutDown'
  /** Never set: it carries the types. @hidden */
  readonly fits?: (key: K) => void
}

function limit(name: string, value: number | undefined, least: number): number {
  if (value === undefined) return Number.POSITIVE_INFINITY
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new MillraceError('CONFIG_INVALID', `suppress: ${name} must be a whole number >= ${least}, got ${value}`)
}

/**
 * Emits one final result for each window, when it has closed. A full buffer ends the instance (SUPPRESS_BUFFER_FULL), because an early
 * result would not be final.
 * @throws MillraceError CONFIG_INVALID
 */
export function untilWindowCloses(options: BufferLimits = {}): Suppressed<Windowed<unknown>> {
  checkOptions('untilWindowCloses', options)
  if ((options as { readonly onFull?: string }).onFull === 'emitEarly') {
    throw new MillraceError(
      'CONFIG_INVALID',
      'suppress: untilWindowCloses does not support onFull emitEarly, because its results are final',
    )
  }
  return Object.freeze({
    untilWindowCloses: true,
    limitMs: 0,
    maxRecords: limit('maxRecords', options.maxRecords, 0),
    maxBytes: limit('maxBytes', options.maxBytes, 0),
    onFull: 'shutDown',
  })
}

/**
 * At most one change per key in `limitMs` of event time, counted from the first change held. A full buffer emits what
 * waits longest, or stops the application (`shutDown`); default `emitEarly`.
 */
export function untilTimeLimit(
  limitMs: number,
  options: BufferLimits & { readonly onFull?: 'emitEarly' | 'shutDown' } = {},
): Suppressed<unknown> {
  checkOptions('untilTimeLimit', options)
  const { onFull = 'emitEarly' } = options
  if (onFull !== 'emitEarly' && onFull !== 'shutDown') {
    throw new MillraceError('CONFIG_INVALID', `suppress: onFull must be emitEarly or shutDown, not ${onFull}`)
  }
  return Object.freeze({
    untilWindowCloses: false,
    limitMs: limit('limitMs', limitMs, 0),
    maxRecords: limit('maxRecords', options.maxRecords, 0),
    maxBytes: limit('maxBytes', options.maxBytes, 0),
    onFull,
  })
}
