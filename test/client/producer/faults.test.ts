/** Requests and answers of the producer are lost at random: nothing acknowledged is lost, nothing is doubled, nothing reordered. */
import t from 'tap'
import { MillraceError } from '../../../lib/errors.js'
import {
  Admin,
  connect,
  embeddedBroker,
  int32,
  Producer,
  readAll,
  seededRandom,
  string,
  topic,
} from '../../../lib/index.js'
import { produceApi } from '../../../lib/protocol/index.js'
import type { Transport, WireRequest } from '../../../lib/transport/transport.js'
import { heldTransport } from '../../runtime/group-rig.js'
import { turningClock } from '../turning-clock.js'

const numbers = topic('numbers', { key: string, value: int32 })
const RECORDS = 300
const KEYS = 7
const lost = () => new MillraceError('TRANSPORT_CLOSED', 'lost', { retriable: true })

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

interface Fault {
  readonly what: string
  /** Share of requests that never arrive, and of answers that are lost. */
  readonly request: number
  readonly answer: number
  /** Share of requests that are given up and arrive later nevertheless. */
  readonly late?: number
  readonly batchBytes: number
  readonly bufferBytes?: number
  readonly deliveryTimeoutMs?: number
}

const FAULTS: readonly Fault[] = [
  { what: 'no fault', request: 0, answer: 0, batchBytes: 200 },
  { what: 'lost requests', request: 0.3, answer: 0, batchBytes: 200 },
  { what: 'lost answers', request: 0, answer: 0.3, batchBytes: 200 },
  { what: 'both', request: 0.3, answer: 0.3, batchBytes: 100 },
  { what: 'late requests', request: 0, answer: 0.1, late: 0.3, batchBytes: 100 },
  { what: 'late requests, little time', request: 0.2, answer: 0.2, late: 0.4, batchBytes: 100, deliveryTimeoutMs: 400 },
  { what: 'both, little room', request: 0.2, answer: 0.2, batchBytes: 300, bufferBytes: 500 },
  { what: 'little time: some fail', request: 0.6, answer: 0.3, batchBytes: 150, deliveryTimeoutMs: 400 },
  { what: 'hardly any time: most fail', request: 0.7, answer: 0.6, batchBytes: 150, deliveryTimeoutMs: 150 },
]

for (const { what, request, answer, late = 0, ...limits } of FAULTS) {
  for (const seed of [1, 2]) {
    t.test(`${what}, seed ${seed}`, { timeout: 120_000 }, async (t) => {
      const random = seededRandom(seed)
      const broker = await embeddedBroker({ folder: null })
      t.teardown(() => broker.close())
      const calm = connect({ broker })
      t.teardown(() => calm.close())
      await new Admin(calm).createTopics([{ name: 'numbers', partitions: 3 }])
      const at = async (share: number, { apiKey }: WireRequest) => {
        await new Promise((resolve) => setImmediate(resolve))
        if (apiKey === produceApi.key && random.next() < share) throw lost()
      }
      const held = heldTransport(broker, { before: (r) => at(request, r), after: (r) => at(answer, r) })
      const transport = () => {
        const inner = held()
        const send: Transport['send'] = (address, lane, wire) => {
          if (wire.apiKey !== produceApi.key || random.next() >= late) return inner.send(address, lane, wire)
          turns(random.int(200))
            .then(() => inner.send(address, lane, wire))
            .catch(() => undefined)
          return Promise.reject(lost())
        }
        return { send, close: () => inner.close() }
      }
      const cluster = connect({ broker, transport, clock: turningClock(), random: seededRandom(seed) })
      t.teardown(() => cluster.close())
      const producer = new Producer({ cluster, ...limits })
      const codes = new Set<string>()
      const sends: Promise<{ readonly value: number; readonly offset: number | null; readonly partition: number }>[] =
        []
      for (let i = 0; i < RECORDS; i++) {
        const sent = producer.send(numbers, { key: `k${i % KEYS}`, value: i })
        sends.push(
          sent.then(
            ({ offset, partition }) => ({ value: i, offset, partition }),
            (error) => {
              codes.add(error.code)
              return { value: i, offset: null, partition: -1 }
            },
          ),
        )
        if (random.next() < 0.1) await new Promise((resolve) => setImmediate(resolve))
      }
      await producer.flush()
      const told = await Promise.all(sends)
      await producer.close()
      const stored = (await readAll({ cluster: calm, topic: 'numbers' })).map(({ value, offset, partition }) => ({
        value: value!.readInt32BE(),
        offset,
        partition,
      }))
      const values = stored.map(({ value }) => value)
      t.equal(new Set(values).size, values.length, 'none twice')
      const acknowledged = told.filter(({ offset }) => offset !== null)
      const places = new Map(stored.map(({ value, ...place }) => [value, place]))
      t.same(
        acknowledged.filter(({ value, partition }) => places.get(value)?.partition !== partition),
        [],
        'all that is acknowledged is there',
      )
      t.same(
        acknowledged.filter(({ value, offset }) => offset !== -1 && places.get(value)?.offset !== offset),
        [],
        'where it was said to be',
      )
      for (const partition of [0, 1, 2]) {
        const found = stored.filter((row) => row.partition === partition).map(({ value }) => value)
        t.same(
          found,
          [...found].sort((a, b) => a - b),
          `partition ${partition} is in order`,
        )
      }
      t.same([...codes], limits.deliveryTimeoutMs === undefined ? [] : ['CLIENT_DELIVERY_TIMEOUT'])
      if (limits.deliveryTimeoutMs === undefined) t.equal(acknowledged.length, RECORDS)
      else t.ok(acknowledged.length < RECORDS, `${acknowledged.length} of ${RECORDS} in time`)
    })
  }
}
