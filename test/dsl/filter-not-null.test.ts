/** `filterNotNull`: tombstones of a topic and deletes of a table are dropped, everything else goes on as it came. */
import t from 'tap'
import { describe, int64, StreamsBuilder, string } from '../../lib/index.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'

const text = { key: string, value: string }

t.test('tombstones of a topic', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .filterNotNull()
    .mapValues((value) => value.toUpperCase())
    .to('out')
  const driver = new TopologyTestDriver(builder.build())
  const input = driver.createInputTopic('in', string, string)
  input.pipe('a', 'x', 1)
  input.pipe('a', null, 2)
  input.pipe(null as never, 'y', 3)
  input.pipe('b', '', 4)
  t.match(driver.createOutputTopic('out', string, string).readAll(), [
    { key: 'a', value: 'X', timestamp: 1 },
    { key: null, value: 'Y', timestamp: 3 },
    { key: 'b', value: '', timestamp: 4 },
  ])
  t.same(driver.droppedRecords(), [], 'what a filter leaves out is not counted as dropped')
})

t.test('deletes of a table, and what is no delete though JavaScript takes it for false', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .table('in', { key: string, value: int64 })
    .filter((_key, value) => value < 5)
    .toStream()
    .filterNotNull()
    .mapValues((value) => value + 1)
    .to('out')
  const driver = new TopologyTestDriver(builder.build())
  const input = driver.createInputTopic('in', string, int64)
  input.pipe('a', 0, 1)
  input.pipe('a', 9, 2)
  input.pipe('b', 1, 3)
  input.pipe('b', null, 4)
  t.match(driver.createOutputTopic('out', string, int64).readAll(), [
    { key: 'a', value: 1 },
    { key: 'b', value: 2 },
  ])
})

t.test('it is a filter, under a name of its own where one is given', async (t) => {
  const builder = new StreamsBuilder()
  builder.stream('in', text).filterNotNull().filterNotNull({ name: 'values' }).to('out')
  t.match(describe(builder.build()), /Processor: KSTREAM-FILTER-0000000001(.|\n)*Processor: values/)
})
