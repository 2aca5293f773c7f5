/** The base of the transport suite: a cluster on the transport under test, with short functions for it. */
import { Admin } from '../../../client/admin.js'
import { Cluster } from '../../../client/cluster.js'
import type { GroupIdentity, ProduceBatch } from '../../../client/commit.js'
import type { Isolation } from '../../../client/fetch-request.js'
import { GroupMember, type GroupMemberOptions } from '../../../client/group-member.js'
import { type CommittedOffset, committedOffsets } from '../../../client/group-offsets.js'
import { IdempotentProducer } from '../../../client/producer.js'
import { readAll } from '../../../client/reader.js'
import { TransactionManager, type TransactionManagerOptions } from '../../../client/transaction/transaction-manager.js'
import { BatchBuilder } from '../../../protocol/index.js'
import type { Clock } from '../../../record/clock.js'
import { delay } from '../../../record/clock.js'
import type { Random } from '../../../record/random.js'
import type { TopicPartition } from '../../../record/record.js'
import type { BrokerAddress, Transport } from '../../../transport/transport.js'

/** What {@link runTransportCase} needs: a running broker, and your transport. */
export interface TransportEnvironment {
  /** Addresses of brokers, at least one. */
  readonly bootstrap: readonly BrokerAddress[]
  /** Makes a transport with connections of its own. The suite closes it. */
  readonly newTransport: () => Transport
  readonly clock: Clock
  readonly random: Random
  /** Makes a name for a topic, group or transactional id that nothing else uses on this broker. */
  readonly uniqueName: (prefix: string) => string
}

/** One case of the suite. Run it with {@link runTransportCase}. */
export interface TransportCase {
  readonly name: string
  /** @internal */
  readonly run: (rig: TransportRig) => Promise<void>
}

export class TransportRig {
  readonly env: TransportEnvironment
  readonly cluster: Cluster
  readonly admin: Admin
  readonly #closers: (() => Promise<void>)[] = []

  constructor(env: TransportEnvironment) {
    this.env = env
    this.cluster = this.newCluster()
    this.admin = new Admin(this.cluster)
  }

  get clock(): Clock {
    return this.env.clock
  }

  newCluster(bootstrap = this.env.bootstrap): Cluster {
    const { clock, random } = this.env
    const cluster = new Cluster({ transport: this.env.newTransport(), clock, random, bootstrap })
    this.#closers.push(() => cluster.close())
    return cluster
  }

  async topic(partitions = 1): Promise<string> {
    const name = this.env.uniqueName('suite')
    await this.admin.createTopics([{ name, partitions }])
    return name
  }

  batch(
    topic: string,
    values: readonly string[],
    partition = 0,
    key: Buffer | null = Buffer.from('key'),
  ): ProduceBatch {
    const builder = new BatchBuilder()
    for (const value of values) builder.append(this.clock.now(), key, Buffer.from(value))
    return { topic, partition, builder }
  }

  /** Initialised. */
  async transactions(options: Partial<TransactionManagerOptions> = {}): Promise<TransactionManager> {
    const transactionalId = options.transactionalId ?? this.env.uniqueName('txn')
    const manager = new TransactionManager({
      cluster: this.cluster,
      transactionTimeoutMs: 30_000,
      ...options,
      transactionalId,
    })
    await manager.init()
    return manager
  }

  producer(firstSequence = 0): IdempotentProducer {
    return new IdempotentProducer({ cluster: this.cluster, firstSequence })
  }

  /** Not joined. `topic` is what it subscribes to; the leader gives every partition of it to the first member by id. */
  member(groupId: string, topic: string, options: Partial<GroupMemberOptions> = {}): GroupMember {
    const member = new GroupMember({
      cluster: this.newCluster(),
      clock: this.clock,
      groupId,
      groupInstanceId: null,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      heartbeatIntervalMs: 200,
      protocolName: 'suite',
      subscription: () => ({ topics: [topic], userData: Buffer.alloc(0) }),
      assign: (members) => {
        const first = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1))[0]!
        return new Map([[first.memberId, { partitions: [{ topic, partition: 0 }], userData: Buffer.alloc(0) }]])
      },
      ...options,
    })
    this.#closers.unshift(() => member.leave())
    return member
  }

  /**
   * Values as text, by partition then offset. EndTxn is answered before its markers are written, so this waits for
   * them first, unless a transaction is meant to be open.
   */
  async values(
    topic: string,
    isolation: Isolation = 'readCommitted',
    options: { readonly open?: boolean } = {},
  ): Promise<string[]> {
    if (options.open !== true) await this.markersWritten(topic)
    const records = await readAll({ cluster: this.cluster, topic, isolation })
    return records.map(({ value }) => String(value))
  }

  async markersWritten(topic: string): Promise<void> {
    const partitions = [...(await this.cluster.topic(topic)).leaders.keys()].map((partition) => ({ topic, partition }))
    await this.until('all transactions have ended', async () => {
      const stable = await this.admin.listOffsets(partitions, 'latest', 'readCommitted')
      const written = await this.admin.listOffsets(partitions, 'latest', 'readUncommitted')
      return stable.every(({ offset }, i) => offset === written[i]!.offset)
    })
  }

  /** The group's offsets, once no open transaction may change them. */
  offsets(groupId: string, partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    return committedOffsets(this.cluster, groupId, partitions, { requireStable: true })
  }

  /** For offsets outside any group: no member, no generation. */
  stranger(groupId: string): GroupIdentity {
    return { groupId, memberId: '', generationId: -1, groupInstanceId: null }
  }

  /** Rejects when `condition` is still false after `withinMs`. */
  async until(what: string, condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
    const startedMs = this.clock.monotonicMs()
    while (!(await condition())) {
      if (this.clock.monotonicMs() - startedMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
      await delay(this.clock, 5)
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close()
  }
}
