import t from 'tap'
import { EndpointPause } from '../../../../lib/personalization/doors/webhooks/endpoint-pause.js'

const pauseMs = (failures: number) => failures * 1_000

t.test('three decisions that fail make it down; then one attempt at a time, after growing pauses', async (t) => {
  const pause = new EndpointPause()
  t.equal(pause.allowed(8), 8)
  pause.failed('a', 0, pauseMs)
  pause.failed('a', 0, pauseMs)
  pause.failed('a', 0, pauseMs)
  pause.failed('b', 0, pauseMs)
  t.equal(pause.allowed(8), 8, 'two decisions, however often they fail, may be its fault or theirs')
  pause.failed('c', 10, pauseMs)
  t.match(
    { down: pause.isDown, until: pause.untilMs, allowed: pause.allowed(8) },
    { down: true, until: 1_010, allowed: 1 },
  )
  for (const late of ['d', 'e', 'f']) pause.failed(late, 20, pauseMs)
  t.equal(pause.untilMs, 1_010, 'what was under way does not lengthen the pause')
  t.equal(pause.allowed(8), 1)
  pause.failed('a', 1_100, pauseMs)
  t.equal(pause.untilMs, 3_100)
  t.equal(pause.answered(), true)
  t.match({ down: pause.isDown, allowed: pause.allowed(8) }, { down: false, allowed: 8 })
  t.equal(pause.answered(), false, 'it was not down any more')
})
