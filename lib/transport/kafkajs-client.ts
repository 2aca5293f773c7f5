/** Makes a kafkajs client from options, for users who have none; the package is optional. */
import { MillraceError } from '../errors.js'
import type { KafkajsClient } from './kafkajs.js'

/** `settings` are those of kafkajs's own `new Kafka`. @throws MillraceError CONFIG_INVALID where it is not installed */
export async function kafkajsClient(settings: object): Promise<KafkajsClient> {
  try {
    const { default: kafkajs } = await import('kafkajs')
    return new kafkajs.Kafka({ ...settings, logLevel: kafkajs.logLevel.NOTHING } as never) as unknown as KafkajsClient
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', 'the transport kafkajs needs the package kafkajs: install it', { cause })
  }
}
