/** Starts the webhooks of a service. */
import { connect, silentLog, systemClock, systemRandom } from '../../../index.js'
import { unknownKey, wrongValue } from '../../config/check-config.js'
import { defaultConfig } from '../../config/service-config.js'
import { SHIPPED_DECISIONS } from '../../decisions/index.js'
import type { Decision } from '../../frame/define-decision.js'
import { decisionOf } from '../../records/decided-record.js'
import type { PersonalizationService } from '../../service.js'
import type { RunningWebhooks } from './overview.js'
import { type WebhookOptions, type WebhookSettings, webhookSettings } from './webhook-settings.js'
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
  const { decisions } = options.config ?? defaultConfig
  const { connection, applicationId, topicPrefix, instanceId, clock = systemClock, log = silentLog } = options
  const running = new Webhooks({
    connect: () => connect(connection, { clock }),
    settings: withRules(webhookSettings(webhooks, wrongValue), [...SHIPPED_DECISIONS, ...decisions]),
    ...{ applicationId, topicPrefix, instanceId, clock, log, random: systemRandom },
    topic: topics.recommendations,
    ownerTopic: topics.activity,
    ownPartitions: () => model.owned,
    decode: (record) => decisionOf(record, serdes.recommendation),
    hasReplay: () => options.input !== null,
  })
  service.erasures.onErased((isOf) => running.forget(isOf))
  try {
    await running.start()
  } catch (error) {
    await running.close()
    throw error
  }
  return running
}

/** With the names of rules in place of the names of decisions. @throws ServiceError CONFIG_FILE_INVALID for a name that none has */
function withRules(all: readonly WebhookSettings[], decisions: readonly Decision[]): WebhookSettings[] {
  const rules = new Map<string, readonly string[]>()
  for (const { name, kinds } of decisions) {
    const ofKinds = Object.keys(kinds).map((kind) => `${name}-${kind}`)
    for (const rule of ofKinds) rules.set(rule, [rule])
    rules.set(name, [name, ...ofKinds])
  }
  return all.map((settings, i) => {
    if (settings.decisions === null) return settings
    const found = [...settings.decisions].map((name) => {
      const path = ['webhooks', String(i), 'decisions', name]
      return rules.get(name) ?? fail(unknownKey(path, [...rules.keys()]))
    })
    return { ...settings, decisions: new Set(found.flat()) }
  })
}

function fail(error: Error): never {
  throw error
}
