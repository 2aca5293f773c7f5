/** IncrementalAlterConfigs v0 to v1: set (0), delete (1), append (2) and subtract (3) on a topic's settings. */
import { incrementalAlterConfigsApi } from '../../protocol/index.js'
import { type ConfigValues, TOPIC_CONFIGS } from '../topic-config.js'
import { alterTopic } from './changed-configs.js'
import { defineHandler } from './handler.js'

const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

interface Change {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

export const incrementalAlterConfigsHandler = defineHandler(incrementalAlterConfigsApi, [0, 1], (core, request) => ({
  responses: request.resources.map(({ resourceType, resourceName, configs }) => ({
    resourceType,
    resourceName,
    ...alterTopic(core, resourceType, resourceName, request.validateOnly, (values) => apply(values, configs)),
  })),
}))

function apply(values: ConfigValues, changes: readonly Change[]): ConfigValues | string {
  const next: Record<string, string> = { ...values }
  for (const { name, configOperation, value } of changes) {
    if (configOperation === DELETE) {
      delete next[name]
      continue
    }
    if (value === null) return `Null value not supported for topic configs: ${name}`
    if (configOperation === SET) next[name] = value
    else {
      const list = changeList(next, name, configOperation, value)
      if (list === undefined) return `Config operation ${configOperation} cannot be applied to ${name}`
      next[name] = list
    }
  }
  return next
}

function changeList(values: ConfigValues, name: string, operation: number, value: string): string | undefined {
  const rule = Object.hasOwn(TOPIC_CONFIGS, name) ? TOPIC_CONFIGS[name] : undefined
  if (rule?.type !== 'list' || (operation !== APPEND && operation !== SUBTRACT)) return undefined
  const words = (values[name] ?? rule.fallback).split(',').filter((word) => word !== '')
  const given = value.split(',')
  const kept = words.filter((word) => !given.includes(word))
  return (operation === APPEND ? [...kept, ...given] : kept).join(',')
}
