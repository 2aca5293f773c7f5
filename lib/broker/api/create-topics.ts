/** CreateTopics v2 to v7: one replica, this broker. Checks settings by name and value; validateOnly changes nothing. */
import { createTopicsApi, KAFKA_ERROR as E, type RequestOf } from '../../protocol/index.js'
import type { BrokerCore } from '../core.js'
import { configProblem } from '../topic-config.js'
import { type BrokerTopic, MAX_NEW_PARTITIONS, topicNameProblem } from '../topics.js'
import { describeTopicConfig } from './config-entries.js'
import { defineHandler } from './handler.js'

type NewTopic = RequestOf<typeof createTopicsApi>['topics'][number]

interface Refusal {
  readonly errorCode: number
  readonly errorMessage: string
}

export const createTopicsHandler = defineHandler(createTopicsApi, [2, 7], (core, request) => {
  const names = request.topics.map((topic) => topic.name)
  return {
    topics: request.topics.map((wanted) => {
      const { name } = wanted
      const twice = names.filter((other) => other === name).length > 1
      const refusal = twice
        ? refused(E.INVALID_REQUEST, `Duplicate topic in request: ${name}`)
        : (refuseName(core, name) ?? refusePartitions(core, wanted) ?? refuseConfigs(wanted))
      if (refusal !== undefined) return { name, ...refusal, configs: null }
      const count = partitionCount(core, wanted)
      const values = Object.fromEntries(wanted.configs.map((config) => [config.name, config.value!]))
      const created = { errorCode: E.NONE, errorMessage: null, numPartitions: count, replicationFactor: 1 }
      if (request.validateOnly) return { name, ...created, configs: describeConfigs({ values }) }
      const topic = core.topics.create(name, count, values)
      return { name, topicId: topic.id, ...created, configs: describeConfigs(topic) }
    }),
  }
})

function refuseName(core: BrokerCore, name: string): Refusal | undefined {
  const problem = topicNameProblem(name)
  if (problem !== undefined) return refused(E.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${problem}`)
  if (core.topics.named(name) !== undefined) {
    return refused(E.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  }
  // Metric names do not tell a period from an underscore.
  const like = core.topics.all().find((topic) => topic.name.replaceAll('.', '_') === name.replaceAll('.', '_'))
  if (like === undefined) return undefined
  return refused(E.INVALID_TOPIC_EXCEPTION, `Topic '${name}' collides with existing topic: ${like.name}`)
}

function refusePartitions(core: BrokerCore, wanted: NewTopic): Refusal | undefined {
  const { numPartitions, replicationFactor, assignments } = wanted
  if (assignments.length > 0) return refuseAssignments(core, wanted)
  if (replicationFactor !== -1 && replicationFactor !== 1) {
    const few = `Unable to replicate the partition ${replicationFactor} time(s): only 1 broker(s) are registered.`
    const invalid = 'Replication factor must be larger than 0, or -1 to use the default value.'
    return refused(E.INVALID_REPLICATION_FACTOR, replicationFactor > 1 ? few : invalid)
  }
  if (numPartitions > MAX_NEW_PARTITIONS) {
    return refused(E.POLICY_VIOLATION, 'Excessively large number of partitions per request.')
  }
  if (numPartitions === -1 || numPartitions > 0) return undefined
  return refused(E.INVALID_PARTITIONS, 'Number of partitions was set to an invalid non-positive value.')
}

function refuseAssignments(core: BrokerCore, { numPartitions, replicationFactor, assignments }: NewTopic) {
  if (numPartitions !== -1 || replicationFactor !== -1) {
    return refused(
      E.INVALID_REQUEST,
      'A manual partition assignment takes no partition count and no replication factor.',
    )
  }
  const indexes = assignments.map((assignment) => assignment.partitionIndex).sort((a, b) => a - b)
  const here = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === core.nodeId)
  if (here && indexes.every((index, i) => index === i)) return undefined
  return refused(
    E.INVALID_REPLICA_ASSIGNMENT,
    'Partitions must be numbered from 0 without a gap and be on the only broker.',
  )
}

function refuseConfigs({ configs }: NewTopic): Refusal | undefined {
  for (const { name, value } of configs) {
    const problem = configProblem(name, value)
    if (problem !== undefined) return refused(E.INVALID_CONFIG, problem)
  }
  return undefined
}

function partitionCount(core: BrokerCore, { numPartitions, assignments }: NewTopic): number {
  if (assignments.length > 0) return assignments.length
  return numPartitions === -1 ? core.settings.defaultPartitions : numPartitions
}

function describeConfigs(topic: Pick<BrokerTopic, 'values'>) {
  return describeTopicConfig(topic.values).map(({ name, value, readOnly, configSource, isSensitive }) => ({
    name,
    value,
    readOnly,
    configSource,
    isSensitive,
  }))
}

function refused(errorCode: number, errorMessage: string): Refusal {
  return { errorCode, errorMessage }
}
