/** The folder storage against a disk that loses its power anywhere: what is left is a beginning of what was done. */
import t from 'tap'
import { FolderStorage, type FolderStorageOptions } from '../../lib/broker/storage/folder-disk.js'
import type { SegmentFile, StateChange } from '../../lib/broker/storage/storage.js'
import { isMillraceError } from '../../lib/errors.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { PowerCut, PowerCutFiles } from './power-cut-files.js'

const SEEDS = Number(process.env.POWER_CUT_SEEDS ?? 150)
const LIVES = 6
const FOLDER = '/data'

type Segments = { readonly base: number; readonly batches: readonly Buffer[] }[]

/** What a storage should hold. */
class Model {
  readonly state: Map<string, string>
  readonly logs: Map<string, Segments>

  constructor(state = new Map<string, string>(), logs = new Map<string, Segments>()) {
    this.state = state
    this.logs = logs
  }

  copy(): Model {
    return new Model(new Map(this.state), new Map([...this.logs].map(([id, segments]) => [id, [...segments]])))
  }

  text(): string {
    const state = [...this.state].sort()
    const logs = [...this.logs].filter(([, segments]) => segments.length > 0).sort()
    const hex = logs.map(([id, segments]) => [
      id,
      segments.map((s) => [s.base, Buffer.concat(s.batches).toString('hex')]),
    ])
    return JSON.stringify([state, hex])
  }
}

function textOf(storage: FolderStorage): string {
  const state = [...storage.state()].map(([key, value]) => [key, JSON.stringify(value)]).sort()
  const logs = [...storage.logIds()].sort().flatMap((id) => {
    const segments = storage.log(id).segments()
    return segments.length === 0
      ? []
      : [[id, segments.map((s) => [s.baseOffset, s.read(0, s.sizeBytes).toString('hex')])]]
  })
  return JSON.stringify([state, logs])
}

/** One process after the other on one disk. */
class Lives {
  readonly random: Random
  files = new PowerCutFiles()
  /** What was done, step by step; the first `durable` steps were promised to survive. */
  history = [new Model()]
  durable = 0
  failed = false
  reports: string[] = []
  /** An id is not used again once its log was removed. */
  readonly #ids = ['log-0', 'log-1', 'log-2']
  #made = 3

  constructor(seed: string) {
    this.random = seededRandom(seed)
  }

  get model(): Model {
    return this.history.at(-1)!
  }

  async live(): Promise<string | null> {
    const { random } = this
    this.files.cutAt = this.files.operations + 1 + random.int(random.next() < 0.3 ? 30 : 600)
    this.files.isFull = random.next() < 0.3 ? () => random.next() < 0.05 : () => false
    const options: FolderStorageOptions = { files: this.files, saveBytes: 500 + random.int(8_000) }
    let ending: 'cut' | 'kill' | 'close' = 'cut'
    try {
      const storage = new FolderStorage(FOLDER, options)
      this.files.failSync = () => false
      await storage.open((line) => this.reports.push(line))
      const found = textOf(storage)
      const step = this.history.findLastIndex((model, i) => i >= this.durable && model.text() === found)
      if (step < 0) return `neither of steps ${this.durable} to ${this.history.length - 1}: ${found.slice(0, 2_000)}`
      this.history = [this.history[step]!]
      this.durable = 0
      this.failed = false
      if (random.next() < 0.3) this.files.failSync = (path) => random.next() < (path.includes('journal') ? 0.01 : 0.1)
      for (let i = random.int(80); i > 0 && !this.failed; i--) await this.#step(storage)
      ending = random.next() < 0.5 ? 'kill' : 'close'
      if (ending === 'close') {
        this.files.isFull = () => false
        this.files.failSync = () => false
        await storage.close()
      }
      if (!this.failed) this.durable = this.history.length - 1
    } catch (error) {
      if (!(error instanceof PowerCut) && !isMillraceError(error)) throw error
      ending = 'cut'
    }
    this.files = ending === 'kill' && !this.failed ? this.files.afterKill() : this.files.afterPowerCut(random)
    return null
  }

  /** A step that fails must have done nothing, unless the power went. */
  async #step(storage: FolderStorage): Promise<void> {
    const { random } = this
    const next = this.model.copy()
    const act = this.#choose(storage, next)
    this.history.push(next)
    try {
      act()
    } catch (error) {
      if (error instanceof PowerCut) throw error
      if (!isMillraceError(error)) throw error
      this.history.pop()
    }
    if (random.next() < 0.3) {
      const upTo = this.history.length - 1
      const done = storage.sync().then(
        () => {
          this.durable = Math.max(this.durable, upTo)
        },
        () => {
          this.failed = true
        },
      )
      if (random.next() < 0.5) await done
    }
    for (let turns = random.int(6); turns > 0; turns--) await Promise.resolve()
  }

  #choose(storage: FolderStorage, next: Model): () => void {
    const { random } = this
    const id = this.#ids[random.int(this.#ids.length)]!
    const segments = next.logs.get(id) ?? []
    const active = segments.at(-1)
    const base = active === undefined ? 0 : active.base + active.batches.length + 1
    const file = (i: number): SegmentFile => storage.log(id).segments()[i]!
    const kind = random.int(20)
    if (kind < 5) return () => storage.put(this.#changes(next))
    if (segments.length === 0 || kind === 5) {
      next.logs.set(id, [...segments, { base, batches: [] }])
      return () => void storage.log(id).create(base)
    }
    if (kind === 6 && segments.length > 1) {
      next.logs.set(id, segments.slice(1))
      return () => file(0).remove()
    }
    if (kind === 7 && segments.length > 1) {
      const at = random.int(segments.length - 1)
      const batches = segments[at]!.batches.filter(() => random.next() < 0.5)
      segments[at] = { base: segments[at]!.base, batches }
      next.logs.set(id, segments)
      return () => file(at).rewrite(batches)
    }
    if (kind === 8 && random.next() < 0.3) {
      next.logs.delete(id)
      this.#ids[this.#ids.indexOf(id)] = `log-${this.#made++}`
      return () => storage.log(id).remove()
    }
    const batch = random.bytes(1 + random.int(random.next() < 0.1 ? 3_000 : 200))
    const last = segments.at(-1)!
    next.logs.set(id, [...segments.slice(0, -1), { base: last.base, batches: [...last.batches, batch] }])
    return () => file(segments.length - 1).append(batch)
  }

  #changes(next: Model): StateChange[] {
    return Array.from({ length: 1 + this.random.int(3) }, () => {
      const key = `key-${this.random.int(8)}`
      const value = this.random.next() < 0.3 ? null : { n: this.random.int(1_000) }
      if (value === null) next.state.delete(key)
      else next.state.set(key, JSON.stringify(value))
      return [key, value] as const
    })
  }
}

t.test('after a power cut, a kill or a close, what is there is a beginning of what was done', async (t) => {
  let cuts = 0
  for (let seed = 0; seed < SEEDS; seed++) {
    const lives = new Lives(`power-cut/${seed}`)
    for (let life = 0; life < LIVES; life++) {
      const wrong = await lives.live()
      if (wrong !== null) {
        t.fail(`seed ${seed}, life ${life}: ${wrong}`)
        return
      }
    }
    lives.files.cutAt = Number.POSITIVE_INFINITY
    cuts += lives.reports.length
  }
  t.ok(cuts > 0, 'some journals were cut')
})
