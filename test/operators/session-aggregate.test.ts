/** Sessions on seeded random input against merged lists of times. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import { sessionWindowed } from '../../lib/serde/windowed.js'
import { session } from '../../lib/windows/definitions.js'
import { io, randomEvents, runEach, SEEDS } from './random-events.js'

for (const seed of SEEDS) {
  t.test(`sessionAggregate, seed ${seed}`, async (t) => {
    const [gap, grace] = [9, 8]
    const builder = new StreamsBuilder()
    builder
      .stream('in', io)
      .groupByKey()
      .windowedBy(session({ gapMs: gap, graceMs: grace }))
      .count()
      .toStream()
      .to('out')
    let sessions: { key: string; times: number[] }[] = []
    let streamTime = -1
    let late = 0
    const start = ({ times }: { times: number[] }) => Math.min(...times)
    const end = ({ times }: { times: number[] }) => Math.max(...times)
    const key = (each: { key: string; times: number[] }) => ({
      key: each.key,
      window: { startMs: start(each), endMs: end(each) },
    })
    const events = randomEvents(seededRandom(seed), ['in'], true)
    const driver = runEach(builder, events, sessionWindowed(string) as never, (event, out) => {
      streamTime = Math.max(streamTime, event.ts)
      const closed = streamTime - gap - grace
      const touched = sessions
        .filter((each) => each.key === event.key && end(each) >= closed)
        .filter((each) => end(each) >= event.ts - gap && start(each) <= event.ts + gap)
        .sort((a, b) => end(a) - end(b) || start(a) - start(b))
      const merged = { key: event.key, times: [event.ts, ...touched.flatMap(({ times }) => times)] }
      if (end(merged) < closed) {
        late++
        t.same(out, [])
        return
      }
      sessions = [...sessions.filter((each) => !touched.includes(each)), merged]
      const replaced = start(merged) === end(merged) ? [] : touched
      const expected = [
        ...replaced.map((each) => ({ key: key(each), value: null, timestamp: end(each) })),
        { key: key(merged), value: merged.times.length, timestamp: end(merged) },
      ]
      t.match(out, expected)
      t.equal(out.length, expected.length)
    })
    t.equal(driver.droppedRecords().length, late)
  })
}
