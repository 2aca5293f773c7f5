/** How many records run between two looks at the clock, and what slow user code does to a slice. */
import t from 'tap'
import { FIRST_CHUNK, nextChunk } from '../../lib/runtime/time-slice.js'

t.test('rows: one record while they are slow, more as they prove fast', async (t) => {
  const rows: [what: string, chunk: number, processed: number, tookMs: number, next: number][] = [
    ['fast ones double', 1, 1, 0.1, 2],
    ['up to a limit', 16, 16, 0.1, 16],
    ['fewer than allowed prove nothing', 4, 2, 0.1, 4],
    ['neither fast nor slow', 8, 8, 2, 8],
    ['slow ones', 16, 16, 4_000, FIRST_CHUNK],
    ['one slow record', 1, 1, 250, FIRST_CHUNK],
    ['none at all', 1, 0, 0, 1],
  ]
  for (const [what, chunk, processed, tookMs, next] of rows) t.equal(nextChunk(chunk, processed, tookMs), next, what)
})
