/** Foreign-key joins: bytes captured from Kafka Streams 4.3.1, and results against a join recomputed from both tables. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { bytes, string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import type { Topology } from '../../lib/topology/topology.js'

type Join = 'inner' | 'left'

const text = { key: string, value: string }

/** The foreign key is the value's first letter; an empty value has none. */
function topology(join: Join): Topology {
  const builder = new StreamsBuilder()
  const left = builder.table('left', text)
  const right = builder.table('right', text)
  const options = {
    foreignKey: (value: string) => (value === '' ? null : value.slice(0, 1)),
    joiner: (l: string, r: string | null) => `${l}${r}`,
    store: { name: 'joined' },
  }
  const joined = join === 'inner' ? left.join(right, options) : left.leftJoin(right, options)
  joined.toStream().to('out')
  return builder.build()
}

const CAPTURED: readonly (readonly [topic: string, key: string, value: string | null, timestampMs: number])[] = [
  ['left', 'k1', 'a-first', 10],
  ['right', 'a', 'A', 20],
  ['left', 'k2', 'a-second', 5],
  ['left', 'k1', 'b-third', 30],
  ['right', 'b', 'B', 7],
  ['left', 'k2', null, 40],
  ['left', 'k1', '', 41],
  ['left', 'k1', 'a-x', 42],
  ['right', 'a', null, 43],
  ['left', 'k3', '', 44],
]

function hex(part: Buffer | null): string {
  return part === null ? '-' : part.toString('hex')
}

for (const join of ['inner', 'left'] as const) {
  t.test(`${join}: internal topics hold Kafka Streams' bytes`, async (t) => {
    const wanted = readFileSync(new URL('fixtures/foreign-key-bytes.txt', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`${join} `))
    const driver = new TopologyTestDriver(topology(join), { applicationId: 'app', cacheBytes: 0 })
    const got: string[] = []
    for (const [index, [topic, key, value, timestampMs]] of CAPTURED.entries()) {
      driver.createInputTopic(topic, string, string).pipe(key, value, timestampMs)
      for (const name of driver.producedTopics().sort()) {
        if (!/REGIST|RESPONSE|STATE-STORE/.test(name)) continue
        for (const record of driver.createOutputTopic(name, bytes, bytes).readAll()) {
          got.push(`${join} ${index + 1} ${name} ${hex(record.key)} ${hex(record.value)} ${record.timestamp}`)
        }
      }
    }
    t.same(got, wanted)
  })
}

/** An empty value on the right looks like none to the left, in Kafka Streams too: responses do not tell them apart. */
function randomValue(random: Random, side: string): string | null {
  if (random.int(5) === 0) return null
  return side === 'left' && random.int(6) === 0 ? '' : `${'abc'[random.int(3)]}${random.int(3)}`
}

for (let seed = 1; seed <= 20; seed++) {
  for (const join of ['inner', 'left'] as const) {
    t.test(`${join}, seed ${seed}: the table is always the join of both`, async (t) => {
      const random = seededRandom(seed)
      const driver = new TopologyTestDriver(topology(join), { cacheBytes: random.int(2) * 100_000 })
      const out = driver.createOutputTopic('out', string, string)
      const left = new Map<string, string>()
      const right = new Map<string, string>()
      const table = new Map<string, string>()
      for (let step = 0; step < 150; step++) {
        const side = random.int(3) === 0 ? 'right' : 'left'
        const key = side === 'right' ? 'abc'[random.int(3)]! : `k${random.int(6)}`
        const value = randomValue(random, side)
        driver.createInputTopic(side, string, string).pipe(key, value, random.int(1000))
        const rows = side === 'left' ? left : right
        if (value === null) rows.delete(key)
        else rows.set(key, value)
        for (const record of out.readAll()) {
          if (record.value === null) table.delete(record.key!)
          else table.set(record.key!, record.value)
        }
        const wanted = new Map<string, string>()
        for (const [k, l] of left) {
          const r = l === '' ? undefined : right.get(l[0]!)
          if (r !== undefined || join === 'left') wanted.set(k, `${l}${r ?? null}`)
        }
        t.same(new Map([...table].sort()), new Map([...wanted].sort()), `step ${step}`)
      }
    })
  }
}
