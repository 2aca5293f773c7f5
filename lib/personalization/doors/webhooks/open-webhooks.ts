/** Starts the webhooks of a service. */
import { connect, MillraceError, silentLog, systemClock, systemRandom } from '../../../index.js'
import { decisionOf } from '../../records/decided-record.js'
import type { PersonalizationService } from '../../service.js'
import type { RunningWebhooks } from './overview.js'
import { type WebhookOptions, webhookSettings } from './webhook-settings.js'
import { Webhooks } from './webhooks.js'

/**
 * Call it before the service starts: a webhook that is new gets the decisions that are made from then on. Close it before the
 * service.
 * @throws MillraceError CONFIG_INVALID, CLIENT_*
 */
export async function openWebhooks(
  service: PersonalizationService,
  webhooks: readonly WebhookOptions[],
): Promise<RunningWebhooks> {
  const { options, topics, serdes, model } = service
  const { connection, applicationId, topicPrefix, instanceId, clock = systemClock, log = silentLog } = options
  const running = new Webhooks({
    connect: () => connect(connection, { clock }),
    settings: webhookSettings(webhooks, 'webhooks', (path, allowed) => {
      return new MillraceError('CONFIG_INVALID', `${path} is not allowed: use ${allowed}`)
    }),
    ...{ applicationId, topicPrefix, instanceId, clock, log, random: systemRandom },
    topic: topics.recommendations,
    ownerTopic: topics.activity,
    ownPartitions: () => model.owned,
    decode: (record) => decisionOf(record, serdes.recommendation),
    hasReplay: () => options.input !== null,
  })
  try {
    await running.start()
  } catch (error) {
    await running.close()
    throw error
  }
  return running
}
