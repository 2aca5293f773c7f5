/** The suppression buffer against a plain map, through commits, aborts, flushes and reopening. */
import t, { type Test } from 'tap'
import { untilTimeLimit } from '../../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../../lib/dsl/streams-builder.js'
import { type Random, seededRandom } from '../../../lib/record/random.js'
import { string } from '../../../lib/serde/primitive.js'
import { MemoryEngines } from '../../../lib/state/memory-engine.js'
import type { SuppressBuffer } from '../../../lib/state/ports/suppress-buffer.js'
import { TaskState } from '../../../lib/state/task-state.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'

const NAME = 'held-store'

function definition() {
  const builder = new StreamsBuilder()
  builder.table('in', { key: string, value: string }).suppress(untilTimeLimit(5), { name: 'held' })
  return builder.build().stores.find((store) => store.name === NAME)!
}

interface Row {
  readonly timeMs: number
  readonly value: string
  readonly old: string | null
  readonly prior: string | null
}

type Model = Map<string, Row>

const lowest = (model: Model) =>
  [...model].sort(([a, left], [b, right]) => left.timeMs - right.timeMs || (a < b ? -1 : 1))[0]

function step(random: Random, buffer: SuppressBuffer<string, string>, model: Model, i: number): void {
  if (random.int(3) === 0) {
    const first = lowest(model)
    if (first !== undefined) model.delete(first[0])
    buffer.removeFirst(i)
    return
  }
  const key = `k${random.int(6)}`
  const old = random.int(2) === 0 ? null : `old${i}`
  const before = model.get(key)
  const timeMs = before?.timeMs ?? random.int(30)
  model.set(key, { timeMs, value: `v${i}`, old, prior: before === undefined ? old : before.prior })
  const context = { timestamp: i, headers: [], topic: 'in', partition: 0, offset: i }
  buffer.put(key, before === undefined ? timeMs : random.int(30), `v${i}`, old, context)
}

const KEYS = Array.from({ length: 6 }, (_, i) => `k${i}`)

function compare(t: Test, buffer: SuppressBuffer<string, string>, model: Model, name: string): void {
  const [key, row] = lowest(model) ?? [null, null]
  const bytes = [...model].reduce(
    (sum, [each, { value, old, prior }]) =>
      sum + 8 + each.length + 20 + 2 + value.length + (prior?.length ?? 0) + (prior === old ? 0 : (old?.length ?? 0)),
    0,
  )
  const { records, firstTimeMs } = buffer
  const first = buffer.first()
  t.strictSame(
    {
      counts: [records, buffer.bytes, firstTimeMs],
      first: first === null ? null : [first.key, first.newValue, first.oldValue],
      priors: KEYS.map((each) => buffer.prior(each)),
    },
    {
      counts: [model.size, bytes, row?.timeMs ?? Number.POSITIVE_INFINITY],
      first: row === null ? null : [key, row.value, row.old],
      priors: KEYS.map((each) => model.get(each)?.prior),
    },
    name,
  )
}

for (let seed = 1; seed <= 20; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(`buffer/${seed}`)
    const engines = new MemoryEngines()
    const clock = new ManualClock()
    const open = () =>
      TaskState.openSync({ taskId: '0_0', stores: [definition()], engine: engines.openSync('0_0'), clock })
    let state = open()
    let buffer = state.store<SuppressBuffer<string, string>>(NAME)
    let model: Model = new Map()
    let committed: Model = new Map()
    const changelog: [Buffer, Buffer | null][] = []
    for (let i = 0; i < 120; i++) {
      for (let n = random.int(4); n > 0; n--) step(random, buffer, model, i)
      compare(t, buffer, model, `step ${i}`)
      const what = random.int(6)
      if (what < 2) {
        const records: [Buffer, Buffer | null][] = []
        state.beginCommit((_store, key, value) =>
          records.push([Buffer.from(key), value === null ? null : Buffer.from(value)]),
        )
        const inFlight = new Map(model)
        for (let n = random.int(3); n > 0; n--) step(random, buffer, model, i)
        if (random.int(3) === 0) {
          state.commitAborted()
          model = new Map(committed)
        } else {
          state.commitSucceeded(new Map())
          committed = inFlight
          changelog.push(...records)
        }
      } else if (what === 2) {
        state.commitAborted()
        model = new Map(committed)
      } else if (what === 3 && random.int(3) === 0) {
        const flush = random.int(2) === 0
        await state.close({ flush })
        if (!flush) await engines.setAside('0_0', 'lost')
        state = open()
        buffer = state.store(NAME)
        if (!flush) for (const [key, value] of changelog) state.restore(NAME, key, value, 0)
        model = new Map(committed)
      }
      compare(t, buffer, model, `after ${i}`)
    }
  })
}
