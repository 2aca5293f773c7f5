/** How long `suppress` holds changes back. */
import { MillraceError } from '../../errors.js'
import type { Windowed } from '../../windows/window.js'

export interface BufferLimits {
  /** Keys held at most; default: no limit. */
  readonly maxRecords?: number
  /** Bytes held at most, estimated as Kafka Streams does; default: no limit. */
  readonly maxBytes?: number
}

/** Made by `untilWindowCloses` and `untilTimeLimit`. `K`: keys of the tables it fits. */
export interface Suppressed<in K> {
  readonly untilWindowCloses: boolean
  /** 0 where the windows decide. */
  readonly limitMs: number
  readonly maxRecords: number
  readonly maxBytes: number
  readonly onFull: 'emitEarly' | 'shutDown'
  /** Never set: it carries the type. */
  readonly fits?: (key: K) => void
}

function limit(name: string, value: number | undefined, least: number): number {
  if (value === undefined) return Number.POSITIVE_INFINITY
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new MillraceError('CONFIG_INVALID', `suppress: ${name} must be a whole number >= ${least}, got ${value}`)
}

/**
 * One final result per window, when nothing can change it any more. A full buffer stops the application: a result that
 * goes out early would not be final.
 */
export function untilWindowCloses(options: BufferLimits = {}): Suppressed<Windowed<unknown>> {
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
