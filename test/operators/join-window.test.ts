/** One side of a stream-stream join: its records are handed on, then kept. */
import t from 'tap'
import type { JoinWindowStore } from '../../lib/state/ports/join-stores.js'
import { Operated } from './operate.js'

const stores = { kept: { kind: 'joinWindow', retentionMs: 100, windowSizeMs: 10 } } as const

t.test('a record is handed on before it is kept; null keys and values are not kept', async (t) => {
  const operated = new Operated({ kind: 'joinWindow', store: 'kept', keeps: true }, { stores })
  const store = operated.store<JoinWindowStore<string, string>>('kept')
  operated.push(['k', 'a', 5], ['k', 'b', 5], ['k', null, 6], [null, 'c', 6])
  t.equal(operated.out.length, 4)
  t.same(store.fetch('k', 0, 10), [
    { value: 'a', timestamp: 5 },
    { value: 'b', timestamp: 5 },
  ])
})

t.test('a join of a stream with itself keeps the records elsewhere', async (t) => {
  const operated = new Operated({ kind: 'joinWindow', store: 'kept', keeps: false }, { stores })
  operated.push(['k', 'a', 5])
  t.equal(operated.out.length, 1)
  t.same(operated.store<JoinWindowStore<string, string>>('kept').fetch('k', 0, 10), [])
})
