/** Random lives of the stores behind joins, with aborts, crashes and flushes, compared with plain lists. */
import t, { type Test } from 'tap'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { NO_HEADERS } from '../../lib/record/record.js'
import { int64 } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import { unmatchedValues } from '../../lib/serde/unmatched.js'
import type { CommittedVersions } from '../../lib/state/committed/versions.js'
import type { CommittedWindows } from '../../lib/state/committed/view.js'
import type { JoinWindowStore, UnmatchedStore } from '../../lib/state/ports/join-stores.js'
import type { StreamBuffer } from '../../lib/state/ports/stream-buffer.js'
import type { VersionedStore } from '../../lib/state/ports/versioned.js'
import { Life } from './life.js'
import { HISTORY_MS, NaiveJoinState } from './naive-join-state.js'
import { store, targets } from './targets.js'

// None is the beginning of another: only then is the order of waiting records that of key, then arrival.
const KEYS = ['a0', 'b1', '\0\0', 'é', 'zz']
const NUMBER = int64 as Serde<unknown>
const STORES = [
  store({ name: 'rows', kind: 'versioned', retentionMs: HISTORY_MS }),
  store({ name: 'kept', kind: 'joinWindow', retentionMs: HISTORY_MS, windowSizeMs: 1_000 }),
  store({ name: 'waiting', kind: 'unmatched', valueSerde: unmatchedValues(NUMBER, NUMBER) as Serde<unknown> }),
  store({ name: 'buffer', kind: 'streamBuffer' }),
]

class Run {
  readonly #t: Test
  readonly #random: Random
  readonly #life: Life
  #open = new NaiveJoinState()
  #sent: NaiveJoinState | null = null
  #committed = new NaiveJoinState()
  #timeMs = 1_000_000

  constructor(t: Test, random: Random, life: Life) {
    this.#t = t
    this.#random = random
    this.#life = life
  }

  async step(): Promise<void> {
    const dice = this.#random.int(100)
    if (dice < 80) this.#write()
    else if (dice < 88) this.#send()
    else if (dice < 93) this.#succeed()
    else if (dice < 95) this.#abort()
    else if (dice < 97) await this.#flush()
    else if (dice < 98) await this.#crash()
    else await this.check()
  }

  #write(): void {
    const random = this.#random
    const [life, naive] = [this.#life.state, this.#open]
    const key = KEYS[random.int(KEYS.length)]!
    const value = random.int(1000)
    this.#timeMs += random.int(50) === 0 ? random.int(200_000) : random.int(300)
    const ts = Math.max(0, this.#timeMs - (random.int(2) === 0 ? random.int(1_000) : random.int(HISTORY_MS)))
    const at = ts - (ts % 100)
    switch (random.int(5)) {
      case 0: {
        const deleted = random.int(3) === 0 ? null : value
        const rows = life.store<VersionedStore<string, number>>('rows')
        if (deleted === null && random.int(2) === 0) {
          const { validToMs: _, ...stood } = naive.asOf(key, at) ?? { validToMs: null }
          const refused = naive.putVersion(key, null, at) === 'expired'
          this.#t.same(rows.delete(key, at), refused || !('value' in stood) ? null : stood)
        } else this.#t.equal(rows.put(key, deleted, at), naive.putVersion(key, deleted, at))
        break
      }
      case 1:
        life.store<JoinWindowStore<string, number>>('kept').put(key, at, value)
        naive.keep(key, at, value)
        break
      case 2: {
        const left = random.int(2) === 0
        life.store<UnmatchedStore<string, number>>('waiting').add({ key, value, timestampMs: at, left })
        naive.wait(key, at, left, value)
        break
      }
      case 3:
        life
          .store<StreamBuffer<string, number>>('buffer')
          .add({ key, value, timestamp: at, headers: NO_HEADERS }, { topic: 'in', partition: 0, offset: value })
        naive.buffer(key, at, value)
        break
      default:
        this.#read(key, at)
    }
  }

  #read(key: string, at: number): void {
    const [life, naive] = [this.#life.state, this.#open]
    const rows = life.store<VersionedStore<string, number>>('rows')
    this.#t.same(rows.get(key), naive.latest(key))
    this.#t.same(rows.getAsOf(key, at), naive.asOf(key, at))
    const kept = life.store<JoinWindowStore<string, number>>('kept')
    this.#t.same(kept.fetch(key, at - 20_000, at), naive.partners(key, at - 20_000, at))
    const waiting = life.store<UnmatchedStore<string, number>>('waiting')
    if (this.#random.int(2) === 0) {
      const [left, right] = [at - this.#random.int(50_000), at - this.#random.int(50_000)]
      this.#t.same(waiting.take(left, right, at), naive.release(left, right))
    } else {
      const some = naive.unmatched[this.#random.int(naive.unmatched.length + 1)]
      if (some !== undefined) {
        waiting.remove(some.key, some.ts, some.left, at)
        naive.matched(some.key, some.ts, some.left)
      }
    }
    const until = at - this.#random.int(100_000)
    const drained: unknown[] = []
    const buffer = life.store<StreamBuffer<string, number>>('buffer')
    for (let next = buffer.take(until, at); next !== null; next = buffer.take(until, at)) {
      drained.push({ key: next.key, value: next.value, timestamp: next.timestamp })
    }
    this.#t.same(drained, naive.drain(until))
  }

  #send(): void {
    if (this.#sent !== null) return
    this.#life.send()
    this.#sent = this.#open.clone()
  }

  #succeed(): void {
    if (this.#sent === null) return
    this.#life.succeed()
    this.#committed = this.#sent
    this.#sent = null
  }

  #abort(): void {
    this.#life.abort()
    this.#open = this.#committed.clone()
    this.#sent = null
  }

  async #flush(): Promise<void> {
    this.#life.clock.advance(3_000)
    const flushed = this.#life.state.maybeFlush(this.#random.int(2) === 0)
    for (let n = this.#random.int(5); n > 0; n--) this.#write()
    await flushed
  }

  async #crash(): Promise<void> {
    await this.#life.crash()
    this.#open = this.#committed.clone()
    this.#sent = null
  }

  /** Queries see what is committed, whatever is open. */
  async check(): Promise<void> {
    const rows = this.#life.state.committed('rows') as CommittedVersions<string, number>
    const kept = this.#life.state.committed('kept') as CommittedWindows<string, number>
    const naive = this.#committed
    for (const key of KEYS) {
      this.#t.same(await rows.get(key), naive.latest(key))
      for (let i = 0; i < 5; i++) {
        const at = this.#timeMs - this.#random.int(HISTORY_MS + 10_000)
        this.#t.same(await rows.getAsOf(key, at), naive.asOf(key, at))
        const toMs = at + this.#random.int(HISTORY_MS)
        const history = naive.history(key, at, toMs)
        this.#t.same(await rows.history(key, { fromMs: at, toMs }), history)
        this.#t.same(await rows.history(key, { fromMs: at, toMs, reverse: true }), history.reverse())
      }
      this.#t.same(await rows.history(key), naive.history(key, 0, Number.POSITIVE_INFINITY))
      const partners = naive.partners(key, 0, this.#timeMs).map((each) => ({ startMs: each.timestamp, ...each }))
      this.#t.same(await kept.fetch(key, 0, this.#timeMs), partners)
    }
  }
}

for (const target of targets) {
  for (let seed = 1; seed <= 12; seed++) {
    t.test(`${target.name}, seed ${seed}`, { skip: target.skip }, async (t) => {
      const { engines, done } = await target.fresh()
      const life = new Life(engines, STORES)
      await life.start()
      const run = new Run(t, seededRandom(seed), life)
      for (let step = 0; step < 600; step++) await run.step()
      await run.check()
      await life.state.close({ flush: false })
      await done()
    })
  }
}

t.test('records that wait have no rows to be asked for', async (t) => {
  const life = new Life((await targets[0]!.fresh()).engines, STORES)
  await life.start()
  for (const name of ['waiting', 'buffer']) t.throws(() => life.state.committed(name), { code: 'QUERY_STORE_KIND' })
})
