/** Topics that change while the application runs: what it can continue with is read. What ends it: `topic-ends.test.ts`. */
import t from 'tap'
import { asInt64, embedded } from './embedded.js'
import { type Build, copy, line, rekeyed, start, text } from './watched-topics.js'

for (const offsetReset of ['earliest', 'latest', { byDurationMs: 0 }] as const) {
  t.test(`added partitions are read from their start, offsetReset ${JSON.stringify(offsetReset)}`, async (t) => {
    const world = await embedded(t, { in: 1, out: 1 })
    const streams = await start(t, { build: copy, settings: { offsetReset } }, world)
    await world.send([line(0)])
    await world.until('out', ({ length }) => length >= 1)
    await world.admin.createPartitions('in', 3)
    // At once: before anybody can have found them.
    await world.send([line(1), line(2)])
    t.same((await world.until('out', ({ length }) => length >= 3)).sort(), ['k=0', 'k=1', 'k=2'])
    t.same(streams.tasks(), ['0_0', '0_1', '0_2'])
    t.equal(streams.state, 'running')
  })
}

t.test('two instances find them at different times: every record once', async (t) => {
  const world = await embedded(t, { in: 2, out: 1 })
  const instances = [
    await start(t, { build: copy, settings: { offsetReset: 'latest' } }, world),
    await start(t, { build: copy, settings: { offsetReset: 'latest', topicRefreshIntervalMs: 150 } }, world),
  ]
  let sent = 0
  for (const partitions of [2, 4, 7]) {
    if (partitions > 2) await world.admin.createPartitions('in', partitions)
    for (let i = 0; i < 20; i++) await world.send([line(i % partitions, String(sent++))])
  }
  const out = await world.until('out', ({ length }) => length >= sent)
  t.equal(new Set(out).size, sent)
  t.equal(out.length, sent)
  t.equal(new Set(instances.flatMap((streams) => streams.tasks())).size, 7)
})

t.test('what is read through a repartition topic may grow: that keeps its partitions', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const streams = await start(t, { build: rekeyed }, world)
  await world.send([line(0, 'x')])
  await world.until('out', ({ length }) => length >= 1, asInt64)
  await world.admin.createPartitions('in', 3)
  await world.send([line(1, 'x'), line(2, 'x')])
  t.same(await world.until('out', ({ length }) => length >= 3, asInt64), ['x=1', 'x=2', 'x=3'])
  t.same(streams.tasks(), ['0_0', '0_1', '0_2', '1_0'])
  await streams.close({ leaveGroup: true })
  const again = await start(t, { build: rekeyed }, world)
  await world.send([line(2, 'x')])
  t.equal((await world.until('out', ({ length }) => length >= 4, asInt64)).at(-1), 'x=4', 'and so after a restart')
  t.equal(again.state, 'running')
})

t.test('a global table reads added partitions', async (t) => {
  const world = await embedded(t, { in: 1, rows: 1, out: 1 })
  const build: Build = (b) => {
    const rows = b.globalTable('rows', { ...text, store: { name: 'rows-store' } })
    b.stream('in', text)
      .join(rows, { keySelector: (_k, value) => value, joiner: (_v, row) => row })
      .to('out')
  }
  const streams = await start(t, { build }, world)
  await world.admin.createPartitions('rows', 2)
  await world.send([{ topic: 'rows', key: 'a', value: 'row', partition: 1 }])
  const row = () => streams.queries.keyValue<string, string>('rows-store').get('a')
  for (const deadline = Date.now() + 5_000; (await row()) === null && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await world.send([{ topic: 'in', key: 'k', value: 'a' }])
  t.same(await world.until('out', ({ length }) => length >= 1), ['k=row'])
})

t.test('a topic that a pattern matched vanishes: the others are read on', async (t) => {
  const world = await embedded(t, { 'in-1': 2, 'in-2': 3, out: 1 })
  const streams = await start(t, { build: (b) => b.stream(/in-.*/, text).to('out') }, world)
  await world.send(['in-1', 'in-2'].map((topic) => ({ topic, key: 'k', value: topic })))
  await world.until('out', ({ length }) => length >= 2)
  await world.admin.deleteTopics(['in-2'])
  for (const deadline = Date.now() + 10_000; streams.tasks().length !== 2 && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await world.send([{ topic: 'in-1', key: 'k', value: 'after' }])
  t.same((await world.until('out', ({ length }) => length >= 3)).at(-1), 'k=after')
  t.same(streams.tasks(), ['0_0', '0_1'])
  t.equal(streams.state, 'running')
})

t.test('each change is one line of the log', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const lines: string[] = []
  const note = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`)
  const log = { debug() {}, info: note, warn: note, error: note }
  await start(t, { build: copy, settings: { log } }, world)
  const expect = async (pattern: RegExp) => {
    for (const deadline = Date.now() + 5_000; Date.now() < deadline; ) {
      if (lines.some((text) => pattern.test(text))) break
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await new Promise((resolve) => setTimeout(resolve, 60))
    t.equal(lines.filter((text) => pattern.test(text)).length, 1, String(pattern))
  }
  await world.admin.createPartitions('in', 2)
  await expect(/partitions were added .*"in","role":"source","before":1,"now":2/)
  await world.admin.createPartitions('out', 3)
  await expect(/partitions were added .*"out","role":"sink","before":1,"now":3/)
  await world.admin.deleteTopics(['out'])
  await expect(/topic out was deleted .*"out","role":"sink","before":3,"now":0/)
  await world.admin.createTopics([{ name: 'out', partitions: 2 }])
  await expect(/topic out was deleted and created again .*"out","role":"sink","before":0,"now":2/)
})
