/** All webhooks of this instance: follows which partitions it has, keeps what must outlive it, and does what operators ask. */
import { Admin, type Cluster, delay, type Random } from '../../../index.js'
import { DecisionFeed, type FeedParts, loadDeliveries } from './decision-feed.js'
import { DeliveryLog, type LoggedDelivery } from './delivery-log.js'
import type { WebhookDelivery } from './delivery-queue.js'
import {
  type DeadLetterStatus,
  deadLetterStatus,
  type Replayed,
  type RunningWebhooks,
  statusOf,
  type WebhookStatus,
} from './overview.js'
import { HttpPoster, type Poster } from './post.js'
import { Webhook } from './webhook.js'
import type { WebhookSettings } from './webhook-settings.js'

export interface WebhooksOptions extends Omit<FeedParts, 'cluster'> {
  /** A client of its own for each webhook, and one for their state: none waits for another's reads. */
  readonly connect: () => Cluster
  readonly settings: readonly WebhookSettings[]
  /** Put before the names of the consumer groups, and of the topic of the state. */
  readonly applicationId: string
  readonly topicPrefix: string
  /** The topic whose partitions tell who delivers what. */
  readonly ownerTopic: string
  /** Those that this instance has: it delivers the decisions of the same partitions, counted again from 0 if there are more. */
  readonly ownPartitions: () => ReadonlySet<number>
  /** The same after a restart, and of no other instance that runs. */
  readonly instanceId: string
  readonly random: Random
  /** Default: HTTP. */
  readonly poster?: (settings: WebhookSettings) => Poster
}

const LOOK_MS = 250

interface Running {
  readonly cluster: Cluster
  readonly webhook: Webhook
  readonly feed: DecisionFeed
  readonly group: string
}

export class Webhooks implements RunningWebhooks {
  readonly #options: WebhooksOptions
  /** For everything but the feeds. */
  readonly #parts: FeedParts
  readonly #log: DeliveryLog
  readonly #all = new Map<string, Running>()
  #own = new Set<number>()
  /** Of the topic of the decisions. */
  #partitions: number[] = []
  #ownerPartitions = 1
  #cancelLook = () => {}
  #looking: Promise<void> = Promise.resolve()
  /** Webhook → decisions that are to be sent again, until they are read. */
  readonly #arrived = new Map<string, [decisionId: string, LoggedDelivery][]>()
  #taking: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: WebhooksOptions) {
    const { applicationId, topicPrefix, instanceId, clock, random, log, topic } = options
    const cluster = options.connect()
    this.#options = options
    this.#parts = { ...options, cluster }
    this.#log = new DeliveryLog({
      ...{ cluster, clock, log, instanceId },
      topic: `${topicPrefix}webhooks`,
      source: topic,
      transactionalId: `${applicationId}-webhooks-${instanceId}`,
    })
    this.#log.onChange((name, decisionId, entry) => this.#changed(name, decisionId, entry))
    const posterOf = options.poster ?? ((settings) => new HttpPoster(settings, clock))
    for (const settings of options.settings) {
      const poster = posterOf(settings)
      const webhook = new Webhook({ settings, poster, state: this.#log, clock, random, log })
      const own = options.connect()
      const feed = new DecisionFeed({ ...options, cluster: own }, webhook)
      const group = `${applicationId}-webhook-${settings.name}`
      this.#log.commits.follow(group, () => webhook.offsets.committable)
      this.#all.set(settings.name, { cluster: own, webhook, feed, group })
    }
  }

  /**
   * Before the tasks of the service start: a webhook that is new gets the decisions that are made from now on.
   * @throws MillraceError CLIENT_*
   */
  async start(): Promise<void> {
    const { cluster, topic } = this.#parts
    this.#partitions = Array.from({ length: await cluster.partitionCount(topic) }, (_, partition) => partition)
    this.#ownerPartitions = await cluster.partitionCount(this.#options.ownerTopic)
    await this.#log.start()
    for (const running of this.#all.values()) await this.#beginNow(running)
    await this.#look()
    this.#lookLater()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancelLook()
    await Promise.all([this.#looking, this.#taking])
    await Promise.all([...this.#all.values()].map((running) => closed(running)))
    await this.#log.close()
    await this.#parts.cluster.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  has(name: string): boolean {
    return this.#all.has(name)
  }

  statuses(): WebhookStatus[] {
    return [...this.#all.values()].map(({ webhook }) => statusOf(webhook, this.#log))
  }

  deadLetters(name: string, most: number): DeadLetterStatus[] {
    return [...this.#log.deliveries(name, 'dead')].slice(-most).reverse().map(deadLetterStatus)
  }

  async replay(name: string, ids: ReadonlySet<string> | null): Promise<Replayed> {
    const { clock } = this.#options
    const letters = [...this.#log.deliveries(name, 'dead')].filter(([id]) => ids === null || ids.has(id))
    const loaded = await loadDeliveries(this.#parts, letters)
    const found = new Map(loaded.map((each) => [each.decision.decisionId, each]))
    const nowMs = clock.now()
    const counts = { replayed: 0, expired: 0, deleted: 0 }
    for (const [decisionId, letter] of letters) {
      const delivery = found.get(decisionId)
      const outcome = delivery === undefined ? 'deleted' : delivery.expiresAtMs < nowMs ? 'expired' : 'replayed'
      counts[outcome] += 1
      if (outcome !== 'replayed') this.#log.put(name, decisionId, null)
      else
        this.#log.command(name, decisionId, { ...letter, state: 'retry', attempts: 0, ownFailures: 0, dueAtMs: nowMs })
    }
    this.#all.get(name)?.webhook.drop('expired', counts.expired)
    this.#all.get(name)?.webhook.drop('retention', counts.deleted)
    await this.#log.commits.commit()
    return counts
  }

  /** Drops what waits for users who are erased, and their dead letters. */
  forget(isErased: (userId: string) => boolean): void {
    for (const { webhook } of this.#all.values()) {
      webhook.forget(isErased)
      this.#taking = this.#taking.then(() => this.#forgetLetters(webhook, isErased))
    }
  }

  async enable(name: string): Promise<void> {
    this.#log.putDisabled(name, null)
    await this.#log.commits.commit()
    this.#all.get(name)?.webhook.pump()
  }

  async drained(): Promise<void> {
    while (!this.#closed && !(await this.isDrained())) await delay(this.#options.clock, LOOK_MS)
  }

  /** True if each webhook has read every decision, and nothing more is to be expected of it. */
  async isDrained(): Promise<boolean> {
    const own = this.#ownNow()
    if (own.some((partition) => !this.#own.has(partition)) || own.length !== this.#own.size) return false
    const ends = await this.#ends(own)
    return [...this.#all.values()].every(({ webhook }) => {
      const positions = webhook.offsets.positions
      const hasRead = [...ends].every(([partition, end]) => (positions.get(partition) ?? 0) >= end)
      return webhook.isIdle && (hasRead || !webhook.hasRoom)
    })
  }

  async #beginNow({ group }: Running): Promise<void> {
    const committed = await this.#log.commits.committed(group, this.#partitions)
    const missing = this.#partitions.filter((partition) => !committed.has(partition))
    if (missing.length === 0) return
    this.#log.commits.begin(group, await this.#ends(missing))
    await this.#log.commits.commit()
  }

  /** Partitions that this instance is to have, whether it has taken them over or not. */
  #ownNow(): number[] {
    const owned = this.#options.ownPartitions()
    return this.#partitions.filter((partition) => owned.has(partition % this.#ownerPartitions))
  }

  async #ends(partitions: readonly number[]): Promise<Map<number, number>> {
    const { cluster, topic } = this.#parts
    const places = partitions.map((partition) => ({ topic, partition }))
    const ends = await new Admin(cluster).listOffsets(places, 'latest', 'readCommitted')
    return new Map(ends.map(({ partition, offset }) => [partition, offset]))
  }

  #lookLater(): void {
    if (this.#closed) return
    this.#cancelLook = this.#options.clock.setTimer(LOOK_MS, () => {
      this.#looking = this.#look()
        .catch((error: unknown) => {
          this.#options.log.warn({ error }, 'the partitions of the webhooks are looked up again after a pause')
        })
        .finally(() => this.#lookLater())
    })
  }

  /** Takes over the partitions that came, and lets go of those that left. */
  async #look(): Promise<void> {
    const own = new Set(this.#ownNow())
    const came = [...own].filter((partition) => !this.#own.has(partition))
    const left = [...this.#own].filter((partition) => !own.has(partition))
    if (came.length === 0 && left.length === 0) return
    if (left.length > 0) await this.#log.commits.commit()
    if (came.length > 0) await this.#log.caughtUp()
    await Promise.all([...this.#all.values()].map((running) => this.#assign(running, came, left)))
    this.#own = own
  }

  async #assign({ webhook, feed, group }: Running, came: readonly number[], left: readonly number[]): Promise<void> {
    const { name } = webhook.settings
    await feed.stop()
    try {
      const committed = await this.#log.commits.committed(group, came)
      const waiting = [...this.#log.deliveries(name, 'retry')].filter(([, { partition }]) => came.includes(partition))
      const deliveries = await loadDeliveries(this.#parts, waiting)
      for (const partition of left) webhook.leave(partition)
      for (const partition of came) webhook.offsets.begin(partition, committed.get(partition) ?? 0)
      this.#restore(webhook, waiting, deliveries)
    } finally {
      feed.start()
    }
  }

  #restore(
    webhook: Webhook,
    waiting: readonly [string, LoggedDelivery][],
    deliveries: readonly WebhookDelivery[],
  ): void {
    const found = new Set(deliveries.map(({ decision }) => decision.decisionId))
    for (const [decisionId] of waiting) {
      if (found.has(decisionId)) continue
      this.#log.put(webhook.settings.name, decisionId, null)
      webhook.drop('retention')
    }
    for (const delivery of deliveries) webhook.add(delivery)
  }

  /** Another instance changed something, or an operator asked for it. */
  #changed(name: string, decisionId: string, entry: { readonly state: string } | null): void {
    const webhook = this.#all.get(name)?.webhook
    if (entry === null || entry.state === 'disabled') webhook?.pump()
    if (webhook === undefined || entry?.state !== 'retry') return
    const logged = entry as LoggedDelivery
    if (!this.#own.has(logged.partition) || webhook.has(decisionId)) return
    const arrived = this.#arrived.get(name) ?? []
    this.#arrived.set(name, arrived)
    if (arrived.push([decisionId, logged]) === 1) this.#taking = this.#taking.then(() => this.#take(name, webhook))
  }

  /** Of a decision that cannot be read any more, the letter says nothing: it goes too. */
  async #forgetLetters(webhook: Webhook, isErased: (userId: string) => boolean): Promise<void> {
    const { name } = webhook.settings
    const letters = [...this.#log.deliveries(name, 'dead')].filter(([, { partition }]) => this.#own.has(partition))
    try {
      const kept = (await loadDeliveries(this.#parts, letters)).filter(({ decision }) => !isErased(decision.userId))
      const ids = new Set(kept.map(({ decision }) => decision.decisionId))
      for (const [decisionId] of letters) {
        if (ids.has(decisionId)) continue
        this.#log.put(name, decisionId, null)
        webhook.drop('erased')
      }
    } catch (error) {
      this.#options.log.warn(
        { error, webhook: name },
        'dead letters of an erased user are dropped at their next replay',
      )
    }
  }

  async #take(name: string, webhook: Webhook): Promise<void> {
    const arrived = this.#arrived.get(name) ?? []
    this.#arrived.delete(name)
    try {
      this.#restore(webhook, arrived, await loadDeliveries(this.#parts, arrived))
    } catch (error) {
      // They are in the log: whoever takes the partition over sends them.
      this.#options.log.warn({ error, webhook: name }, 'decisions to be sent again could not be read')
    }
  }
}

async function closed({ cluster, webhook, feed }: Running): Promise<void> {
  await feed.stop()
  await webhook.close()
  await cluster.close()
}
