/** Random lives of a task state, compared with plain maps after every step that could lose something. */
import t, { type Test } from 'tap'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import type { CommittedKeyValue, CommittedSessions, CommittedWindows } from '../../lib/state/committed/view.js'
import { Life } from './life.js'
import { Naive } from './naive-state.js'
import { store, targets } from './targets.js'

const RETENTION_MS = 150_000
const KEYS = ['', 'a', 'b', '\0\0m', '\0\u0001d', 'é', '\u{1F600}', 'a\0', 'zz', 'd', 'i', 'k', 'l', 'm', 'n', 'o']
const STORES = [
  store({ name: 'table' }),
  store({ name: 'heard', cached: true }),
  store({ name: 'volatile', engine: 'memory' }),
  store({ name: 'windows', kind: 'window', retentionMs: RETENTION_MS, windowSizeMs: 1_000, timeIndexed: true }),
  store({ name: 'sessions', kind: 'session', retentionMs: RETENTION_MS, timeIndexed: true }),
]

class Run {
  readonly #t: Test
  readonly #random: Random
  readonly #life: Life
  #open = new Naive(RETENTION_MS)
  #sent: Naive | null = null
  #committed = new Naive(RETENTION_MS)
  #timeMs = 1_000_000
  /** What the listener of `heard` was told last. */
  #told = new Map<string, number>()
  #toldCommitted = new Map<string, number>()
  #toldSent = new Map<string, number>()

  constructor(t: Test, random: Random, life: Life) {
    this.#t = t
    this.#random = random
    this.#life = life
  }

  async start(): Promise<void> {
    await this.#life.start()
    this.#listen()
  }

  #listen(): void {
    this.#life.table('heard').onFlush((key, newValue, oldValue) => {
      if (oldValue !== (this.#told.get(key) ?? null)) this.#t.fail(`old value of ${JSON.stringify(key)} is ${oldValue}`)
      if (newValue === null) this.#told.delete(key)
      else this.#told.set(key, newValue)
    })
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

  #key(): string {
    return KEYS[this.#random.int(KEYS.length)]!
  }

  #write(): void {
    const life = this.#life
    const key = this.#key()
    const value = this.#random.int(5) === 0 ? null : this.#random.int(1000)
    this.#timeMs += this.#random.int(50) === 0 ? this.#random.int(200_000) : this.#random.int(500)
    const at = Math.max(0, this.#timeMs - this.#random.int(20_000))
    const startMs = at - (at % 1_000)
    switch (this.#random.int(4)) {
      case 0:
        for (const name of ['table', 'heard', 'volatile']) life.table(name).put(key, value, at)
        this.#open.put(key, value, at)
        break
      case 1:
        life.windows('windows').put(key, startMs, value, at)
        this.#open.putWindow(key, startMs, value, at)
        break
      case 2: {
        const firstMs = at - (at % 700)
        const endMs = firstMs + this.#random.int(3) * 700
        life.sessions('sessions').put(key, firstMs, endMs, value)
        this.#open.putSession(key, firstMs, endMs, value)
        break
      }
      default: {
        const found = life.sessions('sessions').find(key, 0, Number.MAX_SAFE_INTEGER)
        for (const { startMs, endMs } of found.slice(0, 2)) {
          life.sessions('sessions').put(key, startMs, endMs, null)
          this.#open.putSession(key, startMs, endMs, null)
        }
        this.#t.same(life.table('table').get(key), this.#open.table.get(key) ?? null)
      }
    }
  }

  #send(): void {
    if (this.#sent !== null) return
    this.#life.send()
    this.#sent = this.#open.clone()
    this.#toldSent = new Map(this.#told)
  }

  #succeed(): void {
    if (this.#sent === null) return
    this.#life.succeed()
    this.#accept()
  }

  #accept(): void {
    this.#committed = this.#sent!
    this.#toldCommitted = this.#toldSent
    this.#sent = null
  }

  #rewind(): void {
    this.#open = this.#committed.clone()
    this.#told = new Map(this.#toldCommitted)
    this.#sent = null
  }

  #abort(): void {
    this.#life.abort()
    this.#rewind()
  }

  async #flush(): Promise<void> {
    this.#life.clock.advance(3_000)
    const flushed = this.#life.state.maybeFlush(this.#random.int(2) === 0)
    // Processing goes on while the batch is being written.
    for (let n = this.#random.int(5); n > 0; n--) this.#write()
    if (this.#random.int(2) === 0) this.#send()
    if (this.#random.int(2) === 0) this.#succeed()
    if (this.#random.int(2) === 0) await this.check()
    await flushed
  }

  async #crash(): Promise<void> {
    if (this.#sent !== null && this.#random.int(2) === 0) {
      this.#life.succeedUnheard()
      this.#accept()
    }
    const fault = this.#random.int(3)
    if (fault > 0) {
      this.#life.engine.failAt = { write: 1, applied: fault === 1 }
      await this.#life.state.maybeFlush(true).catch(() => {})
    }
    await this.#life.crash()
    this.#listen()
    this.#rewind()
    await this.check()
  }

  async check(): Promise<void> {
    const { state } = this.#life
    const open = this.#open
    for (const key of KEYS) {
      for (const name of ['table', 'heard', 'volatile']) {
        this.#t.same(this.#life.table(name).get(key), open.table.get(key) ?? null, name)
      }
      this.#t.same(this.#life.windows('windows').fetch(key, 0, Number.MAX_SAFE_INTEGER), open.windowsOf(key))
      this.#t.same(this.#life.sessions('sessions').find(key, 0, Number.MAX_SAFE_INTEGER), open.sessionsOf(key))
    }
    const byTime = this.#life.windows('windows').startingBetween(this.#timeMs - 60_000, this.#timeMs)
    const expected = KEYS.flatMap((key) => open.windowsOf(key)).filter(
      (entry) => entry.startMs >= this.#timeMs - 60_000,
    )
    this.#t.equal(byTime.length, expected.length)
    await this.#checkCommitted(state)
  }

  async #checkCommitted(state: Life['state']): Promise<void> {
    const committed = this.#committed
    for (const name of ['table', 'volatile']) {
      const view = state.committed(name) as CommittedKeyValue<string, number>
      const all = []
      for await (const { key, value, timestamp } of view.all()) all.push([key, { value, timestamp }] as const)
      const order = (a: readonly [string, unknown], b: readonly [string, unknown]) =>
        Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0]))
      this.#t.same(all, [...committed.table].sort(order), `${name}, committed`)
      await this.#checkScans(view, all)
    }
    const windows = state.committed('windows') as CommittedWindows<string, number>
    let count = 0
    for await (const _ of windows.fetchAll(0, Number.MAX_SAFE_INTEGER)) count++
    let expected = 0
    for (const key of KEYS) {
      expected += committed.windowsOf(key).length
      this.#t.same(await windows.fetch(key, 0, Number.MAX_SAFE_INTEGER), committed.windowsOf(key))
      const sessions = state.committed('sessions') as CommittedSessions<string, number>
      this.#t.same(await sessions.find(key, 0, Number.MAX_SAFE_INTEGER), committed.sessionsOf(key))
    }
    this.#t.equal(count, expected)
    await this.#checkTimeScans(state)
  }

  /** Ranges and prefixes, both ways; `all` is ascending by bytes. */
  async #checkScans(view: CommittedKeyValue<string, number>, all: readonly (readonly [string, unknown])[]) {
    const [low, high] = [this.#random.int(4) === 0 ? null : this.#key(), this.#random.int(4) === 0 ? null : this.#key()]
    const keys = all.map(([key]) => key)
    const range = keys.filter((key) => between(key, low, high))
    const prefix = this.#key().slice(0, 1)
    const beginning = keys.filter((key) => Buffer.from(key).indexOf(Buffer.from(prefix)) === 0)
    const rows = [
      [view.all({ reverse: true }), [...keys].reverse()],
      [view.range(low, high), range],
      [view.range(low, high, { reverse: true }), [...range].reverse()],
      [view.prefixScan(prefix, string), beginning],
      [view.prefixScan(Buffer.from(prefix), undefined, { reverse: true }), [...beginning].reverse()],
    ] as const
    for (const [scan, wanted] of rows) {
      const found: string[] = []
      for await (const { key } of scan) found.push(key)
      this.#t.same(found, wanted)
    }
  }

  async #checkTimeScans(state: Life['state']): Promise<void> {
    const [keyFrom, keyTo] = [this.#random.int(3) === 0 ? null : this.#key(), this.#key()]
    const [fromMs, toMs] = [this.#timeMs - this.#random.int(150_000), this.#timeMs - this.#random.int(10_000)]
    const keys = KEYS.filter((key) => between(key, keyFrom, keyTo)).sort((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    )
    const windows = state.committed('windows') as CommittedWindows<string, number>
    const sessions = state.committed('sessions') as CommittedSessions<string, number>
    const starting = keys
      .flatMap((key) => this.#committed.windowsOf(key).map((entry) => ({ key, ...entry })))
      .filter(({ startMs }) => startMs >= fromMs && startMs <= toMs)
      .sort((a, b) => a.startMs - b.startMs)
    const ending = keys
      .flatMap((key) => this.#committed.sessionsOf(key).map((entry) => ({ key, ...entry })))
      .filter(({ endMs }) => endMs >= fromMs && endMs <= toMs)
      .sort((a, b) => a.endMs - b.endMs || a.startMs - b.startMs)
    for (const reverse of [false, true]) {
      const options = { keyFrom, keyTo, reverse }
      const inOrder = <T>(list: readonly T[]) => (reverse ? [...list].reverse() : list)
      const foundWindows = []
      for await (const entry of windows.fetchAll(fromMs, toMs, options)) foundWindows.push(entry)
      this.#t.same(foundWindows, inOrder(starting))
      const foundSessions = []
      for await (const entry of sessions.fetchAll(fromMs, toMs, options)) foundSessions.push(entry)
      this.#t.same(foundSessions, inOrder(ending))
      const ofKey = this.#committed.windowsOf(keyTo).filter(({ startMs }) => startMs >= fromMs && startMs <= toMs)
      this.#t.same(await windows.fetch(keyTo, fromMs, toMs, options), inOrder(ofKey))
    }
    for (const { key, startMs, endMs, value } of ending) this.#t.equal(await sessions.get(key, startMs, endMs), value)
    const found = this.#committed.sessionsOf(keyTo).filter((each) => each.endMs >= fromMs && each.startMs <= toMs)
    this.#t.same(await sessions.find(keyTo, fromMs, toMs), found)
  }
}

function between(key: string, from: string | null, to: string | null): boolean {
  const bytes = Buffer.from(key)
  if (from !== null && Buffer.compare(Buffer.from(from), bytes) > 0) return false
  return to === null || Buffer.compare(bytes, Buffer.from(to)) <= 0
}

for (const target of targets) {
  t.test(`random lives: ${target.name}`, { skip: target.skip }, async (t) => {
    const seeds = target.name === 'memory' ? 40 : 8
    for (let seed = 1; seed <= seeds; seed++) {
      await t.test(`seed ${seed}`, async (t) => {
        const { engines, done } = await target.fresh()
        t.teardown(done)
        const life = new Life(engines, STORES)
        const run = new Run(t, seededRandom(`state/${seed}`), life)
        await run.start()
        for (let n = 0; n < 600 && t.passing(); n++) await run.step()
        await run.check()
        await life.state.close({ flush: true })
        await life.start()
        t.equal(
          life.rolledForward - (life.changelogs.get('volatile')?.length ?? 0),
          0,
          'a clean close needs no roll-forward',
        )
      })
    }
  })
}
