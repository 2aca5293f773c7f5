/** Changes the settings of a topic, for AlterConfigs and IncrementalAlterConfigs. */
import { KAFKA_ERROR as E } from '../../protocol/index.js'
import type { BrokerCore } from '../core.js'
import { type ConfigValues, configProblem } from '../topic-config.js'
import { TOPIC_RESOURCE } from './describe-configs.js'

export interface AlterOutcome {
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** `change` makes the new values of the old ones, or says what is wrong. Settings of the broker are fixed. */
export function alterTopic(
  core: BrokerCore,
  resourceType: number,
  resourceName: string,
  validateOnly: boolean,
  change: (values: ConfigValues) => ConfigValues | string,
): AlterOutcome {
  if (resourceType !== TOPIC_RESOURCE) {
    return { errorCode: E.INVALID_REQUEST, errorMessage: 'Only the settings of topics can be changed here.' }
  }
  const topic = core.topics.named(resourceName)
  if (topic === undefined) {
    return { errorCode: E.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `The topic '${resourceName}' does not exist.` }
  }
  const values = change(topic.values)
  if (typeof values === 'string') return { errorCode: E.INVALID_CONFIG, errorMessage: values }
  for (const [name, value] of Object.entries(values)) {
    const problem = configProblem(name, value)
    if (problem !== undefined) return { errorCode: E.INVALID_CONFIG, errorMessage: problem }
  }
  if (!validateOnly) core.topics.configure(topic, values)
  return { errorCode: E.NONE, errorMessage: null }
}
