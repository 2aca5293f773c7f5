/** Starts the webhooks of a service. */
import { connect, silentLog, systemClock, systemRandom } from '../../../index.js'
import { wrongValue } from '../../config/check-config.js'
import { decisionOf } from '../../records/decided-record.js'
import type { PersonalizationService } from '../../service.js'
import type { RunningWebhooks } from './overview.js'
import { type WebhookOptions, webhookSettings } from './webhook-settings.js'
import { Webhooks } from './webhooks.js'

/**
 * Call it before the service starts: a webhook that is new gets the decisions that are made from then on. Close it before the
 * service.
 * @throws ServiceError CONFIG_FILE_INVALID, as for the same webhooks in a file; MillraceError CLIENT_*
 */
export async function openWebhooks(
  service: PersonalizationService,
  webhooks: readonly WebhookOptions[],
): Promise<RunningWebhooks> {
  const { options, topics, serdes, model } = service
  const { connection, applicationId, topicPrefix, instanceId, clock = systemClock, log = silentLog } = options
  const running = new Webhooks({
    connect: () => connect(connection, { clock }),
    settings: webhookSettings(webhooks, wrongValue),
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
