/**
 * The requirements for window and session stores declared `ordered` on any engine: random runs with expiring retention,
 * compared with plain lists.
 */
import assert from 'node:assert/strict'
import { isMillraceError } from '../../../errors.js'
import { type Random, seededRandom } from '../../../record/random.js'
import { string } from '../../../serde/primitive.js'
import type { Serde } from '../../../serde/serde.js'
import type { StateEngines } from '../../../state/engine/engine.js'
import type { OrderedSessionStore, OrderedWindowStore, SessionRow, WindowRow } from '../../../state/ports/ordered.js'
import { type EnginesCase, orderedStore } from './ordered-stores.js'
import { StoreRig } from './rig.js'

/** Segments are half as long, so that there are several. */
const RETENTION_MS = 150_000
const FOREVER = Number.POSITIVE_INFINITY

function declared(ordered: boolean) {
  const changes = { keySerde: string as Serde<unknown>, retentionMs: RETENTION_MS, ordered }
  return [
    orderedStore({ name: 'windows', kind: 'window', windowSizeMs: 1_000, ...changes }),
    orderedStore({ name: 'sessions', kind: 'session', ...changes }),
  ]
}

const KEYS = ['', 'a', 'a\0', 'aa', 'b', 'ba', 'é', '\u{1F600}', 'z']

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function within(key: string, from: string | null, to: string | null): boolean {
  return (from === null || byBytes(from, key) <= 0) && (to === null || byBytes(key, to) <= 0)
}

interface WindowFact {
  readonly key: string
  readonly startMs: number
  readonly value: number
  readonly timestamp: number
}

interface SessionFact {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
  readonly value: number
}

/** Both stores as lists, and the highest time each has seen. */
class Facts {
  windows: WindowFact[] = []
  sessions: SessionFact[] = []
  windowsMs = -1
  sessionsMs = -1

  clone(): Facts {
    return Object.assign(new Facts(), { ...this, windows: [...this.windows], sessions: [...this.sessions] })
  }

  putWindow(key: string, startMs: number, value: number | null, timestamp: number): void {
    if (startMs <= this.windowsMs - RETENTION_MS) return
    this.windowsMs = Math.max(this.windowsMs, startMs)
    this.windows = this.windows.filter((row) => row.key !== key || row.startMs !== startMs)
    if (value !== null) this.windows.push({ key, startMs, value, timestamp })
  }

  putSession(key: string, startMs: number, endMs: number, value: number | null): void {
    if (endMs < this.sessionsMs - RETENTION_MS) return
    this.sessionsMs = Math.max(this.sessionsMs, endMs)
    this.sessions = this.sessions.filter((row) => row.key !== key || row.startMs !== startMs || row.endMs !== endMs)
    if (value !== null) this.sessions.push({ key, startMs, endMs, value })
  }

  windowsIn(from: string | null, to: string | null, fromMs: number, toMs: number): WindowFact[] {
    return this.windows
      .filter(({ key, startMs }) => within(key, from, to) && startMs >= fromMs && startMs <= toMs)
      .filter(({ startMs }) => startMs > this.windowsMs - RETENTION_MS)
      .sort((a, b) => a.startMs - b.startMs || byBytes(a.key, b.key))
  }

  /** Sessions with end >= fromMs, end <= toMs and start <= latestStartMs. */
  sessionsIn(from: string | null, to: string | null, fromMs: number, toMs: number, latestStartMs: number) {
    return this.sessions
      .filter(({ key, endMs }) => within(key, from, to) && endMs >= fromMs && endMs <= toMs)
      .filter(({ startMs, endMs }) => startMs <= latestStartMs && endMs >= this.sessionsMs - RETENTION_MS)
      .sort((a, b) => a.endMs - b.endMs || a.startMs - b.startMs || byBytes(a.key, b.key))
  }
}

class Run {
  readonly #random: Random
  readonly #rig: StoreRig
  #open = new Facts()
  #committed = new Facts()
  #timeMs = 0

  constructor(random: Random, rig: StoreRig) {
    this.#random = random
    this.#rig = rig
  }

  get windows() {
    return this.#rig.state.store<OrderedWindowStore<string, number>>('windows')
  }

  get sessions() {
    return this.#rig.state.store<OrderedSessionStore<string, number>>('sessions')
  }

  #key(): string {
    return KEYS[this.#random.int(KEYS.length)]!
  }

  write(): void {
    const random = this.#random
    this.#timeMs += random.int(60) === 0 ? random.int(200_000) : random.int(800)
    const at = Math.max(0, this.#timeMs - random.int(20_000))
    const value = random.int(5) === 0 ? null : random.int(1_000)
    const key = this.#key()
    if (random.int(2) === 0) {
      const startMs = at - (at % 1_000)
      this.windows.put(key, startMs, value, at)
      this.#open.putWindow(key, startMs, value, at)
      return
    }
    const startMs = at - (at % 700)
    const endMs = startMs + random.int(3) * 700
    this.sessions.put(key, startMs, endMs, value)
    this.#open.putSession(key, startMs, endMs, value)
  }

  async turn(): Promise<void> {
    const what = this.#random.int(12)
    if (what < 5) {
      this.#rig.commit()
      this.#committed = this.#open.clone()
      if (what < 3) await this.#rig.flush()
      return
    }
    if (what > 9) return
    if (what === 5 || what === 6) this.#rig.abort()
    if (what === 7) await this.#rig.restart(this.#random.int(2) === 0)
    if (what === 8) await this.#rig.restore()
    if (what === 9) await this.#withoutOrder()
    this.#open = this.#committed.clone()
  }

  async #withoutOrder(): Promise<void> {
    await this.#rig.restart(this.#random.int(2) === 0, declared(false))
    this.#open = this.#committed.clone()
    const refused = (error: unknown) => isMillraceError(error, 'STATE_NOT_ORDERED')
    assert.throws(() => this.windows.all(), refused)
    assert.throws(() => this.sessions.findByEnd(0, 1), refused)
    for (let n = 0; n < 20; n++) this.write()
    this.#rig.commit()
    this.#committed = this.#open.clone()
    await this.#rig.restart(this.#random.int(2) === 0, declared(true))
  }

  compare(): void {
    const random = this.#random
    const from = random.int(3) === 0 ? null : this.#key()
    const to = random.int(3) === 0 ? null : this.#key()
    const fromMs = this.#timeMs - random.int(200_000)
    const toMs = random.int(4) === 0 ? FOREVER : fromMs + random.int(100_000)
    this.#compareWindows(from, to, fromMs, toMs)
    this.#compareSessions(from, to, fromMs, toMs)
  }

  #compareWindows(from: string | null, to: string | null, fromMs: number, toMs: number): void {
    const { windows } = this
    const facts = this.#open
    const rows: [Iterable<WindowRow<string, number>>, Iterable<WindowRow<string, number>>, WindowFact[]][] = [
      [windows.all(), windows.backwardAll(), facts.windowsIn(null, null, 0, FOREVER)],
      [
        windows.fetchAll(fromMs, toMs),
        windows.backwardFetchAll(fromMs, toMs),
        facts.windowsIn(null, null, fromMs, toMs),
      ],
      [
        windows.fetchRange(from, to, fromMs, toMs),
        windows.backwardFetchRange(from, to, fromMs, toMs),
        facts.windowsIn(from, to, fromMs, toMs),
      ],
    ]
    for (const [forward, backward, expected] of rows) {
      assert.deepEqual([...forward], expected)
      assert.deepEqual([...backward], expected.reverse())
    }
    const key = this.#key()
    const ofKey = facts.windowsIn(key, key, fromMs, toMs).map(({ key: _, ...entry }) => entry)
    assert.deepEqual(windows.fetch(key, fromMs, toMs), ofKey)
    assert.deepEqual(windows.backwardFetch(key, fromMs, toMs), ofKey.reverse())
  }

  #compareSessions(from: string | null, to: string | null, fromMs: number, toMs: number): void {
    const { sessions } = this
    const facts = this.#open
    const rows: [Iterable<SessionRow<string, number>>, Iterable<SessionRow<string, number>>, SessionFact[]][] = [
      [sessions.all(), sessions.backwardAll(), facts.sessionsIn(null, null, 0, FOREVER, FOREVER)],
      [
        sessions.findByEnd(fromMs, toMs),
        sessions.backwardFindByEnd(fromMs, toMs),
        facts.sessionsIn(null, null, fromMs, toMs, FOREVER),
      ],
      [
        sessions.findRange(from, to, fromMs, toMs),
        sessions.backwardFindRange(from, to, fromMs, toMs),
        facts.sessionsIn(from, to, fromMs, FOREVER, toMs),
      ],
    ]
    for (const [forward, backward, expected] of rows) {
      assert.deepEqual([...forward], expected)
      assert.deepEqual([...backward], expected.reverse())
    }
    const key = this.#key()
    const ofKey = facts.sessionsIn(key, key, fromMs, FOREVER, toMs).map(({ key: _, ...entry }) => entry)
    assert.deepEqual(sessions.find(key, fromMs, toMs), ofKey)
    assert.deepEqual(sessions.backwardFind(key, fromMs, toMs), ofKey.reverse())
    for (const { startMs, endMs, value } of ofKey) assert.equal(sessions.fetchSession(key, startMs, endMs), value)
    assert.equal(sessions.fetchSession(key, this.#timeMs + 1, this.#timeMs + 1), null)
  }
}

async function randomLife(engines: StateEngines, seed: number): Promise<void> {
  const random = seededRandom(`ordered-windows/${seed}`)
  const rig = new StoreRig(engines)
  await rig.open(declared(true))
  const run = new Run(random, rig)
  for (let step = 0; step < 50; step++) {
    for (let n = random.int(60); n > 0; n--) run.write()
    run.compare()
    await run.turn()
    run.compare()
  }
  await rig.close()
}

export const ORDERED_WINDOW_CASES: readonly EnginesCase[] = [
  [
    'ordered windows: a walk meets nothing that was put since it began',
    async (engines) => {
      const rig = new StoreRig(engines)
      await rig.open(declared(true))
      const { windows, sessions } = new Run(seededRandom(1), rig)
      for (const startMs of [0, 1_000, 100_000]) windows.put('a', startMs, 1, startMs)
      const met: number[] = []
      for (const { startMs } of windows.fetchAll(0, FOREVER)) {
        windows.put('b', startMs + 1, 1, startMs)
        windows.put('a', 1_000, null, 1_000)
        met.push(startMs)
      }
      assert.deepEqual(met, [0, 100_000])
      for (const endMs of [5, 90_000]) sessions.put('a', 0, endMs, 1)
      let count = 0
      for (const { endMs } of sessions.all()) sessions.put('b', 0, endMs + ++count, 1)
      assert.equal(count, 2)
      await rig.close()
    },
  ],
  ...[1, 2].map(
    (seed): EnginesCase => [
      `ordered windows and sessions: random life ${seed}`,
      (engines) => randomLife(engines, seed),
    ],
  ),
]
