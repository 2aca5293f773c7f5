/** A foreign-key join over several partitions: through restarts, a lost disk, and an old disk found again. */
import t from 'tap'
import { Streams, StreamsBuilder, seededRandom, string } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { embedded } from './embedded.js'

const text = { key: string, value: string }

function topology() {
  const builder = new StreamsBuilder()
  const left = builder.table('orders', text)
  const right = builder.table('products', text)
  left
    .leftJoin(right, {
      foreignKey: (order) => order.split('|')[1] ?? null,
      joiner: (order, product) => `${order}=${product}`,
      store: { name: 'joined', cached: false },
    })
    .toStream()
    .to('out')
  return builder.build()
}

t.test('the result is the join of both tables after every life', async (t) => {
  const world = await embedded(t, { orders: 3, products: 2, out: 1 })
  const kept = new MemoryEngines()
  const random = seededRandom(7)
  const orders = new Map<string, string>()
  const products = new Map<string, string>()
  for (const engines of [kept, kept, new MemoryEngines(), kept]) {
    const lines = Array.from({ length: 60 }, () => {
      const isOrder = random.int(3) > 0
      const key = isOrder ? `o${random.int(12)}` : `p${random.int(5)}`
      const made = isOrder ? `q${random.int(9)}|p${random.int(6)}` : `name${random.int(9)}`
      const value = random.int(5) === 0 ? null : made
      const table = isOrder ? orders : products
      if (value === null) table.delete(key)
      else table.set(key, value)
      return { topic: isOrder ? 'orders' : 'products', key, value }
    })
    const expected = () =>
      [...orders].map(([key, order]) => `${key}=${order}=${products.get(order.split('|')[1]!) ?? null}`).sort()
    const settings = { applicationId: 'app', broker: world.broker, engines, cacheMaxBytes: 0 }
    const streams = new Streams(topology(), settings)
    await streams.start()
    await world.send(lines)
    const joined = async () => {
      const found: string[] = []
      for await (const { key, value } of streams.queries.keyValue<string, string>('joined').all()) {
        found.push(`${key}=${value}`)
      }
      return found.sort()
    }
    for (let i = 0; i < 1000 && `${await joined()}` !== `${expected()}`; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    t.same(await joined(), expected())
    await streams.close({ leaveGroup: true })
  }
  const last = new Map((await world.committed('out')).map((line) => [line.slice(0, line.indexOf('=')), line]))
  const rows = [...last.values()].filter((line) => !line.endsWith('=null') || line.split('=').length > 2)
  t.equal(rows.length, orders.size)
})
