/** Checks the options of a producer, for callers without TypeScript. */
import { MillraceError } from '../../errors.js'
import { COMPRESSIONS } from '../../protocol/batch/compression.js'
import { kindOf } from '../../record/kind-of.js'
import { requireKnown } from '../../record/known-options.js'
import { CONNECTION_OPTIONS } from '../../transport/connection-options.js'
import { Cluster } from '../cluster.js'

const isInt32 = (value: unknown) => Number.isInteger(value) && (value as number) >= 1 && (value as number) < 2 ** 31
const NUMBER = 'a whole number from 1 to 2^31 - 1'

/** By name: whether a value fits, and what does. */
const OPTIONS: Readonly<Record<string, readonly [fits: (value: unknown) => boolean, wanted: string]>> = {
  cluster: [(value) => value instanceof Cluster, 'a value that `connect` returned'],
  connection: [
    (value) => typeof value === 'object' && value !== null,
    "brokers ({ brokers: ['localhost:9092'] }), or a value that `embeddedBroker` returned",
  ],
  transactionalId: [(value) => typeof value === 'string' && value !== '', 'a string that is not empty'],
  transactionTimeoutMs: [isInt32, NUMBER],
  compression: [(value) => (COMPRESSIONS as readonly unknown[]).includes(value), `one of ${COMPRESSIONS.join(', ')}`],
  batchBytes: [isInt32, NUMBER],
  bufferBytes: [isInt32, NUMBER],
  deliveryTimeoutMs: [isInt32, NUMBER],
}
const COMMON = ['cluster', 'connection', 'compression', 'batchBytes', 'bufferBytes']
/** By kind: those that must be there, and those that may. */
const KINDS = {
  producer: { required: [], known: [...COMMON, 'deliveryTimeoutMs'] },
  'transactional producer': {
    required: ['transactionalId'],
    known: [...COMMON, 'transactionalId', 'transactionTimeoutMs'],
  },
}

/** @throws MillraceError CONFIG_INVALID that names the option and what it may be */
export function checkProducerOptions(options: unknown, kind: keyof typeof KINDS): void {
  if (typeof options !== 'object' || options === null) throw invalid('the options', kind, 'an object')
  if (options instanceof Cluster) throw invalid('the options', kind, 'an object: { cluster }')
  if (typeof (options as { connection?: unknown }).connection === 'function')
    throw invalid('the options', kind, 'an object: { connection }')
  const given = options as Readonly<Record<string, unknown>>
  const { required, known }: { required: readonly string[]; known: readonly string[] } = KINDS[kind]
  for (const name of new Set([...required, ...Object.keys(given)])) {
    if (!known.includes(name)) {
      const belongs = CONNECTION_OPTIONS.includes(name)
      const wanted = belongs
        ? `in its connection: { connection: { ${name} } }`
        : `left out: there are ${known.join(', ')}`
      throw invalid(`option ${name}`, kind, wanted)
    }
    const [fits, wanted] = OPTIONS[name]!
    if (given[name] === undefined && !required.includes(name)) continue
    if (!fits(given[name])) throw invalid(`option ${name}`, kind, wanted)
  }
}

/** What `close` of a producer is given. @throws MillraceError CONFIG_INVALID */
export function checkCloseOptions(options: unknown): void {
  requireKnown(options, ['timeoutMs'], 'close of a producer', 'CONFIG_INVALID')
  const { timeoutMs } = options as { readonly timeoutMs?: unknown }
  if (timeoutMs === undefined || (Number.isFinite(timeoutMs) && (timeoutMs as number) >= 0)) return
  const shown = typeof timeoutMs === 'number' ? String(timeoutMs) : kindOf(timeoutMs)
  throw new MillraceError('CONFIG_INVALID', `timeoutMs of close is ${shown}: use milliseconds >= 0`)
}

function invalid(what: string, kind: string, wanted: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `${what} of a ${kind} must be ${wanted}`)
}
