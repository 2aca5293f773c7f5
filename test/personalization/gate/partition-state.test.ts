import t from 'tap'
import type { KeyValueStore } from '../../../lib/index.js'
import { PartitionState } from '../../../lib/personalization/gate/partition-state.js'
import { seededRandom } from '../../../lib/record/random.js'

/** A store as a task sees it: what was not committed is gone after an abort. Every read is of other memory than before. */
class TestStore {
  #committed = new Map<string, Buffer>()
  #open = new Map<string, Buffer>()

  get size(): number {
    return this.#open.size
  }

  get(key: string) {
    const value = this.#open.get(key)
    return value === undefined ? null : { value: Buffer.from(value), timestamp: 0 }
  }

  put(key: string, value: Buffer | null): void {
    if (value === null) this.#open.delete(key)
    else this.#open.set(key, Buffer.from(value))
  }

  commit(): void {
    this.#committed = new Map(this.#open)
  }

  abort(): void {
    this.#open = new Map(this.#committed)
  }
}

const REMEMBER_MS = 1_000

class Gate {
  readonly store = new TestStore()
  state = this.open()

  open(): PartitionState {
    return new PartitionState(this.store as unknown as KeyValueStore<string, Buffer>)
  }

  /** True: admitted. */
  event(id: string, atMs: number): boolean {
    const time = this.state.time()
    if (this.state.remembers('ann', id, time.streamTimeMs - REMEMBER_MS)) return false
    const streamTimeMs = Math.max(time.streamTimeMs, atMs)
    this.state.admit(atMs, { ...time, streamTimeMs }, streamTimeMs - REMEMBER_MS)
    return true
  }
}

t.test('an id is known for so long, exactly', async (t) => {
  for (const [laterMs, isKnown] of [
    [0, true],
    [REMEMBER_MS, true],
    [REMEMBER_MS + 1, false],
  ] as const) {
    const gate = new Gate()
    t.ok(gate.event('a', 5_000))
    t.ok(gate.event('b', 5_000 + laterMs))
    t.equal(gate.event('a', 5_000 + laterMs), !isKnown, `${laterMs} ms later`)
    t.notOk(gate.event('a', 5_000 + laterMs))
  }
})

t.test('the time comes back as it was set', async (t) => {
  const gate = new Gate()
  t.same(gate.state.time(), { streamTimeMs: -1, closedBeforeMs: 0, replaying: false })
  const time = { streamTimeMs: 1_772_409_600_123, closedBeforeMs: 1_772_409_600_124, replaying: true }
  gate.state.setTime(time)
  t.same(gate.state.time(), time)
  t.same(gate.open().time(), time)
})

t.test('the same as a list of all events, through aborts and restarts', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(`gate ${seed}`)
    const gate = new Gate()
    let committed: { id: string; atMs: number }[] = []
    let admitted: { id: string; atMs: number }[] = []
    let [nowMs, committedMs] = [1_000, 1_000]
    for (let step = 0; step < 3_000; step++) {
      const turn = random.int(100)
      if (turn < 3) {
        gate.store.commit()
        ;[committed, committedMs] = [admitted, nowMs]
      } else if (turn === 3) {
        gate.store.abort()
        ;[admitted, nowMs] = [committed, committedMs]
      } else if (turn === 4) gate.state = gate.open()
      // Some events are late, and sometimes time makes a leap.
      const atMs = Math.max(0, nowMs - random.int(50) + random.int(100) + (turn === 5 ? 1_500 : 0))
      const id = String(random.int(200))
      const streamTimeMs = gate.state.time().streamTimeMs
      const isKnown = admitted.some((one) => one.id === id && one.atMs >= streamTimeMs - REMEMBER_MS)
      if (gate.event(id, atMs) === isKnown) {
        t.fail(`seed ${seed}, step ${step}: ${id} at ${atMs}`)
        return
      }
      if (!isKnown) admitted = [...admitted, { id, atMs }].slice(-2_000)
      nowMs = Math.max(nowMs, atMs)
    }
    t.pass(`seed ${seed}`)
  }
})

t.test('the store holds what is remembered and no more', async (t) => {
  const gate = new Gate()
  let most = 0
  for (let i = 0; i < 50_000; i++) {
    gate.event(String(i), i)
    if (i % 1_000 === 0) gate.store.commit()
    most = Math.max(most, gate.store.size)
  }
  t.ok(most <= REMEMBER_MS / 16 + 4, `${most} records`)
  gate.event('much later', 1e9)
  for (let i = 0; i < 20; i++) gate.event(`then ${i}`, 1e9 + i)
  t.ok(gate.store.size <= 4, `${gate.store.size} records after a leap`)
})
