/** DescribeConfigs v1 to v4: topics and this broker. */
import { describeConfigsApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import type { BrokerCore } from '../core.js'
import { type ConfigEntry, describeBrokerConfig, describeTopicConfig } from './config-entries.js'
import { defineHandler } from './handler.js'

export const TOPIC_RESOURCE = 2
const BROKER_RESOURCE = 4

export const describeConfigsHandler = defineHandler(describeConfigsApi, [1, 4], (core, request) => ({
  results: request.resources.map(({ resourceType, resourceName, configurationKeys }) => {
    const resource = { resourceType, resourceName }
    const entries = entriesOf(core, resourceType, resourceName)
    if (typeof entries === 'number') {
      return { ...resource, errorCode: entries, errorMessage: `Cannot describe ${resourceName}`, configs: [] }
    }
    const wanted = entries.filter(({ name }) => configurationKeys === null || configurationKeys.includes(name))
    const configs = wanted.map((entry) => {
      const { name, value, configSource: source } = entry
      const synonyms = request.includeSynonyms ? [{ name, value, source }] : []
      return { ...entry, synonyms, documentation: null }
    })
    return { ...resource, errorCode: E.NONE, errorMessage: null, configs }
  }),
}))

/** The resource's settings, or the error. */
function entriesOf(core: BrokerCore, resourceType: number, resourceName: string): ConfigEntry[] | number {
  if (resourceType === TOPIC_RESOURCE) {
    const topic = core.topics.named(resourceName)
    return topic === undefined ? E.UNKNOWN_TOPIC_OR_PARTITION : describeTopicConfig(topic.values)
  }
  if (resourceType !== BROKER_RESOURCE) return E.INVALID_REQUEST
  if (resourceName === '') return []
  return Number(resourceName) === core.nodeId ? describeBrokerConfig(core) : E.INVALID_REQUEST
}
