/** The same requests to the embedded broker and to a real Kafka: the answers must be the same. */
import t from 'tap'
import * as p from '../../lib/protocol/index.js'
import { kafkaErrorName } from '../../lib/protocol/index.js'
import { type Producer, Script, valuesOf } from '../../verify/differential/broker-script.js'
import { RawClient } from '../../verify/differential/raw-client.js'
import { realKafka, uniqueName } from '../kafka/broker.js'
import { found } from './found-differences.js'
import { startedBroker } from './started.js'
import { batchOf, type Row } from './wire.js'

type Part = (script: Script) => Promise<void>

const NOW = Date.now()

const batches: Part = async (s) => {
  const topic = `${s.name}-batches`
  s.error('create', (await s.createTopic(topic, 1, { 'max.message.bytes': '500' })).errorCode)
  const crc = batchOf([{ value: 'x' }], {}, NOW)
  crc[crc.length - 1]! ^= 1
  const rows: [string, Buffer][] = [
    ['good', batchOf([{ value: 'x' }], {}, NOW)],
    ['bad checksum', crc],
    ['two batches', Buffer.concat([batchOf([{ value: 'x' }], {}, NOW), batchOf([{ value: 'y' }], {}, NOW)])],
    ['too large', batchOf([{ value: 'x'.repeat(600) }], {}, NOW)],
    ['control', batchOf([{ value: 'x' }], { control: true }, NOW)],
    ['in two hours', batchOf([{ value: 'x' }], {}, NOW + 7_200_000)],
    ['long ago', batchOf([{ value: 'x' }], {}, 1)],
  ]
  for (const [name, records] of rows) {
    const { errorCode, baseOffset, logAppendTimeMs } = await s.produce(topic, records)
    s.error(`produce ${name}`, errorCode, baseOffset, logAppendTimeMs)
  }
  const { errorCode } = await s.produce(`${topic}-missing`, batchOf([{ value: 'x' }], {}, NOW))
  s.error('produce nowhere', errorCode)
  for (const offset of [0, 2, 3, 99]) {
    const { errorCode, highWatermark, logStartOffset, records } = await s.fetch(topic, offset)
    s.error(`fetch ${offset}`, errorCode, highWatermark, logStartOffset, valuesOf(records))
  }
  for (const timestamp of [-1, -2, -3, 0, 2, NOW, NOW + 1]) {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }]
    const [found] = (await s.client.ask(p.listOffsetsApi, 7, { replicaId: -1, topics })).topics[0]!.partitions
    s.error(`list ${timestamp > 5 ? timestamp - NOW : timestamp}`, found!.errorCode, found!.offset, found!.leaderEpoch)
  }
  for (const offset of [1, 0, 99, -1]) {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }]
    const [cut] = (await s.client.ask(p.deleteRecordsApi, 1, { topics, timeoutMs: 5_000 })).topics[0]!.partitions
    s.error(`delete before ${offset}`, cut!.errorCode, cut!.lowWatermark)
  }
}

const sequences: Part = async (s) => {
  const topic = `${s.name}-sequences`
  await s.createTopic(topic)
  const { producerId } = await s.init(null)
  const rows: [baseSequence: number, count: number, epoch: number][] = [
    [0, 2, 0],
    [0, 2, 0],
    [0, 1, 0],
    [3, 1, 0],
    [2, 1, 0],
    [3, 1, 0],
    [4, 1, 0],
    [5, 1, 0],
    [0, 2, 0],
    [6, 1, 0],
    [0, 2, 0],
    [1, 1, 1],
    [0, 1, 1],
    [7, 1, 0],
  ]
  for (const [baseSequence, count, producerEpoch] of rows) {
    const values: Row[] = Array(count).fill({ value: 'v' })
    const records = batchOf(values, { producerId, producerEpoch, baseSequence }, NOW)
    const { errorCode, baseOffset } = await s.produce(topic, records)
    s.error(`sequence ${baseSequence}+${count} epoch ${producerEpoch}`, errorCode, baseOffset)
  }
}

const transactions: Part = async (s) => {
  const topic = `${s.name}-transactions`
  const transactionalId = `${s.name}-p`
  await s.createTopic(topic)
  const first = await s.init(transactionalId)
  s.error('init', first.errorCode, first.producerEpoch)
  const producer: Producer = { ...first, transactionalId }
  const write = (who: Producer, value: string, baseSequence: number, version = 10) => {
    const { producerId, producerEpoch } = who
    const options = { producerId, producerEpoch, baseSequence, transactional: true }
    return s.produce(topic, batchOf([{ value }], options, NOW), transactionalId, version)
  }
  const topics = [{ name: topic, partitions: [0] }]
  for (const committed of [true, false])
    s.error(`end of nothing ${committed}`, (await s.end(producer, committed)).errorCode)
  s.error('write, not added, v10', (await write(producer, 'x', 0)).errorCode)
  s.error('write, not added, v11', (await write(producer, 'x', 0, 11)).errorCode)
  s.note('add', await s.add(producer, topics))
  s.note('add nowhere', await s.add(producer, [{ name: `${topic}-missing`, partitions: [0] }, ...topics]))
  s.note('add, other producer id', await s.add({ ...producer, producerId: 1e9 }, topics))
  s.note('add, unknown id', await s.add({ ...producer, transactionalId: `${transactionalId}-other` }, topics))
  s.note('add, other epoch', await s.add({ ...producer, producerEpoch: 7 }, topics))
  s.note('add, other epoch, v1', await s.add({ ...producer, producerEpoch: 7 }, topics, 1))
  s.error('write', (await write(producer, 'a', 0)).errorCode)
  const plain = batchOf([{ value: 'b' }], { ...first, baseSequence: 1 }, NOW)
  s.error('plain write inside', (await s.produce(topic, plain)).errorCode)
  for (const committed of [true, true, false]) s.error(`end ${committed}`, (await s.end(producer, committed)).errorCode)
  s.note('add', await s.add(producer, topics))
  s.error('write', (await write(producer, 'b', 1)).errorCode)
  for (const committed of [false, false, true])
    s.error(`end ${committed}`, (await s.end(producer, committed)).errorCode)
  await s.noteLog('log', topic, 4)
  s.note('add', await s.add(producer, topics))
  s.error('write', (await write(producer, 'open', 2)).errorCode)
  const second = await s.init(transactionalId)
  s.error(
    'init over an open transaction',
    second.errorCode,
    second.producerEpoch,
    second.producerId === first.producerId,
  )
  await s.noteLog('log', topic, 6)
  s.note('zombie adds', await s.add(producer, topics))
  for (const version of [3, 1]) s.error(`zombie ends v${version}`, (await s.end(producer, true, version)).errorCode)
  s.error('zombie writes', (await write(producer, 'late', 3)).errorCode)
  for (const version of [3, 4]) {
    const { producerId, producerEpoch } = first
    const again = await s.init(transactionalId, version, { producerId, producerEpoch })
    s.error(`zombie inits v${version}`, again.errorCode, again.producerEpoch)
  }
  const { producerId, producerEpoch } = second
  for (let i = 0; i < 2; i++) {
    const again = await s.init(transactionalId, 4, { producerId, producerEpoch })
    s.error('bump', again.errorCode, again.producerEpoch)
  }
  s.error('half an identity', (await s.init(transactionalId, 4, { producerId })).errorCode)
  s.error('empty id', (await s.init('', 4)).errorCode)
  s.error('timeout too long', (await s.init(`${transactionalId}-2`, 4, {}, 900_001)).errorCode)
  s.error('timeout 0', (await s.init(`${transactionalId}-2`, 4, {}, 0)).errorCode)
}

const groups: Part = async (s) => {
  const topic = `${s.name}-groups`
  const groupId = `${s.name}-g`
  await s.createTopic(topic, 2)
  const client = s.client
  await s.settled(
    () => client.ask(p.findCoordinatorApi, 3, { key: groupId, keyType: 0 }),
    (response) => response.errorCode,
  )
  const protocols = [{ name: 'range', metadata: p.encodeConsumerSubscription(0, { topics: [topic], userData: null }) }]
  const base = { groupId, sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000, protocolType: 'consumer' }
  const join = (body: object, version = 5) =>
    s.settled(
      () => client.ask(p.joinGroupApi, version, { ...base, memberId: '', groupInstanceId: null, protocols, ...body }),
      (response) => response.errorCode,
    )
  const commit = async (step: string, body: object, version = 7) => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: 'm' }] }]
    const request = { groupId, generationIdOrMemberEpoch: -1, memberId: '', topics, ...body }
    const answer = await client.ask(p.offsetCommitApi, version, request)
    s.error(`commit ${step}`, answer.topics[0]!.partitions[0]!.errorCode)
  }
  const heartbeat = async (
    step: string,
    memberId: string,
    generationId: number,
    groupInstanceId: string | null = null,
  ) =>
    s.error(
      `heartbeat ${step}`,
      (
        await s.settled(
          () => client.ask(p.heartbeatApi, 3, { groupId, generationId, memberId, groupInstanceId }),
          (response) => response.errorCode,
        )
      ).errorCode,
    )
  const describe = async (step: string) => {
    const answer = await s.settled(
      () => client.ask(p.describeGroupsApi, 5, { groups: [groupId] }),
      (response) => response.groups[0]!.errorCode,
    )
    const [group] = answer.groups
    s.error(
      `describe ${step}`,
      group!.errorCode,
      group!.groupState,
      group!.protocolType,
      group!.protocolData,
      group!.members.length,
    )
  }
  await describe('nothing')
  await heartbeat('nobody', 'x', 1)
  s.error('join with an unknown id', (await join({ memberId: 'ghost' })).errorCode)
  s.error('join, session too short', (await join({ sessionTimeoutMs: 10 })).errorCode)
  s.error('join, no protocols', (await join({ protocols: [] })).errorCode)
  await commit('without a group, generation 3', { memberId: 'x', generationIdOrMemberEpoch: 3 })
  await commit('by anybody', {})
  await describe('offsets only')
  const pending = await join({})
  s.error('join', pending.errorCode, pending.memberId !== '')
  const { memberId, generationId, ...joined } = await join({ memberId: pending.memberId })
  s.error(
    'join again',
    joined.errorCode,
    generationId,
    joined.protocolName,
    joined.leader === memberId,
    joined.members.length,
  )
  await describe('completing')
  await commit('by anybody beside members', {})
  await commit('before sync', { memberId, generationIdOrMemberEpoch: generationId })
  await heartbeat('before sync', memberId, generationId)
  const sync = (body: object) =>
    client.ask(p.syncGroupApi, 3, { groupId, generationId, memberId, groupInstanceId: null, assignments: [], ...body })
  s.error('sync, wrong generation', (await sync({ generationId: 99 })).errorCode)
  s.error('sync, unknown member', (await sync({ memberId: 'ghost' })).errorCode)
  const assignments = [{ memberId, assignment: Buffer.from('mine') }]
  const synced = await sync({ assignments })
  s.error('sync', synced.errorCode, synced.assignment.toString())
  s.error('sync again', (await sync({})).errorCode)
  await heartbeat('stable', memberId, generationId)
  await heartbeat('wrong generation', memberId, generationId + 1)
  await heartbeat('unknown instance', memberId, generationId, 'i')
  await commit('by the member', { memberId, generationIdOrMemberEpoch: generationId })
  await commit('wrong generation', { memberId, generationIdOrMemberEpoch: generationId + 1 })
  await commit('unknown member', { memberId: 'ghost', generationIdOrMemberEpoch: generationId })
  await describe('stable')
  s.error('join, other protocol', (await join({ protocols: [{ name: 'other', metadata: Buffer.alloc(0) }] })).errorCode)
  s.error('delete', (await client.ask(p.deleteGroupsApi, 1, { groupsNames: [groupId] })).results[0]!.errorCode)
  const deleteOffset = async (step: string) => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0 }] }]
    const answer = await client.ask(p.offsetDeleteApi, 0, { groupId, topics })
    s.error(`delete offset ${step}`, answer.errorCode, answer.topics[0]?.partitions[0]?.errorCode)
  }
  await deleteOffset('subscribed')
  await txnOffsets(s, topic, groupId, { memberId, generationId })
  const leave = async (step: string, member: object) => {
    const answer = await client.ask(p.leaveGroupApi, 3, { groupId, members: [{ memberId: '', ...member }] })
    s.error(`leave ${step}`, answer.errorCode, kafkaErrorName(answer.members[0]!.errorCode))
  }
  await leave('unknown', { memberId: 'ghost' })
  await leave('unknown instance', { groupInstanceId: 'i' })
  await leave('member', { memberId })
  await describe('empty')
  const fixed = await join({ groupInstanceId: 'i' })
  s.error('static join', fixed.errorCode, fixed.generationId)
  const staticSync = (who: { memberId: string; generationId: number }, list: object[] = []) =>
    client.ask(p.syncGroupApi, 3, { groupId, groupInstanceId: 'i', ...who, assignments: list as [] })
  await staticSync(fixed, [{ memberId: fixed.memberId, assignment: Buffer.from('static') }])
  const back = await join({ groupInstanceId: 'i' })
  s.error('static rejoin', back.errorCode, back.generationId, back.members.length, back.leader === back.memberId)
  const again = await staticSync(back)
  s.error('static sync', again.errorCode, again.assignment.toString())
  await heartbeat('old static id', fixed.memberId, fixed.generationId, 'i')
  await leave('old static id', { memberId: fixed.memberId, groupInstanceId: 'i' })
  const v9 = await join({ groupInstanceId: 'i' }, 9)
  s.error('static rejoin v9', v9.errorCode, v9.skipAssignment, v9.members.length, v9.leader === v9.memberId)
  await leave('static', { groupInstanceId: 'i' })
  await deleteOffset('free')
  s.error('delete', (await client.ask(p.deleteGroupsApi, 1, { groupsNames: [groupId] })).results[0]!.errorCode)
  s.error('delete again', (await client.ask(p.deleteGroupsApi, 1, { groupsNames: [groupId] })).results[0]!.errorCode)
}

async function txnOffsets(s: Script, topic: string, groupId: string, who: { memberId: string; generationId: number }) {
  const transactionalId = `${s.name}-offsets`
  const { producerId, producerEpoch } = await s.init(transactionalId)
  const producer: Producer = { transactionalId, producerId, producerEpoch }
  const commit = async (step: string, body: object, version = 3) => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 8, committedMetadata: 'm' }] }]
    const answer = await s.settled(
      () => s.client.ask(p.txnOffsetCommitApi, version, { ...producer, groupId, topics, ...body }),
      (response) => response.topics[0]!.partitions[0]!.errorCode,
    )
    s.error(`transactional commit ${step}`, answer.topics[0]!.partitions[0]!.errorCode)
  }
  const stored = async (step: string, requireStable: boolean) => {
    const topics = [{ name: topic, partitionIndexes: [0] }]
    const answer = await s.client.ask(p.offsetFetchApi, 7, { groupId, topics, requireStable })
    const { errorCode, committedOffset } = answer.topics[0]!.partitions[0]!
    s.error(`offset ${step}`, errorCode, committedOffset)
  }
  await commit('not added', who)
  await commit('not added, v4', who, 4)
  const added = await s.settled(
    () => s.client.ask(p.addOffsetsToTxnApi, 3, { ...producer, groupId }),
    (response) => response.errorCode,
  )
  s.error('add offsets', added.errorCode)
  await commit('old generation', { ...who, generationId: 0 })
  await commit('unknown member', { ...who, memberId: 'ghost' })
  await commit('unknown instance', { ...who, groupInstanceId: 'ghost' })
  await commit('other epoch', { ...who, producerEpoch: 9 })
  await commit('other producer', { ...who, producerId: 1e9 })
  await commit('by nobody in particular', {})
  await commit('by the member', who)
  await stored('while open, stable', true)
  await stored('while open', false)
  s.error('commit', (await s.end(producer, true)).errorCode)
  await s.settled(
    () =>
      s.client.ask(p.offsetFetchApi, 7, {
        groupId,
        topics: [{ name: topic, partitionIndexes: [0] }],
        requireStable: true,
      }),
    (response) => (response.topics[0]!.partitions[0]!.errorCode === p.KAFKA_ERROR.UNSTABLE_OFFSET_COMMIT ? 51 : 0),
  )
  await stored('after', true)
}

const admin: Part = async (s) => {
  const topic = `${s.name}-admin`
  const create = async (step: string, ...args: Parameters<Script['createTopic']>) => {
    const { errorCode, numPartitions } = await s.createTopic(...args)
    s.error(`create ${step}`, errorCode, numPartitions)
  }
  await create('validate only', topic, 2, {}, true)
  await create('good', topic, 2, { 'cleanup.policy': 'compact' })
  s.error('no key', (await s.produce(topic, batchOf([{ key: 'k' }, { value: 'v' }], {}, NOW))).errorCode)
  await create('again', topic, 2)
  await create('no partitions', `${topic}-0`, 0)
  await create('unknown setting', `${topic}-0`, 1, { nonsense: '1' })
  await create('bad number', `${topic}-0`, 1, { 'retention.ms': 'x' })
  await create('out of range', `${topic}-0`, 1, { 'retention.ms': '-2' })
  await create('bad policy', `${topic}-0`, 1, { 'cleanup.policy': 'burn' })
  await create('bad name', `${topic}/0`, 1)
  await create('name with a space', `${topic} 0`, 1)
  const grow = async (step: string, name: string, count: number) => {
    const body = { topics: [{ name, count, assignments: null }], timeoutMs: 10_000, validateOnly: false }
    s.error(`grow ${step}`, (await s.client.ask(p.createPartitionsApi, 1, body)).results[0]!.errorCode)
  }
  await grow('same', topic, 2)
  await grow('less', topic, 1)
  await grow('more', topic, 3)
  await grow('nowhere', `${topic}-missing`, 3)
  const alter = async (
    step: string,
    name: string,
    configOperation: number,
    value: string | null,
    resourceName = topic,
  ) => {
    const resources = [{ resourceType: 2, resourceName, configs: [{ name, configOperation, value }] }]
    const answer = await s.client.ask(p.incrementalAlterConfigsApi, 1, { resources, validateOnly: false })
    s.error(`alter ${step}`, answer.responses[0]!.errorCode)
  }
  await alter('set', 'retention.ms', 0, '5')
  await alter('delete', 'retention.ms', 1, null)
  await alter('append', 'cleanup.policy', 2, 'delete')
  await alter('append to a number', 'retention.ms', 2, '5')
  await alter('unknown', 'nonsense', 0, '5')
  await alter('bad value', 'retention.ms', 0, 'x')
  await alter('nowhere', 'retention.ms', 0, '5', `${topic}-missing`)
  const resources = [{ resourceType: 2, resourceName: topic, configurationKeys: null }]
  const described = await s.client.ask(p.describeConfigsApi, 4, { resources })
  // A real cluster stores one of them for all topics, and has more of those without effect here.
  const skipped = /^(segment\.|remote|local|internal|errors|diskless|min\.insync)/
  const configs = described.results[0]!.configs.filter(({ name }) => !skipped.test(name))
  for (const { name, value, configSource, configType } of configs.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    s.note(`config ${name}`, value, configSource, configType)
  }
  const cut = { topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: 0 }] }], timeoutMs: 5_000 }
  s.error('delete records', (await s.client.ask(p.deleteRecordsApi, 1, cut)).topics[0]!.partitions[0]!.errorCode)
  for (const step of ['delete', 'delete again']) {
    const answer = await s.client.ask(p.deleteTopicsApi, 4, { topicNames: [topic], timeoutMs: 10_000 })
    s.error(step, answer.responses[0]!.errorCode)
  }
}

t.test('the embedded broker answers as Kafka does', { timeout: 120_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const embedded = await startedBroker(t)
  const parts: Record<string, Part> = { batches, sequences, transactions, groups, admin, found }
  for (const [name, part] of Object.entries(parts)) {
    await t.test(name, async (t) => {
      const run = async (bootstrap: string) => {
        const client = await RawClient.open(bootstrap)
        t.teardown(() => client.close())
        const script = new Script(client, uniqueName('same'))
        await part(script)
        return script.lines
      }
      const [theirs, ours] = [await run(kafka.bootstrap), await run(embedded.bootstrap)]
      t.ok(theirs.length > 10)
      t.same(ours, theirs)
    })
  }
})
