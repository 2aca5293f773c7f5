/** The arguments of a test driver, and their checks for tests in plain JavaScript. */
import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'
import type { Serde } from '../../serde/serde.js'
import { isSerde, Topic, type TopicSerdes, topicWithSerdes } from '../../serde/topic.js'

/** @throws MillraceError CONFIG_INVALID */
function requireSerdes(given: Partial<TopicSerdes<unknown, unknown>>, where: string): void {
  for (const part of ['key', 'value'] as const) {
    if (isSerde(given[part])) continue
    const advice = 'give a topic(name, { key, value }), or the name, the serde of the key and the serde of the value'
    throw new MillraceError('CONFIG_INVALID', `${where}: the ${part} serde is ${kindOf(given[part])}: ${advice}`)
  }
}

/** @throws MillraceError CONFIG_INVALID */
export function requireTimestamp(ms: unknown, where: string): void {
  if (Number.isSafeInteger(ms)) return
  const advice = 'use whole milliseconds since the epoch, or leave it out'
  throw new MillraceError('CONFIG_INVALID', `${where}: the timestamp is ${kindOf(ms)}: ${advice}`)
}

/** @throws MillraceError STATE_CLOSED */
export function requireOpen(closed: boolean): void {
  if (closed) throw new MillraceError('STATE_CLOSED', 'the test driver is closed: make a new one')
}

/** A topic, or its name and two serdes; what else there is comes behind. */
export function topicArguments(given: unknown, rest: readonly unknown[], where: string) {
  const [key, value] = rest as readonly (Serde<unknown> | undefined)[]
  const typed = Topic.is(given)
  const { name: topic, options } = topicWithSerdes(given, typed && !isSerde(key) ? {} : { key, value }, where)
  requireSerdes(options, `${where} of ${topic}`)
  return { topic, keySerde: options.key!, valueSerde: options.value!, others: typed ? rest : rest.slice(2) }
}

export function unknownTopic(topic: string, not: string, does: string, known: readonly string[]): MillraceError {
  const message = `The topology ${not} topic ${topic}; it ${does} ${known.join(', ') || 'none'}.`
  return new MillraceError('TEST_TOPIC_UNKNOWN', message, { topic })
}
