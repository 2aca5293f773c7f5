/** A member that closes keeps nobody waiting, however long its disk takes: it leaves, or follows the others and keeps its place. */
import t from 'tap'
import { Streams } from '../../lib/index.js'
import { embedded } from './embedded.js'
import { counting, gatedEngines, started, until } from './group-rig.js'

interface Row {
  readonly what: string
  /** Which gate its stores wait at. */
  readonly at: 'opening' | 'closing'
  readonly leaveGroup: boolean
  /** The other comes before the close, and already waits for it. */
  readonly before: boolean
  /** Tasks of the other, of four. */
  readonly others: number
}

const ROWS: readonly Row[] = [
  { what: 'stores are being opened, it leaves', at: 'opening', leaveGroup: true, before: false, others: 4 },
  { what: 'the same, somebody waits already', at: 'opening', leaveGroup: true, before: true, others: 4 },
  { what: 'stores are being opened, it keeps its place', at: 'opening', leaveGroup: false, before: false, others: 2 },
  { what: 'stores are being closed, it leaves', at: 'closing', leaveGroup: true, before: false, others: 4 },
  { what: 'stores are being closed, it keeps its place', at: 'closing', leaveGroup: false, before: false, others: 2 },
]

for (const { what, at, leaveGroup, before, others } of ROWS) {
  t.test(what, async (t) => {
    const world = await embedded(t, { in: 4, out: 1 })
    // No session ends, and no time of a rebalance.
    const times = { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 60_000, heartbeatIntervalMs: 50 }
    const base = { applicationId: 'app', broker: world.broker, ...times }
    const { engines, ...gates } = gatedEngines()
    const gate = gates[at]
    const first = new Streams(counting(), { ...base, engines, closeTimeoutMs: 30_000 })
    if (at === 'opening') gate.shut()
    const starting = first.start()
    await until(() => (at === 'opening' ? gate.waiting === 1 : first.state === 'running'))
    gate.shut()
    const second = before ? started(t, counting(), base) : null
    const closing = first.close({ leaveGroup })
    const other = await (second ?? started(t, counting(), base))
    t.equal(other.state, 'running')
    t.ok(await until(() => other.tasks().length === others, 5_000), `${other.tasks().length} tasks of ${others}`)
    t.equal(first.state, 'closing', 'the stores of the first are still held')
    gate.release()
    t.same(await closing, { uncommitted: [] })
    await starting
    if (leaveGroup) return
    const again = await started(t, counting(), { ...base, engines })
    t.equal(again.tasks().length, 4 - others, 'it comes back to its place')
    t.equal(other.tasks().length, others)
  })
}
