/**
 * The state of a task with its changelogs, for the store suite: commits, aborts, restarts and restores on any engine.
 */
import type { StateEngines } from '../../../state/engine/engine.js'
import type { StoreDefinition } from '../../../state/stores/index.js'
import { TaskState } from '../../../state/task-state.js'
import { ManualClock } from '../../manual-clock.js'

const TASK = '0_0'

interface LoggedRecord {
  readonly store: string
  readonly key: Buffer
  readonly value: Buffer | null
  readonly timestampMs: number
}

export class StoreRig {
  readonly #engines: StateEngines
  readonly #clock = new ManualClock(1_000)
  /** What committed, in order. Each record's offset is its place. */
  readonly #log: LoggedRecord[] = []
  #stores: readonly StoreDefinition[] = []
  state!: TaskState

  constructor(engines: StateEngines) {
    this.#engines = engines
  }

  /** Opens the stores as declared now and rolls them forward. */
  async open(stores: readonly StoreDefinition[]): Promise<void> {
    this.#stores = stores
    this.state = await TaskState.open({
      taskId: TASK,
      stores,
      engine: await this.#engines.open(TASK),
      clock: this.#clock,
      residentBytes: 100_000,
      flushBytes: 20_000,
    })
    for (const { name } of stores) {
      const from = this.state.checkpoint(name)?.offset ?? 0
      for (const { store, key, value, timestampMs } of this.#log.slice(from)) {
        if (store === name) this.state.restore(name, key, value, timestampMs)
      }
      this.state.restored(name, this.#log.length, 'topic-id', true)
    }
  }

  commit(): void {
    this.state.flushListeners()
    this.state.beginCommit(({ name }, key, value, timestampMs) =>
      this.#log.push({ store: name, key, value, timestampMs }),
    )
    const end = { offset: this.#log.length, topicId: 'topic-id' }
    this.state.commitSucceeded(new Map(this.#stores.map(({ name }) => [name, end])))
  }

  abort(): void {
    this.state.commitAborted()
  }

  flush(): Promise<void> {
    return this.state.maybeFlush(true)
  }

  /** As after a crash (what was not written is rolled forward) or, with `flush`, a clean close. */
  async restart(flush: boolean, stores: readonly StoreDefinition[] = this.#stores): Promise<void> {
    await this.state.close({ flush })
    await this.open(stores)
  }

  /** On an empty disk. */
  async restore(): Promise<void> {
    await this.state.close({ flush: false })
    await this.#engines.setAside(TASK, 'restore')
    await this.open(this.#stores)
  }

  async close(): Promise<void> {
    await this.state.close({ flush: false })
  }
}
