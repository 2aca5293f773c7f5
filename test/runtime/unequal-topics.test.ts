/** Topics of one source with different numbers of partitions: the last tasks have none of the smaller topic. */
import t from 'tap'
import { Streams, StreamsBuilder, string } from '../../lib/index.js'
import { embedded } from './embedded.js'

const text = { key: string, value: string }

t.test('a task does not wait for a partition that is not there', async (t) => {
  const world = await embedded(t, { small: 1, large: 3, out: 1 })
  const builder = new StreamsBuilder()
  builder.stream(['small', 'large'], text).to('out')
  const streams = new Streams(builder.build(), { applicationId: 'app', broker: world.broker })
  await streams.start()
  t.same(streams.tasks(), ['0_0', '0_1', '0_2'])
  await world.send([
    { topic: 'small', key: 's', value: '0', partition: 0 },
    ...[0, 1, 2].map((partition) => ({ topic: 'large', key: 'l', value: String(partition), partition })),
  ])
  t.same((await world.until('out', ({ length }) => length >= 4)).sort(), ['l=0', 'l=1', 'l=2', 's=0'])
  await streams.close({ leaveGroup: true })
})
