/** A task state with a recorded changelog beside it: commits, aborts, crashes and takes over as the runtime would. */

import type { EngineWrite, KeyRange, StateEngine, StateEngines } from '../../lib/state/engine/engine.js'
import type { KeyValueStore, SessionStore, WindowStore } from '../../lib/state/ports/store.js'
import type { StoreDefinition } from '../../lib/state/stores/index.js'
import { TaskState } from '../../lib/state/task-state.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'

interface ChangelogRecord {
  readonly offset: number
  readonly key: Buffer
  readonly value: Buffer | null
  readonly timestamp: number
}

/** Fails one write, before or after it took effect, as a crash would. */
export class FaultyEngine implements StateEngine {
  readonly #engine: StateEngine
  writes = 0
  failAt: { readonly write: number; readonly applied: boolean } | null = null

  constructor(engine: StateEngine) {
    this.#engine = engine
  }

  getSync = (key: Buffer) => this.#engine.getSync(key)
  getMany = (keys: readonly Buffer[]) => this.#engine.getMany(keys)
  entries = (range: KeyRange) => this.#engine.entries(range)
  clear = (range: KeyRange) => this.#engine.clear(range)
  close = () => this.#engine.close()

  async write(writes: readonly EngineWrite[]): Promise<void> {
    const fails = this.failAt !== null && ++this.writes === this.failAt.write
    if (fails && !this.failAt?.applied) throw new Error('injected: write lost')
    await this.#engine.write(writes)
    if (fails) throw new Error('injected: answer lost')
  }
}

export class Life {
  readonly #engines: StateEngines
  readonly #stores: readonly StoreDefinition[]
  readonly changelogs = new Map<string, ChangelogRecord[]>()
  readonly #ends = new Map<string, number>()
  #sent = new Map<string, Omit<ChangelogRecord, 'offset'>[]>()
  readonly clock = new ManualClock(1_000)
  engine!: FaultyEngine
  state!: TaskState
  /** Changelog records applied at the last start. */
  rolledForward = 0

  constructor(engines: StateEngines, stores: readonly StoreDefinition[]) {
    this.#engines = engines
    this.#stores = stores
  }

  async start(): Promise<void> {
    this.engine = new FaultyEngine(await this.#engines.open('0_0'))
    this.state = await TaskState.open({
      taskId: '0_0',
      stores: this.#stores,
      engine: this.engine,
      clock: this.clock,
      residentBytes: 20_000,
      flushBytes: 2_000,
    })
    this.rolledForward = 0
    for (const { name } of this.#stores) {
      const from = this.state.checkpoint(name)?.offset ?? 0
      for (const record of this.changelogs.get(name) ?? []) {
        if (record.offset < from) continue
        this.state.restore(name, record.key, record.value, record.timestamp)
        this.rolledForward++
      }
      this.state.restored(name, this.#ends.get(name) ?? 0, 'topic-id', true)
    }
  }

  /** Steps 1 and 2 of a commit; the outcome follows with `succeed` or `abort`. */
  send(): void {
    this.state.flushListeners()
    this.#sent = new Map()
    this.state.beginCommit(({ name }, key, value, timestamp) => {
      const sent = this.#sent.get(name) ?? []
      sent.push({ key, value, timestamp })
      this.#sent.set(name, sent)
    })
  }

  succeed(): void {
    this.#toChangelog()
    const ends = [...this.#sent.keys()].map((name) => [name, { offset: this.#ends.get(name)!, topicId: 'id' }] as const)
    this.#sent = new Map()
    this.state.commitSucceeded(new Map(ends))
  }

  /** The transaction committed, and the process died before it heard so. */
  succeedUnheard(): void {
    this.#toChangelog()
    this.#sent = new Map()
  }

  abort(): void {
    this.#sent = new Map()
    this.state.commitAborted()
  }

  /** Only what engines wrote stays. */
  async crash(): Promise<void> {
    await this.state.close({ flush: false })
    this.#sent = new Map()
    await this.start()
  }

  table<V = number>(name: string) {
    return this.state.store<KeyValueStore<string, V>>(name)
  }

  windows(name: string) {
    return this.state.store<WindowStore<string, number>>(name)
  }

  sessions(name: string) {
    return this.state.store<SessionStore<string, number>>(name)
  }

  #toChangelog(): void {
    for (const [name, records] of this.#sent) {
      const log = this.changelogs.get(name) ?? []
      let offset = this.#ends.get(name) ?? 0
      for (const record of records) log.push({ ...record, offset: offset++ })
      this.changelogs.set(name, log)
      // The transaction marker takes an offset of its own.
      this.#ends.set(name, offset + 1)
    }
  }
}
