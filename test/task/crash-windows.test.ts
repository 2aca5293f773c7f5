/** Sliding windows, suppression and cogroup under aborts, commits and restarts at random points. */
import t from 'tap'
import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'
import { hopping, session, sliding, tumbling } from '../../lib/windows/definitions.js'
import { asText, disturbed, randomInputs, undisturbed } from './disturb.js'

const OUTPUTS = ['slid', 'slidClosed', 'final', 'finalSessions', 'joined', 'limited', 'full', 'cogrouped', 'grouped']

/** Caches off, so that outputs do not depend on when a commit happens. */
function topology(): Topology {
  const builder = new StreamsBuilder()
  const input = builder.stream('in', { key: string, value: string })
  const grouped = input.groupByKey()
  const uncached = (name: string) => ({ store: { name, cached: false, value: string } })
  const both = (a: string, b: string | null) => a + b
  const slid = grouped.windowedBy(sliding({ timeDifferenceMs: 12, graceMs: 6 }))
  slid.reduce(both, uncached('slid')).toStream().to('slid')
  slid.emitStrategy('onWindowClose').reduce(both, uncached('slidClosed')).toStream().to('slidClosed')

  const hops = grouped.windowedBy(hopping({ sizeMs: 20, advanceMs: 10, graceMs: 5 })).reduce(both, uncached('hops'))
  hops.suppress(untilWindowCloses(), { name: 'final' }).toStream().to('final')
  grouped
    .windowedBy(session({ gapMs: 6, graceMs: 4 }))
    .reduce(both, uncached('sessions'))
    .suppress(untilWindowCloses())
    .toStream()
    .to('finalSessions')

  const latest = grouped.reduce(both, uncached('latest'))
  const limited = latest.suppress(untilTimeLimit(15))
  limited.toStream().to('limited')
  latest
    .suppress(untilTimeLimit(200, { maxRecords: 2 }))
    .toStream()
    .to('full')
  limited
    .join(latest, { joiner: (held, now) => `${held}/${now}` })
    .toStream()
    .to('joined')

  const low = input.filter((_key, value) => value! < 'n').groupByKey()
  const high = input.filterNot((_key, value) => value! < 'n').groupByKey()
  const cogroup = low
    .cogroup((_key, value, all: string) => `${all}-${value}`)
    .cogroup(high, (_key, value, all) => `${all}+${value}`)
  const initializer = () => ''
  cogroup
    .aggregate({ initializer, ...uncached('all') })
    .toStream()
    .to('grouped')
  cogroup
    .windowedBy(tumbling({ sizeMs: 15, graceMs: 5 }))
    .aggregate({ initializer, ...uncached('cogrouped') })
    .toStream()
    .to('cogrouped')
  return builder.build()
}

for (let seed = 1; seed <= 40; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(`windows/${seed}`)
    const inputs = randomInputs(random)
    const expected = undisturbed(topology(), inputs)
    const { outputs } = disturbed(topology(), inputs, random)
    for (const topic of OUTPUTS) {
      t.ok(asText(expected, topic).length > 0, `${topic} has records`)
      t.same(asText(outputs, topic), asText(expected, topic), topic)
    }
  })
}
