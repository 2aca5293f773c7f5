/** An instance with asynchronous handlers in a process of its own, to be killed: BOOTSTRAP ID STATE-FOLDER. */
import { setTimeout as sleep } from 'node:timers/promises'
import { int64, Streams, StreamsBuilder, string } from '../../lib/index.js'

const [bootstrap = '', id = '', stateDir = ''] = process.argv.slice(2)
const io = { key: string, value: int64 }
const builder = new StreamsBuilder()
const answered = builder.stream(`${id}-in`, io).mapValuesAsync(
  async (value) => {
    await sleep(2 + (value! % 16))
    return value
  },
  { concurrency: 128, order: 'key' },
)
answered.to(`${id}-out`, io)
// A store behind the handlers: what was counted and what was committed must agree after every kill.
answered
  .groupByKey()
  .count({ store: { name: 'counts', cached: false } })
  .toStream()
  .to(`${id}-counts`, io)

const streams = new Streams(builder.build(), {
  applicationId: id,
  brokers: [bootstrap],
  stateDir,
  sessionTimeoutMs: 2_000,
  heartbeatIntervalMs: 200,
})
await streams.start()
process.send?.('running')
await streams.finished
