/** Aborts, commits and restarts at random points: what was committed equals an undisturbed run, record by record. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'
import { hopping, session, tumbling } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'
import { asText, disturbed, randomInputs, undisturbed } from './disturb.js'

/** Every kind of state at once; caches off, so that outputs do not depend on when a commit happens. */
function topology(): Topology {
  const builder = new StreamsBuilder()
  const input = builder.stream('in', { key: string, value: string })
  const grouped = input.groupByKey()
  const uncached = { cached: false } as const
  grouped
    .count({ store: { name: 'all', ...uncached } })
    .toStream()
    .to('counts', { value: int64 })
  grouped
    .windowedBy(hopping({ sizeMs: 20, advanceMs: 10, graceMs: 5 }))
    .count({ store: { name: 'hops', ...uncached } })
    .toStream()
    .to('hops', { value: int64 })
  grouped
    .windowedBy(tumbling({ sizeMs: 15, graceMs: 5 }))
    .emitStrategy('onWindowClose')
    .reduce((a, b) => a + b, { store: { name: 'closed', ...uncached } })
    .toStream()
    .to('closed')
  grouped
    .windowedBy(session({ gapMs: 6, graceMs: 4 }))
    .reduce((a, b) => a + b, { store: { name: 'sessions', ...uncached } })
    .toStream()
    .to('sessions')
  const left = input.filter((_key, value) => value! < 'n')
  const right = input.filterNot((_key, value) => value! < 'n')
  const joiner = (one: string | null, two: string | null) => `${one}${two}`
  left.outerJoin(right, { window: joinWindow({ beforeMs: 8, afterMs: 12, graceMs: 5 }), joiner }).to('pairs', {
    value: string,
  })
  const rows = right.toTable({ store: { name: 'versions', versioned: { historyRetentionMs: 40 } } })
  rows.toStream().to('rows')
  left.leftJoin(rows, { joiner, graceMs: 10 }).to('waited')
  return builder.build()
}

for (let seed = 1; seed <= 40; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(seed)
    const inputs = randomInputs(random)
    const expected = undisturbed(topology(), inputs)
    const { outputs, restarts, aborts } = disturbed(topology(), inputs, random)
    t.ok(restarts + aborts > 0, 'something was disturbed')
    for (const topic of ['counts', 'hops', 'closed', 'sessions', 'pairs', 'rows', 'waited']) {
      t.ok(asText(expected, topic).length > 0, `${topic} has results`)
      t.same(asText(outputs, topic), asText(expected, topic), topic)
    }
  })
}
