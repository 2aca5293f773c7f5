/** Static members that come back with another topology: the group keeps the old assignment until its leader sees that. */
import t from 'tap'
import { Streams, StreamsBuilder, string } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { embedded } from './embedded.js'

const text = { key: string, value: string }

function topology(topics: readonly (string | RegExp)[]) {
  const builder = new StreamsBuilder()
  for (const topic of topics) builder.stream(topic, text).to('out')
  return builder.build()
}

async function until(enough: () => boolean) {
  for (const deadline = Date.now() + 10_000; !enough() && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

t.test('one member, with a sub-topology more', async (t) => {
  const world = await embedded(t, { a: 2, b: 3, out: 1 })
  const engines = new MemoryEngines()
  for (const [topics, expected] of [
    [['a'], ['0_0', '0_1']],
    [
      ['a', 'b'],
      ['0_0', '0_1', '1_0', '1_1', '1_2'],
    ],
    [['b'], ['0_0', '0_1', '0_2']],
  ] as const) {
    const streams = new Streams(topology(topics), { applicationId: 'app', broker: world.broker, engines })
    await streams.start()
    await until(() => streams.tasks().length === expected.length)
    t.same(streams.tasks(), expected)
    await streams.close()
  }
})

t.test('one member, and topics that came to match meanwhile', async (t) => {
  const world = await embedded(t, { 'in-1': 1, out: 1 })
  const engines = new MemoryEngines()
  const start = async () => {
    const streams = new Streams(topology([/in-.*/]), { applicationId: 'app', broker: world.broker, engines })
    await streams.start()
    return streams
  }
  await (await start()).close()
  await world.admin.createTopics([{ name: 'in-2', partitions: 2 }])
  const streams = await start()
  await until(() => streams.tasks().length === 2)
  t.same(streams.tasks(), ['0_0', '0_1'])
  await streams.close({ leaveGroup: true })
})

t.test('two members, one after the other', async (t) => {
  const world = await embedded(t, { a: 2, b: 2, out: 1 })
  const engines = [new MemoryEngines(), new MemoryEngines()]
  const start = async (i: number, topics: string[]) => {
    const settings = { applicationId: 'app', broker: world.broker, engines: engines[i]! }
    const streams = new Streams(topology(topics), settings)
    await streams.start()
    return streams
  }
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const members = [await start(0, ['a']), await start(1, ['a'])]
    const tasks = () => members.flatMap((member) => member.tasks()).sort()
    await until(() => tasks().length === 2)
    for (const i of order) {
      await members[i]!.close()
      members[i] = await start(i, ['a', 'b'])
    }
    await until(() => tasks().length === 4)
    t.same(tasks(), ['0_0', '0_1', '1_0', '1_1'], `first ${order[0]}`)
    for (const member of members) await member.close({ leaveGroup: true })
  }
})
