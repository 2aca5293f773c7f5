/** `peek`: looks at a record before it goes on. */
import t from 'tap'
import { Operated } from './operate.js'

t.test('the action runs before whatever is behind it, once a record', async (t) => {
  const seen: unknown[] = []
  const operated = new Operated({ kind: 'peek', action: (key, value) => seen.push([key, value, operated.out.length]) })
  operated.push(['k', 'v', 7], [null, null, 8])
  t.same(seen, [
    ['k', 'v', 0],
    [null, null, 1],
  ])
  t.same(operated.out, [
    ['k', 'v', 7],
    [null, null, 8],
  ])
})
