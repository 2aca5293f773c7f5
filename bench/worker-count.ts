/** Our side of `count` and `latency`: groupByKey, count, to. Arguments as those of `java/Count.java`. */

import { runCommand } from '../lib/cli/command.js'
import { StreamsBuilder } from '../lib/dsl/streams-builder.js'
import { systemClock } from '../lib/record/clock.js'
import { bytes, int64, string } from '../lib/serde/primitive.js'
import { Streams } from '../lib/streams.js'

/** `-` for the commit interval takes the engine's own defaults, as `default` for Java is said by its number. */
async function main(): Promise<number> {
  const [bootstrap, input, output, applicationId, stateDir, interval] = process.argv.slice(2) as string[]
  const builder = new StreamsBuilder()
  builder
    .stream(input!, { key: string, value: bytes })
    .groupByKey()
    .count()
    .toStream()
    .to(output!, { key: string, value: int64 })
  const streams = new Streams(builder.build(), {
    applicationId: applicationId!,
    brokers: [bootstrap!],
    stateDir: stateDir!,
    ...(interval === '-' ? {} : { commitIntervalMs: Number(interval), commitLatencyMs: Number(interval) }),
  })
  streams.onStateChange((state) => {
    if (state === 'running') process.stdout.write(`ready ${systemClock.now()}\n`)
  })
  const asked = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve)
    process.stdin.resume()
  })
  try {
    await streams.start()
    await Promise.race([asked, streams.finished])
    await streams.close({ leaveGroup: true })
  } finally {
    // An open standard input would keep a failed instance's process alive.
    process.stdin.destroy()
  }
  return 0
}

await runCommand(main)
