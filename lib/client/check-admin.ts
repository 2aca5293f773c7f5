/** Checks what `Admin` is given. Otherwise a wrong name would spoil the requests of others who share the client. */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { requireKnown } from '../record/known-options.js'
import { Topic } from '../serde/topic.js'

type Given = Readonly<Record<string, unknown>>

/** @throws MillraceError CONFIG_INVALID */
export function requireName(given: unknown, where: string): void {
  if (typeof given === 'string' && given !== '') return
  if (Topic.is(given)) throw wrong(`${where} takes the name of a topic: use the name of topic ${given.name}`)
  throw wrong(`${where} takes a name, not ${given === '' ? 'an empty string' : kindOf(given)}`)
}

/** @throws MillraceError CONFIG_INVALID */
export function requireListOfNames(given: unknown, where: string): void {
  requireList(given, where, "names, such as ['orders']")
  for (const name of given) requireName(name, where)
}

/** Names by which nothing is found would be an error of the broker that does not say where they come from. @throws CONFIG_INVALID */
export function requireNewTopics(given: unknown, options: unknown): void {
  const where = 'createTopics'
  requireList(given, where, "topics, such as [{ name: 'orders', partitions: 3 }]")
  requireKnown(options, ['ifNotExists'], where, 'CONFIG_INVALID')
  for (const each of given) {
    if (Topic.is(each)) {
      const text = `topic ${each.name} says nothing of partitions: use { name: '${each.name}', partitions: 3 }`
      throw wrong(`${where}: ${text}`)
    }
    requireKnown(each, ['name', 'partitions', 'replicationFactor', 'config'], `a topic of ${where}`, 'CONFIG_INVALID')
    const { name, partitions, replicationFactor, config } = each as Given
    requireName(name, where)
    requireCount(partitions, 'partitions', `${where}: topic ${name}`)
    if (replicationFactor !== undefined) requireCount(replicationFactor, 'replicationFactor', `${where}: topic ${name}`)
    if (config !== undefined) requireTexts(config, `${where}: config of topic ${name}`)
  }
}

/** At least 1; -1 leaves it to the broker. */
function requireCount(given: unknown, option: string, where: string): void {
  if (given === -1 || (Number.isSafeInteger(given) && (given as number) >= 1)) return
  const shown = typeof given === 'number' ? `${given}` : kindOf(given)
  throw wrong(`${where}: ${option} is ${shown}: use a whole number >= 1, or -1 for the default of the broker`)
}

/** @throws MillraceError CONFIG_INVALID */
export function requireTotal(count: unknown, where: string): void {
  if (Number.isSafeInteger(count) && (count as number) >= 1) return
  throw wrong(`${where}: the number of partitions is ${typeof count === 'number' ? count : kindOf(count)}, not >= 1`)
}

/** `mayBeNull`: null stands for the default. @throws MillraceError CONFIG_INVALID */
export function requireTexts(given: unknown, where: string, mayBeNull = false): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong(`${where} is ${kindOf(given)}: use an object, such as { 'retention.ms': '86400000' }`)
  for (const [key, value] of Object.entries(given)) {
    if (typeof value === 'string' || (mayBeNull && value === null)) continue
    throw wrong(`${where}: ${key} is ${kindOf(value)}: use a string, as Kafka does`)
  }
}

/** `fields`: the whole numbers that each row has. @throws MillraceError CONFIG_INVALID */
export function requirePlaces(given: unknown, where: string, fields: readonly ('partition' | 'offset')[]): void {
  const example = ["topic: 'orders'", ...fields.map((field) => `${field}: 0`)].join(', ')
  requireList(given, where, `partitions, such as [{ ${example} }]`)
  for (const row of given as readonly (Given | null | undefined)[]) {
    requireName(row?.topic, where)
    for (const field of fields) {
      const number = row?.[field]
      if (Number.isSafeInteger(number) && ((number as number) >= 0 || field === 'offset')) continue
      throw wrong(`${where}: ${field} of topic ${row?.topic} is ${kindOf(number)}, not a whole number >= 0`)
    }
  }
}

/** @throws MillraceError CONFIG_INVALID */
export function requireOffsetSpec(spec: unknown, isolation: unknown): void {
  if (spec !== 'earliest' && spec !== 'latest' && !Number.isSafeInteger(spec))
    throw wrong(`listOffsets: ${kindOf(spec)} is no place: use 'earliest', 'latest' or milliseconds since the epoch`)
  if (isolation !== 'readCommitted' && isolation !== 'readUncommitted')
    throw wrong("listOffsets: the third argument is the isolation: use 'readCommitted' or 'readUncommitted'")
}

function requireList(given: unknown, where: string, wanted: string): asserts given is readonly unknown[] {
  if (!Array.isArray(given)) throw wrong(`${where} takes a list of ${wanted}, not ${kindOf(given)}`)
}

function wrong(text: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', text)
}
