/** Options of a producer as JavaScript may hand them over, whatever their types promise. */
import { MillraceError } from '../../errors.js'
import { COMPRESSIONS } from '../../protocol/batch/compression.js'
import { Cluster } from '../cluster.js'

const isInt32 = (value: unknown) => Number.isInteger(value) && (value as number) >= 1 && (value as number) < 2 ** 31
const NUMBER = 'a whole number from 1 to 2^31 - 1'

/** By name: whether a value fits, and what does. */
const OPTIONS: Readonly<Record<string, readonly [fits: (value: unknown) => boolean, wanted: string]>> = {
  cluster: [(value) => value instanceof Cluster, 'what `connect` returns'],
  transactionalId: [(value) => typeof value === 'string' && value !== '', 'a text that is not empty'],
  transactionTimeoutMs: [isInt32, NUMBER],
  compression: [(value) => (COMPRESSIONS as readonly unknown[]).includes(value), `one of ${COMPRESSIONS.join(', ')}`],
  batchBytes: [isInt32, NUMBER],
  bufferBytes: [isInt32, NUMBER],
}
const REQUIRED = ['cluster', 'transactionalId']

/** @throws MillraceError CONFIG_INVALID that names the option and what it may be */
export function checkProducerOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw invalid('the options', 'an object')
  const given = options as Readonly<Record<string, unknown>>
  for (const name of new Set([...REQUIRED, ...Object.keys(given)])) {
    const known = OPTIONS[name]
    if (known === undefined) throw invalid(`option ${name}`, `left out: there are ${Object.keys(OPTIONS).join(', ')}`)
    const [fits, wanted] = known
    if (given[name] === undefined && !REQUIRED.includes(name)) continue
    if (!fits(given[name])) throw invalid(`option ${name}`, wanted)
  }
}

function invalid(what: string, wanted: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `${what} of a transactional producer must be ${wanted}`)
}
