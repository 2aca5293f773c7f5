/** Source offsets that brokers no longer have: an error that names one, however many partitions it concerns. */
import t from 'tap'
import { MillraceError, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { LostOffsets } from '../../lib/runtime/tasks/lost-offsets.js'
import { embedded } from './embedded.js'
import { until } from './group-rig.js'

const text = { key: string, value: string }

const outOfRange = (topic: string, partition: number, offset: number) =>
  new MillraceError('CLIENT_OFFSET_OUT_OF_RANGE', 'gone', { topic, partition, offset })

/** Partition, offset, ownership, committed offset; and whether it is gone for good. */
type Step = readonly [partition: number, offset: number, number: number, committed: number, isFinal: boolean]

const ROWS: readonly (readonly [name: string, steps: readonly Step[]])[] = [
  [
    'once more under another ownership, from the same committed offset',
    [
      [0, 5, 1, 5, false],
      [0, 5, 2, 5, true],
    ],
  ],
  [
    'told again under the same ownership',
    [
      [0, 5, 1, 5, false],
      [0, 5, 1, 5, false],
      [0, 5, 2, 5, true],
    ],
  ],
  [
    'another member went on',
    [
      [0, 5, 1, 5, false],
      [0, 5, 2, 9, false],
      [0, 9, 3, 9, false],
      [0, 9, 4, 9, true],
    ],
  ],
  [
    'two partitions in turn',
    [
      [0, 5, 1, 5, false],
      [1, 7, 2, 7, false],
      [0, 5, 3, 5, true],
    ],
  ],
  [
    'many partitions, then each once more',
    [
      [0, 5, 1, 5, false],
      [1, 5, 2, 5, false],
      [2, 5, 3, 5, false],
      [2, 5, 4, 5, true],
    ],
  ],
]

t.test('which lost offsets are gone for good', async (t) => {
  for (const [name, steps] of ROWS) {
    const lost = new LostOffsets()
    steps.forEach(([partition, offset, number, committed, isFinal], i) => {
      t.equal(lost.isFinal(outOfRange('in', partition, offset), number, committed), isFinal, `${name}: ${i + 1}`)
    })
  }
})

for (const partitions of [1, 2, 3]) {
  t.test(`the records of ${partitions} partitions were deleted while no instance ran: the next one ends`, async (t) => {
    const world = await embedded(t, { in: partitions, other: partitions })
    const send = (topic: string) =>
      world.send(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, key: 'k', value: 'v' })))
    const life = async () => {
      const builder = new StreamsBuilder()
      builder.stream(['in', 'other'], text).to('out')
      const streams = new Streams(builder.build(), {
        applicationId: 'app',
        broker: world.broker,
        onUncaughtError: 'shutdownInstance',
        log: { debug() {}, info() {}, warn() {}, error() {} },
      })
      t.teardown(() => streams.close({ leaveGroup: true }).catch(() => undefined))
      await streams.start()
      return streams
    }
    await world.admin.createTopics([{ name: 'out', partitions: 1 }])
    const first = await life()
    for (const topic of ['in', 'other']) await send(topic)
    const all = ['in', 'other'].flatMap((topic) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    )
    await until(() => all.every(({ topic, partition }) => (first.committedOffset(topic, partition) ?? 0) >= 1))
    await first.close({ leaveGroup: true })
    for (let i = 0; i < 2; i++) for (const topic of ['in', 'other']) await send(topic)
    await world.admin.deleteRecords(all.map((each) => ({ ...each, offset: 4 })))
    const second = await life()
    const ended = second.finished.then(
      () => null,
      (error: unknown) => error,
    )
    let error: unknown
    void ended.then((found) => {
      error = found
    })
    await until(() => error !== undefined, 5_000)
    t.match(error, { code: 'CLIENT_OFFSET_OUT_OF_RANGE' })
  })
}
