/** The one rule of when windows close, as rows: the last stream time at which a window is open, the first at which it is closed. */
import t from 'tap'
import {
  type ClosingWindows,
  closesAfterEndMs,
  emittedUntil,
  firstOpenEndFromZeroMs,
  firstOpenEndMs,
  isClosed,
  leastRetentionMs,
} from '../../lib/windows/close.js'
import { hopping, session, sliding, tumbling, unlimited } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'

const forever = Number.POSITIVE_INFINITY

/** End of a window as its kind writes it → stream time from which it is closed. */
const CLOSES: readonly [name: string, windows: ClosingWindows, endMs: number, closedFromMs: number][] = [
  ['tumbling: the end is exclusive', tumbling({ sizeMs: 100 }), 100, 100],
  ['tumbling with grace', tumbling({ sizeMs: 100, graceMs: 10 }), 100, 110],
  ['hopping closes as tumbling does', hopping({ sizeMs: 100, advanceMs: 40, graceMs: 10 }), 140, 150],
  ['unlimited never closes', unlimited({ startMs: 7 }), forever, forever],
  ['sliding: the end is inclusive', sliding({ timeDifferenceMs: 100 }), 100, 101],
  ['sliding with grace', sliding({ timeDifferenceMs: 100, graceMs: 10 }), 100, 111],
  ['sliding without length', sliding({ timeDifferenceMs: 0, graceMs: 0 }), 5, 6],
  ['session: a record at end + gap extends it', session({ gapMs: 5 }), 100, 106],
  ['session with grace', session({ gapMs: 5, graceMs: 10 }), 100, 116],
  ['session without gap', session({ gapMs: 0, graceMs: 0 }), 100, 101],
  ['join: the last match is inclusive', joinWindow({ beforeMs: 20, afterMs: 30 }), 130, 131],
  ['join with grace', joinWindow({ beforeMs: 20, afterMs: 30, graceMs: 10 }), 130, 141],
  ['join with a negative bound', joinWindow({ beforeMs: -5, afterMs: 30, graceMs: 10 }), 95, 106],
]

t.test('a window is open up to a moment and closed from it on, whoever asks', async (t) => {
  for (const [name, windows, endMs, closedFromMs] of CLOSES) {
    const after = closesAfterEndMs(windows)
    if (closedFromMs === forever) {
      t.notOk(isClosed(endMs, after, Number.MAX_SAFE_INTEGER), name)
      continue
    }
    t.notOk(isClosed(endMs, after, closedFromMs - 1), `${name}: open`)
    t.ok(isClosed(endMs, after, closedFromMs), `${name}: closed`)
    t.equal(firstOpenEndMs(after, closedFromMs - 1), endMs, `${name}: the first that is open`)
    t.equal(firstOpenEndMs(after, closedFromMs), endMs + 1, `${name}: no more`)
  }
})

t.test('each window closes in exactly one step of stream time', async (t) => {
  for (const [name, windows] of CLOSES.filter((row) => row[3] !== forever)) {
    const after = closesAfterEndMs(windows)
    const closed: number[] = []
    for (const [previousMs, nowMs] of [
      [-1, 3],
      [3, 3],
      [3, 150],
      [150, 151],
      [151, 400],
    ] as const) {
      const first = firstOpenEndFromZeroMs(after, previousMs)
      for (let endMs = first; endMs < firstOpenEndMs(after, nowMs); endMs++) closed.push(endMs)
    }
    t.same(
      closed,
      Array.from({ length: 401 - after }, (_, i) => i),
      name,
    )
  }
})

t.test('nothing is closed before the first record', async (t) => {
  t.equal(firstOpenEndFromZeroMs(1, -1), 0)
  t.equal(firstOpenEndFromZeroMs(100, 5), 0, 'ends below 0 do not exist')
  t.equal(firstOpenEndFromZeroMs(100, 105), 6)
})

const RETENTION: readonly [windows: ClosingWindows, leastMs: number][] = [
  [tumbling({ sizeMs: 100, graceMs: 10 }), 110],
  [hopping({ sizeMs: 100, advanceMs: 10, graceMs: 10 }), 110],
  [unlimited(), forever],
  [session({ gapMs: 100, graceMs: 10 }), 110],
  [sliding({ timeDifferenceMs: 100, graceMs: 10 }), 210],
  [joinWindow({ beforeMs: 20, afterMs: 30, graceMs: 10 }), 60],
  [joinWindow({ beforeMs: -20, afterMs: 30, graceMs: 10 }), 20],
]

t.test('least retention', async (t) => {
  for (const [windows, leastMs] of RETENTION) t.equal(leastRetentionMs(windows), leastMs, JSON.stringify(windows))
})

t.test('a row is kept at least until its window is closed', async (t) => {
  for (const [windows] of RETENTION) {
    if (windows.kind === 'unlimited' || windows.kind === 'join') continue
    const rowToEndMs =
      windows.kind === 'time' ? windows.sizeMs : windows.kind === 'sliding' ? windows.timeDifferenceMs : 0
    // A row expires once its time + retention <= stream time.
    t.ok(rowToEndMs + closesAfterEndMs(windows) <= leastRetentionMs(windows) + 1, JSON.stringify(windows))
  }
})

t.test('how far windows were closed, as Kafka Streams commits it', async (t) => {
  t.same(emittedUntil(tumbling({ sizeMs: 100, graceMs: 10 })), { behindMs: 10, leastMs: 100 })
  t.same(emittedUntil(hopping({ sizeMs: 100, advanceMs: 20, graceMs: 10 })), { behindMs: 10, leastMs: 100 })
  t.same(emittedUntil(sliding({ timeDifferenceMs: 100, graceMs: 10 })), { behindMs: 10, leastMs: 101 })
  t.same(emittedUntil(session({ gapMs: 5, graceMs: 10 })), { behindMs: 15, leastMs: 1 })
})
