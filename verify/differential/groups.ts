/** The steps of a random script on a group: offsets, members that join and leave, transactional offsets. */
import * as p from '../../lib/protocol/index.js'
import { kafkaErrorName } from '../../lib/protocol/index.js'
import { RawClient } from './raw-client.js'
import type { Handle, World } from './world.js'

interface Member {
  memberId: string
  generationId: number
  readonly groupInstanceId: string | null
  /** A waiting JoinGroup holds up what comes behind it. */
  readonly client: RawClient
}

const PROTOCOL_TYPE = 'consumer'
const SESSION_MS = 30_000

export class GroupSteps {
  readonly #world: World
  readonly #bootstrap: string
  readonly #groupId: string
  #members: Member[] = []
  #joined = 0

  constructor(world: World, bootstrap: string) {
    this.#world = world
    this.#bootstrap = bootstrap
    this.#groupId = `${world.script.name}-g`
  }

  close(): void {
    for (const { client } of this.#members) client.close()
  }

  /** The group's coordinator may have to be loaded first. */
  async find(): Promise<void> {
    const { script, client } = this.#world
    await script.settled(
      () => client.ask(p.findCoordinatorApi, 3, { key: this.#groupId, keyType: 0 }),
      ({ errorCode }) => errorCode,
    )
  }

  /** A member of the group, one that it does not know, or nobody in particular. */
  #sender(): { memberId: string; generationId: number; groupInstanceId: string | null; label: string } {
    const { random } = this.#world
    const kind = random.int(10)
    const nobody = { memberId: '', generationId: -1, groupInstanceId: null, label: 'nobody' }
    if (kind < 2) return nobody
    if (kind === 2) return { memberId: 'ghost', generationId: 1, groupInstanceId: null, label: 'a ghost' }
    if (this.#members.length === 0) return nobody
    const { memberId, generationId, groupInstanceId } = this.#world.pick(this.#members)
    const label = this.#label(memberId)
    if (kind === 3) return { memberId, generationId: generationId - 1, groupInstanceId, label: `${label} of before` }
    if (kind === 4) return { memberId, generationId, groupInstanceId: 'other', label: `${label} as another` }
    return { memberId, generationId, groupInstanceId, label }
  }

  #label(memberId: string): string {
    return this.#world.nameOf('M', memberId)
  }

  async commit(): Promise<void> {
    const { script, random } = this.#world
    const { topic, partition, label } = this.#world.place()
    const { memberId, generationId, groupInstanceId, label: who } = this.#sender()
    const partitions = [{ partitionIndex: partition, committedOffset: random.int(50), committedMetadata: 'm' }]
    const body = { groupId: this.#groupId, generationIdOrMemberEpoch: generationId, memberId, groupInstanceId }
    const answer = await this.#ask(p.offsetCommitApi, 7, { ...body, topics: [{ name: topic, partitions }] })
    script.error(`${who} commits ${label}`, answer.topics[0]!.partitions[0]!.errorCode)
  }

  async offsets(): Promise<void> {
    const { script, topics, random } = this.#world
    const requireStable = random.int(2) === 1
    const asked = topics.map(({ name, partitions }) => ({
      name,
      partitionIndexes: Array.from({ length: partitions }, (_, i) => i),
    }))
    const body = { groupId: this.#groupId, topics: asked, requireStable }
    const answer = await this.#ask(p.offsetFetchApi, 7, body)
    const rows = answer.topics.flatMap((topic) =>
      topic.partitions.map((row) => {
        const place = `${topic.name.slice(-2)}-${row.partitionIndex}`
        return `${place}=${row.committedOffset}/${row.metadata}/${row.committedLeaderEpoch}/${kafkaErrorName(row.errorCode)}`
      }),
    )
    script.error(`offsets${requireStable ? ', stable' : ''}`, answer.errorCode, ...rows.sort())
  }

  async deleteOffset(): Promise<void> {
    const { topic, partition, label } = this.#world.place()
    const topics = [{ name: topic, partitions: [{ partitionIndex: partition }] }]
    const answer = await this.#ask(p.offsetDeleteApi, 0, { groupId: this.#groupId, topics })
    const inner = answer.topics[0]?.partitions[0]?.errorCode
    this.#world.script.error(
      `delete offset ${label}`,
      answer.errorCode,
      inner === undefined ? '' : kafkaErrorName(inner),
    )
  }

  async heartbeat(): Promise<void> {
    const { memberId, generationId, groupInstanceId, label } = this.#sender()
    const body = { groupId: this.#groupId, generationId, memberId, groupInstanceId }
    this.#world.script.error(`heartbeat of ${label}`, (await this.#ask(p.heartbeatApi, 3, body)).errorCode)
  }

  async describe(): Promise<void> {
    const [group] = (await this.#ask(p.describeGroupsApi, 5, { groups: [this.#groupId] })).groups
    const members = group!.members.map(
      (one) => `${this.#label(one.memberId)}/${one.groupInstanceId}/${one.memberAssignment.toString()}`,
    )
    const { errorCode, groupState, protocolType, protocolData } = group!
    this.#world.script.error('describe group', errorCode, groupState, protocolType, protocolData, ...members.sort())
  }

  async deleteGroup(): Promise<void> {
    const answer = await this.#ask(p.deleteGroupsApi, 1, { groupsNames: [this.#groupId] })
    this.#world.script.error('delete group', answer.results[0]!.errorCode)
  }

  /** One more member; those already there are told, and all join again. */
  async join(): Promise<void> {
    if (this.#members.length >= 3) return
    const { script, random } = this.#world
    const groupInstanceId = random.int(3) === 0 ? `i${this.#joined}` : null
    this.#joined++
    const client = await RawClient.open(this.#bootstrap)
    const member: Member = { memberId: '', generationId: -1, groupInstanceId, client }
    if (groupInstanceId === null) {
      const asked = await this.#askToJoin(member)
      script.error('join without a member id', asked.errorCode, this.#label(asked.memberId))
      member.memberId = asked.memberId
    }
    const others = [...this.#members]
    this.#members.push(member)
    const joining = this.#askToJoin(member)
    for (const other of others) await this.#untilTold(other)
    await this.#settleRound([joining, ...others.map((other) => this.#askToJoin(other))], [member, ...others])
  }

  /** A static member that starts again: another member id, the same assignment, no rebalance. */
  async restart(): Promise<void> {
    const member = this.#members.find(({ groupInstanceId }) => groupInstanceId !== null)
    if (member === undefined) return
    const old = { ...member }
    member.memberId = ''
    const answer = await this.#askToJoin(member)
    this.#took(member, answer)
    this.#world.script.error('static member restarts', answer.errorCode, answer.generationId)
    const synced = await this.#sync(member, [])
    this.#world.script.error('it syncs', synced.errorCode, synced.assignment.toString())
    const { memberId, generationId, groupInstanceId } = old
    const body = { groupId: this.#groupId, generationId, memberId, groupInstanceId }
    this.#world.script.error('heartbeat of its past', (await this.#ask(p.heartbeatApi, 3, body)).errorCode)
  }

  async leave(): Promise<void> {
    const { script } = this.#world
    const { memberId, groupInstanceId, label } = this.#sender()
    const body = { groupId: this.#groupId, members: [{ memberId, groupInstanceId }] }
    const answer = await this.#ask(p.leaveGroupApi, 3, body)
    const code = answer.members[0]?.errorCode ?? 0
    script.error(`${label} leaves`, answer.errorCode, kafkaErrorName(code))
    if (answer.errorCode !== 0 || code !== 0) return
    const gone = this.#members.find((member) => member.memberId === memberId)
    gone?.client.close()
    this.#members = this.#members.filter((member) => member !== gone)
    const rest = [...this.#members]
    for (const other of rest) await this.#untilTold(other)
    if (rest.length > 0)
      await this.#settleRound(
        rest.map((other) => this.#askToJoin(other)),
        rest,
      )
  }

  /** Offsets inside a transaction. */
  async commitInTransaction(handle: Handle): Promise<void> {
    const { script, random } = this.#world
    const { transactionalId, producerId, producerEpoch } = handle
    const producer = { transactionalId, producerId, producerEpoch }
    const groupId = this.#groupId
    if (this.#world.chance(0.8)) {
      const added = await script.settled(
        () => this.#ask(p.addOffsetsToTxnApi, 3, { ...producer, groupId }),
        ({ errorCode }) => errorCode,
      )
      script.error('add offsets to the transaction', added.errorCode)
    }
    const { topic, partition, label } = this.#world.place()
    const { memberId, generationId, groupInstanceId, label: who } = this.#sender()
    const partitions = [{ partitionIndex: partition, committedOffset: random.int(50), committedMetadata: 't' }]
    const topics = [{ name: topic, partitions }]
    const answer = await script.settled(
      () =>
        this.#ask(p.txnOffsetCommitApi, 3, { ...producer, groupId, memberId, generationId, groupInstanceId, topics }),
      (response) => response.topics[0]!.partitions[0]!.errorCode,
    )
    script.error(`${who} commits ${label} in a transaction`, answer.topics[0]!.partitions[0]!.errorCode)
  }

  #ask<A extends p.Api>(api: A, version: number, body: p.RequestInput<A>): Promise<p.ResponseOf<A>> {
    return this.#world.client.ask(api, version, body)
  }

  #askToJoin({ client, memberId, groupInstanceId }: Member) {
    const metadata = p.encodeConsumerSubscription(0, { topics: ['none'], userData: null })
    const protocols = [{ name: 'range', metadata }]
    const times = { sessionTimeoutMs: SESSION_MS, rebalanceTimeoutMs: SESSION_MS }
    const body = { groupId: this.#groupId, ...times, protocolType: PROTOCOL_TYPE, memberId, groupInstanceId, protocols }
    return client.ask(p.joinGroupApi, 5, body)
  }

  #sync(
    { client, memberId, generationId, groupInstanceId }: Member,
    assignments: { memberId: string; assignment: Buffer }[],
  ) {
    const body = { groupId: this.#groupId, generationId, memberId, groupInstanceId, assignments }
    return client.ask(p.syncGroupApi, 3, body)
  }

  #took(member: Member, answer: p.ResponseOf<typeof p.joinGroupApi>): void {
    if (answer.errorCode !== 0) return
    member.memberId = answer.memberId
    member.generationId = answer.generationId
  }

  /** Until its heartbeat is answered with REBALANCE_IN_PROGRESS: the request that causes it has then arrived. */
  async #untilTold({ memberId, generationId, groupInstanceId }: Member): Promise<void> {
    const body = { groupId: this.#groupId, generationId, memberId, groupInstanceId }
    await this.#world.script.settled(
      () => this.#ask(p.heartbeatApi, 3, body),
      ({ errorCode }) => (errorCode === 0 ? p.KAFKA_ERROR.COORDINATOR_NOT_AVAILABLE : 0),
    )
  }

  async #settleRound(
    joining: readonly Promise<p.ResponseOf<typeof p.joinGroupApi>>[],
    members: readonly Member[],
  ): Promise<void> {
    const { script } = this.#world
    const answers = await Promise.all(joining)
    for (const [i, answer] of answers.entries()) {
      this.#took(members[i]!, answer)
      script.error(`${this.#label(answer.memberId)} joined`, answer.errorCode, answer.generationId)
    }
    // Who leads after a leader has left is up to the broker.
    const leader = answers.findIndex((answer) => answer.leader === answer.memberId)
    if (leader < 0) return
    script.note('the leader was told of', answers[leader]!.members.length)
    const assignments = members.map(({ memberId }, i) => ({ memberId, assignment: Buffer.from(`part ${i}`) }))
    const synced = await Promise.all(members.map((member, i) => this.#sync(member, i === leader ? assignments : [])))
    for (const { errorCode, assignment } of synced) script.error('synced', errorCode, assignment.toString())
  }
}
