import t from 'tap'
import { EndpointPause } from '../../../../lib/personalization/doors/webhooks/endpoint-pause.js'

const pauseMs = (failures: number) => failures * 1_000

t.test('three decisions that fail make it down; then one attempt at a time, after growing pauses', async (t) => {
  const pause = new EndpointPause()
  t.equal(pause.allowed(0, 8), 8)
  pause.failed('a', 0, 0, pauseMs)
  pause.failed('a', 0, 0, pauseMs)
  pause.failed('a', 0, 0, pauseMs)
  pause.failed('b', 0, 0, pauseMs)
  t.equal(pause.allowed(0, 8), 8, 'two decisions, however often they fail, may be its fault or theirs')
  pause.failed('c', 0, 10, pauseMs)
  t.match(
    { down: pause.isDown, until: pause.untilMs, allowed: pause.allowed(10, 8) },
    { down: true, until: 1_010, allowed: 0 },
  )
  for (const late of ['d', 'e', 'f']) pause.failed(late, 0, 20, pauseMs)
  t.equal(pause.untilMs, 1_010, 'what was under way does not lengthen the pause')
  t.equal(pause.allowed(1_010, 8), 1)
  pause.failed('a', 0, 1_100, pauseMs)
  t.equal(pause.untilMs, 3_100)
  t.equal(pause.answered(), true)
  t.match({ down: pause.isDown, allowed: pause.allowed(1_200, 8) }, { down: false, allowed: 8 })
  t.equal(pause.answered(), false, 'it was not down any more')
})

t.test('a pause that the answer asks for holds everything', async (t) => {
  const pause = new EndpointPause()
  pause.failed('a', 60_000, 0, pauseMs)
  t.match(
    { down: pause.isDown, before: pause.allowed(59_999, 8), later: pause.allowed(60_000, 8) },
    { down: false, before: 0, later: 8 },
  )
  pause.failed('b', 30_000, 10, pauseMs)
  t.equal(pause.untilMs, 60_000, 'the longest counts')
  t.equal(pause.answered(), true)
  t.equal(pause.allowed(100, 8), 8)
})
