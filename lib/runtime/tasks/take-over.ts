/**
 * Taking over tasks, in the one order that is safe. The producer was initialised before (step 1 is `CommitGroup.init`,
 * at start and after every unknown outcome); then
 *   2 committed offsets, waiting until no transaction holds any of them open (requireStable),
 *   3 the end of each changelog as the high watermark (of a source topic that serves as one: the committed offset),
 *   4 replay read committed from the store's own offset until the position has reached that mark,
 * and only then input, from the group's offsets and never from anything on disk.
 */
import type { Admin } from '../../client/admin.js'
import type { GroupMember } from '../../client/group-member.js'
import { MillraceError } from '../../errors.js'
import type { Clock } from '../../record/clock.js'
import { type OffsetReset, offsetResetName } from '../../record/offset-reset.js'
import { formatTopicPartition, type TopicPartition } from '../../record/record.js'
import type { TaskId } from '../../record/task-id.js'
import type { StateEngines } from '../../state/engine/engine.js'
import type { TaskState } from '../../state/task-state.js'
import type { Log } from '../../telemetry/log.js'
import type { AppConfigs } from '../../topology/processor.js'
import type { Patience } from '../patience.js'
import { pauseUnless } from '../pause-unless.js'
import type { AskChangelogs, ChangelogFacts } from '../restore/changelog-facts.js'
import type { ChangelogRange, Restore } from '../restore/restore.js'
import { decideRestore, TOO_SLOW } from '../restore/restore-decision.js'
import { RestoreThroughProcessor } from '../restore/through-processor.js'
import type { ResolvedTopology } from '../topics/resolved-topology.js'

export interface SourcePosition extends TopicPartition {
  readonly offset: number
  /** As committed beside the offset, if it was. */
  readonly leaderEpoch?: number
  /** Operator and partition time as committed beside the offset. */
  readonly metadata: string
  /** Nothing was committed yet: `offset` is where `offsetReset` says to begin. */
  readonly isReset: boolean
}

export interface OpenedTask {
  readonly taskId: TaskId
  readonly state: TaskState
  readonly positions: readonly SourcePosition[]
  readonly hasStore: (name: string) => boolean
}

export interface TakeOverOptions {
  readonly plan: ResolvedTopology
  readonly member: GroupMember
  readonly admin: Admin
  readonly engines: StateEngines
  readonly openState: (taskId: TaskId) => Promise<TaskState>
  readonly restore: Restore
  readonly ask: AskChangelogs
  readonly patience: Patience
  readonly offsetReset: OffsetReset
  readonly clock: Clock
  readonly log: Log
  readonly taskTimeoutMs: number
  readonly appConfigs: AppConfigs
}

interface Opening {
  readonly taskId: TaskId
  state: TaskState
  /** How often it was restored again in this take-over. */
  attempts: number
}

/** A restore that is too slow so often is too slow permanently. */
const SLOW_ATTEMPTS = 3

export class TakeOver {
  readonly #options: TakeOverOptions

  constructor(options: TakeOverOptions) {
    this.#options = options
  }

  /** Opens and restores `taskIds`. When `cancelled` turns true it closes what it opened and returns nothing. */
  async run(taskIds: readonly TaskId[], cancelled: () => boolean): Promise<OpenedTask[]> {
    // The plan may change meanwhile; what is opened here reads what was asked for here.
    const sources = new Map(taskIds.map((taskId) => [taskId, this.#options.plan.sources(taskId)]))
    const positions = await this.#positions([...sources.values()].flat())
    const openings: Opening[] = []
    try {
      for (const taskId of taskIds) {
        if (cancelled()) break
        openings.push({ taskId, state: await this.#options.openState(taskId), attempts: 0 })
      }
      if (!cancelled() && (await this.#restoreAll(openings, positions, cancelled))) {
        return openings.map(({ taskId, state }) => ({
          taskId,
          state,
          hasStore: (name) => this.#options.plan.subTopology(taskId).stores.some((store) => store.name === name),
          positions: sources
            .get(taskId)!
            .map(({ topic, partition }) => positions.get(formatTopicPartition(topic, partition))!),
        }))
      }
    } catch (error) {
      await closeAll(openings)
      throw error
    }
    await closeAll(openings)
    // Nothing waits for them any more: should they come back, their time starts again.
    for (const taskId of taskIds) this.#options.patience.succeeded(restoreOf(taskId))
    return []
  }

  /** A task whose changelog changes under its restore starts again, after a pause that grows. False when cancelled. */
  async #restoreAll(
    openings: readonly Opening[],
    positions: ReadonlyMap<string, SourcePosition>,
    cancelled: () => boolean,
  ): Promise<boolean> {
    const { restore, clock, patience } = this.#options
    for (let pending = openings; ; ) {
      const { finished, anew } = await restore.run(await this.#ranges(pending, positions, cancelled), cancelled)
      if (!finished) return false
      pending = pending.filter(({ state }) => anew.has(state))
      if (pending.length === 0) {
        for (const { taskId } of openings) patience.succeeded(restoreOf(taskId))
        return true
      }
      const pauses: number[] = []
      for (const opening of pending) {
        const reason = anew.get(opening.state)!
        pauses.push(patience.failed(restoreOf(opening.taskId), this.#whyAgain(opening, reason)))
        await this.#setAside(opening, reason)
      }
      await pauseUnless(clock, cancelled, Math.max(...pauses))
      if (cancelled()) return false
    }
  }

  #whyAgain(opening: Opening, reason: string): MillraceError {
    const { taskId } = opening
    opening.attempts++
    const retriable = reason !== TOO_SLOW || opening.attempts < SLOW_ATTEMPTS
    const message = `the restore of task ${taskId} starts again: ${reason}`
    return new MillraceError('STREAMS_RESTORE_OVERTAKEN', message, { taskId: taskId.text, retriable })
  }

  async #positions(sources: readonly TopicPartition[]): Promise<Map<string, SourcePosition>> {
    const { member } = this.#options
    const positions = new Map<string, SourcePosition>()
    const missing: TopicPartition[] = []
    for (const found of await member.committedOffsets(sources, { requireStable: true })) {
      if (found.offset < 0) missing.push({ topic: found.topic, partition: found.partition })
      else positions.set(formatTopicPartition(found.topic, found.partition), { ...found, isReset: false })
    }
    const resets = missing.map(({ topic }) => this.#options.plan.offsetReset(topic) ?? this.#options.offsetReset)
    for (const name of new Set(resets.map(offsetResetName))) {
      const chosen = missing.filter((_, i) => offsetResetName(resets[i]!) === name)
      const reset = resets.find((each) => offsetResetName(each) === name)!
      if (reset === 'none') {
        const { topic, partition } = chosen[0]!
        throw new MillraceError(
          'STREAMS_NO_COMMITTED_OFFSET',
          `${formatTopicPartition(topic, partition)} has no committed offset and offsetReset is "none": commit an offset, or choose earliest or latest`,
          { topic, partition },
        )
      }
      for (const { topic, partition, offset } of await this.#begin(chosen, reset)) {
        positions.set(formatTopicPartition(topic, partition), { topic, partition, offset, metadata: '', isReset: true })
      }
    }
    return positions
  }

  async #begin(
    partitions: readonly TopicPartition[],
    reset: Exclude<OffsetReset, 'none'>,
  ): Promise<readonly (TopicPartition & { readonly offset: number })[]> {
    const { admin, clock } = this.#options
    if (typeof reset === 'string') return admin.listOffsets(partitions, reset, 'readUncommitted')
    const sinceMs = Math.max(0, clock.now() - reset.byDurationMs)
    const found = await admin.listOffsets(partitions, sinceMs, 'readUncommitted')
    const older = found.filter(({ offset }) => offset < 0)
    const ends = older.length === 0 ? [] : await admin.listOffsets(older, 'latest', 'readUncommitted')
    return [...found.filter(({ offset }) => offset >= 0), ...ends]
  }

  /** What has to be replayed per logged store; a store that cannot roll forward is set aside and begins empty. */
  async #ranges(
    openings: readonly Opening[],
    positions: ReadonlyMap<string, SourcePosition>,
    cancelled: () => boolean,
  ): Promise<ChangelogRange[]> {
    const { plan, ask } = this.#options
    const said = await ask(openings.flatMap(({ taskId }) => plan.changelogs(taskId)))
    const ranges: ChangelogRange[] = []
    for (const opening of openings) {
      let decided = this.#decide(opening, said, positions)
      const rebuild = decided.find(({ decision }) => decision.kind === 'rebuild')
      if (rebuild?.decision.kind === 'rebuild') {
        await this.#setAside(opening, `${rebuild.store}: ${rebuild.decision.reason}`)
        decided = this.#decide(opening, said, positions)
      }
      for (const { store, topic, partition, isSource, facts, decision } of decided) {
        const { topicId, logStart, logEnd: to, deleteRetentionMs } = facts
        const { state } = opening
        ranges.push({
          ...{ state, store, topic, partition, isSource, topicId, to, deleteRetentionMs },
          from: decision.kind === 'rollForward' ? decision.from : logStart,
          asOfMs: facts.checkpoint?.writtenAtMs ?? facts.nowMs,
          refill: this.#refill(opening, store, { topic, partition }, cancelled),
        })
      }
    }
    return ranges
  }

  #decide(
    { taskId, state }: Opening,
    said: ReadonlyMap<string, ChangelogFacts>,
    positions: ReadonlyMap<string, SourcePosition>,
  ) {
    const nowMs = this.#options.clock.now()
    return this.#options.plan.changelogs(taskId).map(({ store, topic, partition, isSource }) => {
      const name = formatTopicPartition(topic, partition)
      const found = said.get(name)!
      const logEnd = isSource ? sourceEnd(positions.get(name)!, found) : found.logEnd
      const facts = { ...found, logEnd, checkpoint: state.checkpoint(store), nowMs }
      return { store, topic, partition, isSource, facts, decision: decideRestore(facts) }
    })
  }

  #refill(
    { taskId, state }: Opening,
    store: string,
    place: TopicPartition,
    cancelled: () => boolean,
  ): RestoreThroughProcessor | null {
    const { plan, clock, log, taskTimeoutMs, appConfigs } = this.#options
    const nodes = plan.filler(store)
    if (nodes === null) return null
    const settings = { applicationId: plan.applicationId, appConfigs, clock, log, taskTimeoutMs }
    return new RestoreThroughProcessor({ taskId: taskId.text, ...settings, ...nodes, ...place, state, cancelled })
  }

  async #setAside(opening: Opening, reason: string): Promise<void> {
    await opening.state.close({ flush: false })
    await this.#options.engines.setAside(opening.taskId.text, reason)
    opening.state = await this.#options.openState(opening.taskId)
  }
}

function restoreOf(taskId: TaskId): string {
  return `the restore of task ${taskId}`
}

/**
 * A store restored from its source holds what was processed and committed, and nothing where nothing was. A source that
 * ends before that is an error of whoever reads it next.
 */
function sourceEnd({ isReset, offset }: SourcePosition, { logStart, logEnd }: ChangelogFacts): number {
  return isReset ? logStart : Math.max(Math.min(offset, logEnd), logStart)
}

/** The changelog has everything: what cannot be written now is restored by the next take-over. */
async function closeAll(openings: readonly Opening[]): Promise<void> {
  await Promise.allSettled(openings.map(({ state }) => state.close({ flush: true })))
}
