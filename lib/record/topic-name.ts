/** Kafka's rules for topic names. */

export function isTopicName(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Za-z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'
}
