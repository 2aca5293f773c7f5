/** The two sides of the takeover test: one topology on Kafka Streams and on Millrace, each until told to stop. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  describe,
  int64,
  Streams,
  StreamsBuilder,
  session,
  sessionWindowed,
  string,
  timeWindowed,
  tumbling,
} from '../../lib/index.js'
import { streamsProgram } from '../../verify/kafka/java-program.js'

const START_MS = 60_000
const text = { key: string, value: string }

/** Runs until its `stop`, which leaves the group empty. */
export interface Side {
  readonly description: string
  stop(): Promise<void>
}

export function topology(prefix: string) {
  const builder = new StreamsBuilder()
  const clicks = builder.stream(`${prefix}clicks`, text)
  clicks.groupByKey().count().toStream().to(`${prefix}counted`, { key: string, value: int64 })
  clicks
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 500, graceMs: 300 }))
    .count()
    .toStream()
    .to(`${prefix}tumbled`, { key: timeWindowed(string, 500), value: int64 })
  clicks
    .groupByKey()
    .windowedBy(session({ gapMs: 90, graceMs: 300 }))
    .count()
    .toStream()
    .to(`${prefix}sessions`, { key: sessionWindowed(string), value: int64 })
  const names = builder.table(`${prefix}names`, text)
  const towns = builder.table(`${prefix}towns`, text)
  names
    .leftJoin(towns, { joiner: (name, town) => `${name}@${town}` })
    .toStream()
    .to(`${prefix}people`, text)
  const orders = builder.table(`${prefix}orders`, text)
  orders
    .join(names, {
      foreignKey: (order) => order.slice(order.indexOf('|') + 1),
      joiner: (order, name) => `${order}/${name}`,
    })
    .toStream()
    .to(`${prefix}ordered`, text)
  clicks
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 500, graceMs: 300 }))
    .emitStrategy('onWindowClose')
    .count()
    .toStream()
    .to(`${prefix}closed`, { key: timeWindowed(string, 500), value: int64 })
  clicks
    .groupByKey()
    .windowedBy(session({ gapMs: 90, graceMs: 300 }))
    .emitStrategy('onWindowClose')
    .count()
    .toStream()
    .to(`${prefix}ended`, { key: sessionWindowed(string), value: int64 })
  return builder.build()
}

export async function millrace(bootstrap: string, id: string, prefix: string): Promise<Side> {
  const built = topology(prefix)
  const streams = new Streams(built, {
    applicationId: id,
    brokers: [bootstrap],
    cacheMaxBytes: 0,
    sessionTimeoutMs: 6_000,
  })
  await streams.start()
  return { description: describe(built), stop: async () => void (await streams.close({ leaveGroup: true })) }
}

/** @throws KAFKA_UNAVAILABLE without a JDK or Maven */
export async function kafkaStreams(bootstrap: string, id: string, prefix: string): Promise<Side> {
  const source = fileURLToPath(new URL('./java/TakeOver.java', import.meta.url))
  const { args } = await streamsProgram(source, 'TakeOver')
  const folder = await mkdtemp(join(tmpdir(), 'millrace-takeover-'))
  const child = spawn('java', [...args, bootstrap, id, prefix, folder], { stdio: ['pipe', 'pipe', 'pipe'] })
  let [said, complained] = ['', '']
  child.stderr.on('data', (bytes) => {
    complained = `${complained}${bytes}`.slice(-4_000)
  })
  const exited = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (bytes) => {
      said += String(bytes)
      if (said.endsWith('ready\n')) resolve()
    })
  })
  const late = new Promise<number>((resolve) => setTimeout(resolve, START_MS, -1).unref())
  const code = await Promise.race([ready, exited, late])
  if (code !== undefined) throw new Error(`Kafka Streams did not start (${code}): ${complained}`)
  return {
    description: said.slice(0, said.indexOf('ready')).trimEnd(),
    async stop() {
      child.stdin.end()
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
