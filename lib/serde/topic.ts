/** A topic with the serdes of its keys and values, declared once and used wherever the topic is read or written. */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { requireKnown } from '../record/known-options.js'
import { isTopicName } from '../record/topic-name.js'
import { checked } from './checked.js'
import type { Serde } from './serde.js'

/** The serdes of a topic. */
export interface TopicSerdes<K, V> {
  readonly key: Serde<K>
  readonly value: Serde<V>
}

/** Made by `topic`. */
export class Topic<K, V> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly #declared = true

  constructor(name: string, { key, value }: TopicSerdes<K, V>) {
    this.name = name
    this.key = checked(key)
    this.value = checked(value)
    Object.freeze(this)
  }

  static is(given: unknown): given is Topic<unknown, unknown> {
    return typeof given === 'object' && given !== null && #declared in given && given.#declared
  }
}

/**
 * Declares a topic with its serdes. Streams, tables, sinks, readers, producers and the test driver take it.
 * @throws MillraceError CONFIG_INVALID, TOPIC_NAME_INVALID
 */
export function topic<K, V>(name: string, serdes: TopicSerdes<K, V>): Topic<K, V> {
  if (!isTopicName(name)) {
    const shown = typeof name === 'string' ? JSON.stringify(name) : kindOf(name)
    const rule = 'use at most 249 letters, digits, ".", "_" and "-"'
    throw new MillraceError('TOPIC_NAME_INVALID', `topic: ${shown} is not a topic name: ${rule}`)
  }
  requireKnown(serdes, ['key', 'value'], `topic ${name}`, 'CONFIG_INVALID')
  for (const part of ['key', 'value'] as const) {
    if (isSerde(serdes[part])) continue
    throw new MillraceError('CONFIG_INVALID', `topic ${name}: ${part} is ${kindOf(serdes[part])}: use a serde`)
  }
  return new Topic(name, serdes)
}

/** Options with the serdes that stood in them, or those of the topic. */
type WithSerdes<O> = O & Partial<TopicSerdes<unknown, unknown>>

/** The name and the serdes of `given`, which is a topic, or a name with the serdes in `options`. @throws CONFIG_INVALID */
export function topicWithSerdes<O extends object>(
  given: unknown,
  options: O,
  where: string,
): { readonly name: string; readonly options: WithSerdes<O> } {
  if (Topic.is(given)) return { name: given.name, options: withSerdes(given, options, where) }
  if (typeof given === 'string') return { name: given, options: options as WithSerdes<O> }
  throw noTopic(given, where)
}

/** The same for several topics, or a pattern. Topics must have the same serdes. @throws CONFIG_INVALID */
export function topicsWithSerdes<O extends object>(
  given: unknown,
  options: O,
  where: string,
): { readonly names: readonly string[] | RegExp; readonly options: WithSerdes<O> } {
  if (given instanceof RegExp) return { names: given, options: options as WithSerdes<O> }
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  const wrong = list.findIndex((each) => typeof each !== 'string' && !Topic.is(each))
  if (wrong >= 0) throw noTopic(list[wrong], where)
  const [first, ...others] = list.filter(Topic.is)
  const names = list.map((each) => (Topic.is(each) ? each.name : (each as string)))
  if (first === undefined) return { names, options: options as WithSerdes<O> }
  if (others.length + 1 < list.length) {
    const text = `${where}: topics and names are mixed: use topic() for all of [${names.join(', ')}], or names for all`
    throw new MillraceError('CONFIG_INVALID', text)
  }
  const other = others.find(({ key, value }) => key !== first.key || value !== first.value)
  if (other !== undefined) {
    const text = `${where}: topics ${first.name} and ${other.name} have different serdes: read each, then merge`
    throw new MillraceError('CONFIG_INVALID', text)
  }
  return { names, options: withSerdes(first, options, where) }
}

function withSerdes<O extends object>({ name, key, value }: Topic<unknown, unknown>, options: O, where: string) {
  const beside = options as WithSerdes<O>
  const twice = (['key', 'value'] as const).find((part) => beside[part] !== undefined)
  if (twice === undefined) return { ...options, key, value }
  const text = `${where}: topic ${name} has its serdes: omit ${twice}, or give the name of the topic`
  throw new MillraceError('CONFIG_INVALID', text)
}

export function isSerde(given: unknown): boolean {
  const serde = given as Serde<unknown> | null | undefined
  return typeof serde?.serialize === 'function' && typeof serde.deserialize === 'function'
}

function noTopic(given: unknown, where: string): MillraceError {
  const text = `${where}: ${kindOf(given)} is not a topic: use a name, or topic(name, { key, value })`
  return new MillraceError('CONFIG_INVALID', text)
}
