/** One run of `replay` in a process of its own: argument 1 is a {@link ReplayRunOptions} as JSON, the last line a {@link ReplayRun}. */

import { join } from 'node:path'
import { runCommand } from '../lib/cli/command.js'
import { readTopic } from '../lib/client/reader.js'
import { type Connection, embeddedBroker } from '../lib/index.js'
import { NO_INJECTION } from '../lib/personalization/input/inject.js'
import { fileInput, type LoaderInput, simulatorInput } from '../lib/personalization/input/loader/input-files.js'
import { PersonalizationService } from '../lib/personalization/service.js'
import { systemClock } from '../lib/record/clock.js'
import { loopbackTransport } from '../lib/transport/loopback.js'
import { platformaticTransport } from '../lib/transport/platformatic.js'
import { CountedTransport, type Produced } from './counted-transport.js'
import { round } from './statistics.js'

export interface ReplayRunOptions {
  /** Null: the broker embedded in the service. */
  readonly bootstrap: string | null
  readonly folder: string
  /** Application id and topic prefix. */
  readonly name: string
  readonly partitions: number
  /** Null: the simulated shop. */
  readonly file: { readonly path: string; readonly format: string } | null
  readonly seed: string
}

export interface ReplayRun {
  readonly events: number
  readonly users: number
  readonly decisions: number
  readonly decisionIdsSha256: string
  readonly recordsPerSecond: number
  readonly cpuSecondsPerMillion: number
  readonly peakRssMb: number
  /** Transactions of the tasks. */
  readonly commits: number
  readonly changelogRecordsPerEvent: number
  /** Bytes of record batches, as they are produced. */
  readonly changelogBytesPerEvent: number
  /** Keys and values that the changelogs hold at the end. */
  readonly stateBytesPerUser: number
  readonly changelogs: Readonly<Record<string, Produced>>
}

const CLIENT_ID = 'bench-replay'
const CHANGELOG = '-changelog'

async function main(): Promise<number> {
  const options = JSON.parse(process.argv[2]!) as ReplayRunOptions
  const { bootstrap, folder, name } = options
  const broker = bootstrap === null ? await embeddedBroker({ folder: join(folder, name, 'broker') }) : null
  const clock = systemClock
  const counted: CountedTransport[] = []
  const transport = () => {
    const inner =
      broker === null
        ? platformaticTransport({ clock, clientId: CLIENT_ID })
        : loopbackTransport({ clock, clientId: CLIENT_ID, connect: () => broker.connection() })
    counted.push(new CountedTransport(inner))
    return counted.at(-1)!
  }
  try {
    const connection = { ...(broker === null ? { brokers: [bootstrap!] } : { broker }), transport }
    const run = await replay(connection, options, counted)
    process.stdout.write(`${JSON.stringify(run)}\n`)
  } finally {
    await broker?.close()
  }
  return 0
}

async function replay(
  connection: Connection,
  options: ReplayRunOptions,
  counted: readonly CountedTransport[],
): Promise<ReplayRun> {
  const service = await open(connection, options)
  try {
    await service.start()
    const startMs = systemClock.monotonicMs()
    const startCpu = process.cpuUsage()
    await service.inputDone()
    const { user, system } = process.cpuUsage(startCpu)
    const seconds = (systemClock.monotonicMs() - startMs) / 1_000
    const peakRssMb = (process.resourceUsage().maxRSS * 1024) / 1e6
    await service.stop({ leaveGroup: true })
    const { events, distinctDecisionIds, decisionIdsSha256 } = await service.summary()
    const { topics } = service
    const users = await usersOf(connection, topics.activity)
    const changelogs = changelogsOf(counted, options.name)
    const total = sum(Object.values(changelogs))
    return {
      events,
      users,
      decisions: distinctDecisionIds,
      decisionIdsSha256,
      recordsPerSecond: round(events / seconds, 0),
      cpuSecondsPerMillion: round((user + system) / events, 1),
      peakRssMb: round(peakRssMb, 0),
      commits: commitsOf(counted, topics.loader),
      changelogRecordsPerEvent: round(total.records / events, 2),
      changelogBytesPerEvent: round(total.bytes / events, 1),
      stateBytesPerUser: round((await stateBytes(connection, options.name, Object.keys(changelogs))) / users, 0),
      changelogs,
    }
  } finally {
    await service.close()
  }
}

async function open(connection: Connection, options: ReplayRunOptions): Promise<PersonalizationService> {
  const { folder, name, partitions } = options
  return PersonalizationService.open({
    connection,
    applicationId: name,
    topicPrefix: `${name}-`,
    partitions,
    stateDir: join(folder, name, 'tasks'),
    registry: null,
    input: await inputOf(options),
    speed: 'max',
    instanceId: name,
  })
}

async function inputOf({ file, seed }: ReplayRunOptions): Promise<LoaderInput> {
  const sequence = { inject: NO_INJECTION, seed }
  return file === null ? simulatorInput(sequence) : fileInput(file.path, file.format, sequence)
}

/** Store → what was written to its changelog. */
function changelogsOf(counted: readonly CountedTransport[], applicationId: string): Record<string, Produced> {
  const changelogs: Record<string, Produced> = {}
  for (const { produced } of counted) {
    for (const [topic, { records, bytes }] of produced) {
      if (!topic.startsWith(`${applicationId}-`) || !topic.endsWith(CHANGELOG)) continue
      const store = topic.slice(applicationId.length + 1, -CHANGELOG.length)
      const before = changelogs[store] ?? { records: 0, bytes: 0 }
      changelogs[store] = { records: before.records + records, bytes: before.bytes + bytes }
    }
  }
  return changelogs
}

function sum(produced: readonly Produced[]): Produced {
  const total = { records: 0, bytes: 0 }
  for (const { records, bytes } of produced) {
    total.records += records
    total.bytes += bytes
  }
  return total
}

/** The loader's transactions are named after its topic. */
function commitsOf(counted: readonly CountedTransport[], loader: string): number {
  let commits = 0
  for (const { transactions } of counted)
    for (const [id, count] of transactions) if (!id.startsWith(loader)) commits += count
  return commits
}

/** The last record of each partition says that the input has ended, and is no user's. */
async function usersOf(connection: Connection, topic: string): Promise<number> {
  const keys = new Set<string>()
  const ends = new Map<number, string>()
  for await (const { partition, records } of readTopic(connection, topic, { until: 'now' })) {
    for (const { key } of records) keys.add(String(key))
    if (records.length > 0) ends.set(partition, String(records.at(-1)!.key))
  }
  return keys.size - ends.size
}

/** What a task that restores these stores would hold. */
async function stateBytes(connection: Connection, applicationId: string, stores: readonly string[]): Promise<number> {
  let bytes = 0
  for (const store of stores) {
    const held = new Map<string, number>()
    const topic = `${applicationId}-${store}${CHANGELOG}`
    for await (const { partition, records } of readTopic(connection, topic, { until: 'now' })) {
      for (const { key, value } of records) {
        const name = `${partition}/${key!.toString('latin1')}`
        if (value === null) held.delete(name)
        else held.set(name, key!.length + value.length)
      }
    }
    for (const size of held.values()) bytes += size
  }
  return bytes
}

await runCommand(main)
