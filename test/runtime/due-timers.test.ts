/** Timers that fall due while no timer may fire: the loop waits for what it waits for, and does not turn on the spot. */
import t from 'tap'
import { Streams, StreamsBuilder, type Topology } from '../../lib/index.js'
import type { ProcessorContext } from '../../lib/topology/processor.js'
import { embedded } from './embedded.js'
import { Gate, heldTransport, text, until } from './group-rig.js'

const END_TXN = 26
const INTERVAL_MS = 5

/** A wall-clock punctuation in front of a handler that waits at `gate`. */
function punctuating(gate: Gate, fired: () => void): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .process<string, string | null>(() => {
      let context: ProcessorContext<string, string | null>
      return {
        init(given: ProcessorContext<string, string | null>) {
          context = given
          context.schedule(INTERVAL_MS, 'wallClockTime', fired)
        },
        process: (record) => context.forward(record),
      }
    })
    .mapValuesAsync(async (value) => {
      await gate.pass()
      return value
    })
    .to('out', text)
  return builder.build()
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

t.test('while a close waits for the last commit', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const answers = new Gate()
  const transport = heldTransport(world.broker, {
    after: async ({ apiKey }) => {
      if (apiKey === END_TXN) await answers.pass()
    },
  })
  let calls = 0
  const topology = punctuating(new Gate(), () => calls++)
  const streams = new Streams(topology, { applicationId: 'app', broker: world.broker, transport })
  await streams.start()
  answers.shut()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await until(() => answers.waiting === 1)
  const closing = streams.close({ leaveGroup: true })
  await pause(10 * INTERVAL_MS)
  answers.release()
  t.same(await closing, { uncommitted: [] })
  t.ok(calls > 0)
})

t.test('while a commit waits for asynchronous handlers', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const handlers = new Gate()
  let calls = 0
  const topology = punctuating(handlers, () => calls++)
  const settings = { applicationId: 'app', broker: world.broker, commitIntervalMs: 10, commitLatencyMs: 10 }
  const streams = new Streams(topology, settings)
  t.teardown(() => streams.close({ leaveGroup: true }))
  await streams.start()
  handlers.shut()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await until(() => handlers.waiting === 1)
  await pause(20 * INTERVAL_MS)
  handlers.release()
  t.same(await world.until('out', (rows) => rows.length > 0), ['k=v'])
  const before = calls
  t.ok(await until(() => calls > before), 'they fire again')
})
