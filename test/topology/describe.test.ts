/** `describe` prints what Kafka Streams 4.3.1 prints, names and numbers included. */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { describe } from '../../lib/topology/describe.js'
import { goldenTopologies } from './golden-topologies.js'

const fixtures = new URL('fixtures/', import.meta.url)

for (const [name, build] of Object.entries(goldenTopologies)) {
  t.test(name, async (t) => {
    t.equal(describe(build()), readFileSync(new URL(`${name}.txt`, fixtures), 'utf8'))
  })
}

t.test('every captured text has its topology', async (t) => {
  const captured = readdirSync(fixtures).map((file) => file.replace(/\.txt$/, ''))
  t.same(captured.sort(), Object.keys(goldenTopologies).sort())
})
