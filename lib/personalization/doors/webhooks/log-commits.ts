/** Writes changes of the webhooks' log, and the offsets of their consumer groups, in one transaction every quarter of a second. */
import {
  Admin,
  type Clock,
  type Cluster,
  type CommitOutcome,
  type Log,
  MillraceError,
  TransactionalProducer,
} from '../../../index.js'

export interface LogCommitsParts {
  readonly cluster: Cluster
  /** Where changes are written. */
  readonly topic: string
  /** Whose offsets are committed. */
  readonly source: string
  readonly transactionalId: string
  readonly clock: Clock
  readonly log: Log
}

const COMMIT_EVERY_MS = 250
const RETRY_MS = 1_000
/** A group without members keeps its offsets for a week after the last commit. */
const COMMIT_ALL_EVERY_MS = 3_600_000

type Offset = readonly [partition: number, offset: number]

interface Group {
  readonly offsets: () => ReadonlyMap<number, number>
  readonly committed: Map<number, number>
}

export class LogCommits {
  readonly #parts: LogCommitsParts
  readonly #producer: TransactionalProducer
  readonly #admin: Admin
  readonly #groups = new Map<string, Group>()
  readonly #beginnings = new Map<string, ReadonlyMap<number, number>>()
  #changes = new Map<string, Buffer | null>()
  #needsInit = true
  #committing: Promise<void> | null = null
  #committedAllAtMs: number
  #cancel = () => {}
  #closed = false

  constructor(parts: LogCommitsParts) {
    const { cluster, transactionalId, clock } = parts
    this.#parts = parts
    this.#producer = new TransactionalProducer({ cluster, transactionalId })
    this.#admin = new Admin(cluster)
    this.#committedAllAtMs = clock.monotonicMs()
  }

  /** Takes the transactional id: what the process before has begun ends now, in one way or the other. */
  async init(): Promise<void> {
    await this.#producer.init()
    this.#needsInit = false
  }

  start(): void {
    this.#later(COMMIT_EVERY_MS)
  }

  /** Commits what has changed. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.commit().catch((error: unknown) => this.#failed(error))
    await this.#producer.close()
  }

  /** The offsets of `group` are asked for at each commit. */
  follow(group: string, offsets: () => ReadonlyMap<number, number>): void {
    this.#groups.set(group, { offsets, committed: new Map() })
  }

  /** The offsets that `group` has committed, of the partitions where it has some. */
  async committed(group: string, partitions: readonly number[]): Promise<Map<number, number>> {
    const places = partitions.map((partition) => ({ topic: this.#parts.source, partition }))
    const rows = await this.#admin.groupOffsets(group, places)
    return new Map(rows.filter(({ offset }) => offset >= 0).map(({ partition, offset }) => [partition, offset]))
  }

  /** Offsets of `group` for partitions that it does not follow yet; committed with the next commit. */
  begin(group: string, offsets: ReadonlyMap<number, number>): void {
    this.#beginnings.set(group, offsets)
  }

  /** Is written with the next commit. */
  put(key: string, value: Buffer | null): void {
    this.#changes.set(key, value)
  }

  /** True if a change of this key is not written yet. */
  has(key: string): boolean {
    return this.#changes.has(key)
  }

  /** Resolves when everything put before is stored, with the offsets of that moment. @throws MillraceError CLIENT_* */
  async commit(): Promise<void> {
    while (this.#committing !== null) await this.#committing.catch(() => undefined)
    this.#committing = this.#commit()
    try {
      await this.#committing
    } finally {
      this.#committing = null
    }
  }

  #later(afterMs: number): void {
    if (this.#closed) return
    this.#cancel = this.#parts.clock.setTimer(afterMs, () => {
      this.commit().then(
        () => this.#later(COMMIT_EVERY_MS),
        (error: unknown) => {
          this.#failed(error)
          this.#later(RETRY_MS)
        },
      )
    })
  }

  #failed(error: unknown): void {
    this.#parts.log.warn({ error }, 'the state of the webhooks could not be stored; it is tried again')
  }

  async #commit(): Promise<void> {
    const { clock } = this.#parts
    const all = clock.monotonicMs() - this.#committedAllAtMs >= COMMIT_ALL_EVERY_MS
    const changes = this.#changes
    const offsets = this.#moved(all)
    if (changes.size === 0 && offsets.size === 0) return
    this.#changes = new Map()
    try {
      failUnlessCommitted(await this.#write(changes, offsets))
    } catch (error) {
      // What was put meanwhile is newer.
      this.#changes = new Map([...changes, ...this.#changes])
      throw error
    }
    if (all) this.#committedAllAtMs = clock.monotonicMs()
    for (const group of offsets.keys()) this.#beginnings.delete(group)
    for (const [group, rows] of offsets) {
      for (const [partition, offset] of rows) this.#groups.get(group)?.committed.set(partition, offset)
    }
  }

  /** By group, the offsets that differ from the committed ones, or all of them. */
  #moved(all: boolean): Map<string, Offset[]> {
    const moved = new Map<string, Offset[]>()
    for (const [group, { offsets, committed }] of this.#groups) {
      const rows = [...offsets()].filter(([partition, offset]) => all || committed.get(partition) !== offset)
      rows.push(...(this.#beginnings.get(group) ?? []))
      if (rows.length > 0) moved.set(group, rows)
    }
    return moved
  }

  async #write(changes: ReadonlyMap<string, Buffer | null>, offsets: ReadonlyMap<string, readonly Offset[]>) {
    const { topic, source } = this.#parts
    if (this.#needsInit) await this.#producer.init()
    this.#needsInit = true
    this.#producer.begin()
    for (const [key, value] of changes) await this.#producer.append({ topic, key: Buffer.from(key), value })
    for (const [group, rows] of offsets) {
      const positions = rows.map(([partition, offset]) => ({ topic: source, partition, offset, metadata: '' }))
      await this.#producer.sendOffsets(positions, identityOf(group))
    }
    const outcome = await this.#producer.commit()
    this.#needsInit = outcome.kind !== 'committed' && outcome.kind !== 'aborted'
    return outcome
  }
}

/** A group without members: who owns a partition of the service commits for it. */
function identityOf(groupId: string) {
  return { groupId, memberId: '', generationId: -1, groupInstanceId: null }
}

function failUnlessCommitted(outcome: CommitOutcome): void {
  if (outcome.kind === 'committed') return
  if ('cause' in outcome) throw outcome.cause
  throw new MillraceError('CLIENT_STATE_INVALID', 'the transaction of the webhooks ended without being committed')
}
