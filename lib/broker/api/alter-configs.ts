/** AlterConfigs v0 to v2: replaces all settings of a topic. */
import { alterConfigsApi } from '../../protocol/index.js'
import { alterTopic } from './changed-configs.js'
import { defineHandler } from './handler.js'

export const alterConfigsHandler = defineHandler(alterConfigsApi, [0, 2], (core, request) => ({
  responses: request.resources.map(({ resourceType, resourceName, configs }) => ({
    resourceType,
    resourceName,
    ...alterTopic(core, resourceType, resourceName, request.validateOnly, () => {
      const missing = configs.find(({ value }) => value === null)
      if (missing !== undefined) return `Null value not supported for topic configs: ${missing.name}`
      return Object.fromEntries(configs.map(({ name, value }) => [name, value!]))
    }),
  })),
}))
