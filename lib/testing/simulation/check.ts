/** Checks the invariants against the broker's archive, the instances' stores and an independent reference. */
import { isMillraceError } from '../../errors.js'
import { delay } from '../../record/clock.js'
import { formatTopicPartition, type TopicRecord } from '../../record/record.js'
import { readInt64 } from '../../serde/int64-bytes.js'
import type { SimInstance } from './instance.js'
import { committedRecords } from './log.js'
import { afterInput, afterItems, type ExpectedOutput } from './reference.js'
import type { SimStorage } from './storage.js'
import { APPLICATION, BY_ITEM, PARTITIONS } from './topology.js'

export type Violated = (invariant: string, what: string) => void

interface Run {
  readonly storage: SimStorage
  readonly instances: readonly SimInstance[]
  /** Record caches hold updates back: of a key's updates only some appear, the last one always. */
  readonly cached: boolean
  /** Otherwise records may come again: nothing may be missing, that is all. */
  readonly exactlyOnce: boolean
  readonly violated: Violated
}

/** A store that is being rebuilt is read again after this time. */
const READ_AGAIN_MS = 100

type Stores = Readonly<Record<'totals' | 'windows' | 'sessions', Map<string, string>>>

/** Everything that can be said once nothing moves any more; resolves with the records read. */
export async function checkRun(run: Run): Promise<number> {
  const { violated } = run
  const log = (topic: string, partition: number) =>
    committedRecords(topic, partition, run.storage.batches(topic, partition))
  const expected: Stores = { totals: new Map(), windows: new Map(), sessions: new Map() }
  const dead: string[] = []
  const sessionsFromMs: number[] = []
  let records = 0
  const inputs = partitions().map((partition) => {
    const input = log('input', partition)
    records += input.length
    return afterInput(input)
  })
  if (!run.exactlyOnce) {
    checkComplete(log, inputs, violated)
    return records
  }
  inputs.forEach((outcome, partition) => {
    const where = (topic: string) => formatTopicPartition(topic, partition)
    compare(where('echo'), log('echo', partition), outcome.echo, false, violated)
    compare(where('totals'), log('totals', partition), outcome.totals, run.cached, violated)
    for (const [key, digest] of outcome.store) expected.totals.set(key, digest)
    for (const reason of outcome.dead) dead.push(`${where('input')}/${reason}`)
  })
  checkHop(log, inputs, violated)
  for (const partition of partitions()) {
    const outcome = afterItems(log(BY_ITEM, partition))
    compare(`windows-${partition}`, log('windows', partition), outcome.windows, run.cached, violated)
    compare(`sessions-${partition}`, log('sessions', partition), outcome.sessions, false, violated)
    for (const [name, digest] of outcome.windowStore) expected.windows.set(`${partition}:${name}`, digest)
    for (const [name, sum] of outcome.sessionStore) expected.sessions.set(`${partition}:${name}`, sum)
    sessionsFromMs.push(outcome.sessionsFromMs)
    for (const reason of outcome.dead) dead.push(`${BY_ITEM}-${partition}/${reason}`)
  }
  checkDead(log, dead, violated)
  checkChangelogs(log, expected, sessionsFromMs, violated)
  await checkStores(run, expected)
  return records
}

/** Half of I1: nothing is lost. */
function checkComplete(
  log: Log,
  inputs: readonly { readonly echo: readonly ExpectedOutput[]; readonly byItem: readonly ExpectedOutput[] }[],
  violated: Violated,
): void {
  const named = ({ key, value, timestamp }: ExpectedOutput | TopicRecord) => `${key}=${value} at ${timestamp}`
  const all = (topic: string) => new Set(partitions().flatMap((partition) => log(topic, partition).map(named)))
  const echo = all('echo')
  const byItem = all(BY_ITEM)
  for (const outcome of inputs) {
    for (const record of outcome.echo) if (!echo.has(named(record))) violated('I1', `echo lacks ${named(record)}`)
    for (const record of outcome.byItem)
      if (!byItem.has(named(record))) violated('I1', `${BY_ITEM} lacks ${named(record)}`)
  }
}

function partitions(): number[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => partition)
}

/** I1 and I6: nothing lost, nothing doubled, order kept. */
function compare(
  where: string,
  actual: readonly TopicRecord[],
  expected: readonly ExpectedOutput[],
  cached: boolean,
  violated: Violated,
): void {
  const texts = actual.map(({ key, value, timestamp }) => `${key}=${value} at ${timestamp}`)
  const wanted = expected.map(({ key, value, timestamp }) => `${key}=${value} at ${timestamp}`)
  if (!cached) {
    const at = wanted.findIndex((text, i) => text !== texts[i])
    const first = at >= 0 ? at : texts.length > wanted.length ? wanted.length : -1
    if (first < 0) return
    violated(
      'I1',
      `${where} has ${texts.length} records of ${wanted.length}; record ${first} is ${texts[first]}, not ${wanted[first]}`,
    )
    return
  }
  const last = (list: readonly (ExpectedOutput | TopicRecord)[]) =>
    new Map(list.map(({ key, value }) => [nameOf(String(key), String(value)), String(value)]))
  const lastActual = last(actual)
  for (const [name, value] of last(expected)) {
    if (lastActual.get(name) !== value)
      violated('I1', `${where}: ${name} ends as ${lastActual.get(name)}, not ${value}`)
  }
  const order = new Map<string, number>()
  const places = new Map(wanted.map((text, i) => [text, i]))
  actual.forEach(({ key, value }, i) => {
    const place = places.get(texts[i]!)
    const name = nameOf(String(key), String(value))
    if (place === undefined) violated('I1', `${where}: ${texts[i]} was never an update`)
    else if (place <= (order.get(name) ?? -1)) violated('I1', `${where}: ${texts[i]} comes again or too late`)
    else order.set(name, place)
  })
}

/** A windowed value begins with its window. */
function nameOf(key: string, value: string): string {
  const space = value.indexOf(' ')
  return space < 0 ? key : `${key}@${value.slice(0, space)}`
}

type Log = (topic: string, partition: number) => TopicRecord[]

/** I1 over the hop, and I4: each task's records once and in order, a key in one partition only. */
function checkHop(
  log: Log,
  inputs: readonly { readonly byItem: readonly ExpectedOutput[] }[],
  violated: Violated,
): void {
  const home = new Map<string, number>()
  const bySource = new Map<string, number>()
  const wanted = inputs.map(({ byItem }) => byItem)
  wanted.forEach((list, source) => {
    for (const { value } of list) bySource.set(value, source)
  })
  const sequences = new Map<string, string[]>()
  for (const partition of partitions()) {
    for (const record of log(BY_ITEM, partition)) {
      const key = String(record.key)
      if ((home.get(key) ?? partition) !== partition)
        violated('I4', `${key} is in partitions ${home.get(key)} and ${partition}`)
      home.set(key, partition)
      const name = `${bySource.get(String(record.value))}>${partition}`
      const sequence = sequences.get(name) ?? []
      sequence.push(`${key}=${record.value} at ${record.timestamp}`)
      sequences.set(name, sequence)
    }
  }
  wanted.forEach((list, source) => {
    const expected = new Map<number, string[]>()
    for (const { key, value, timestamp } of list) {
      const partition = home.get(key) ?? -1
      const sequence = expected.get(partition) ?? []
      sequence.push(`${key}=${value} at ${timestamp}`)
      expected.set(partition, sequence)
    }
    for (const [partition, sequence] of expected) {
      const actual = sequences.get(`${source}>${partition}`) ?? []
      const at = sequence.findIndex((text, i) => text !== actual[i])
      if (at >= 0 || actual.length !== sequence.length) {
        violated(
          'I1',
          `${BY_ITEM}-${partition} has ${actual.length} of ${sequence.length} records of task 0_${source}, differs at ${at}`,
        )
      }
    }
  })
}

/** I12: every dropped record is in the dead-letter topic, once, with its origin. */
function checkDead(log: Log, expected: readonly string[], violated: Violated): void {
  const actual = partitions().flatMap((partition) =>
    log('dead-letters', partition).map(({ headers }) => {
      const header = (name: string) => String(headers.find(({ key }) => key === name)?.value)
      const origin = `${header('__streams.errors.topic')}-${header('__streams.errors.partition')}`
      return `${origin}/${header('__streams.errors.offset')}/${header('__millrace.errors.reason')}`
    }),
  )
  const wanted = [...expected].sort()
  actual.sort()
  const at = wanted.findIndex((text, i) => text !== actual[i])
  if (at >= 0 || actual.length !== wanted.length) {
    violated(
      'I12',
      `${actual.length} dead letters, not ${wanted.length}: entry ${at} is ${actual[at]}, not ${wanted[at]}`,
    )
  }
}

/** I2, first half: replaying the committed changelogs gives what recomputation gives. */
function checkChangelogs(log: Log, expected: Stores, sessionsFromMs: readonly number[], violated: Violated): void {
  // What retention has ended may still be in the changelog.
  const replay = (store: keyof Stores, rowOf: (key: Buffer, partition: number) => { name: string; kept: boolean }) => {
    const table = new Map<string, { readonly value: string; readonly kept: boolean }>()
    for (const partition of partitions()) {
      for (const { key, value } of log(`${APPLICATION}-${store}-changelog`, partition)) {
        const { name, kept } = rowOf(key!, partition)
        if (value === null) table.delete(name)
        else table.set(name, { value: String(value), kept })
      }
    }
    for (const [name, value] of expected[store]) {
      const actual = table.get(name)?.value
      if (actual !== value) violated('I2', `the changelog of ${store} has ${name} = ${actual}, not ${value}`)
    }
    for (const [name, { value, kept }] of table) {
      if (kept && !expected[store].has(name)) {
        violated('I2', `the changelog of ${store} has ${name} = ${value}, which should be deleted`)
      }
    }
  }
  replay('totals', (key) => ({ name: String(key), kept: true }))
  replay('windows', (key, partition) => {
    const startMs = readInt64(key, key.length - 12)
    return { name: `${partition}:${key.toString('utf8', 0, key.length - 12)}@${startMs}`, kept: false }
  })
  replay('sessions', (key, partition) => {
    const at = key.length - 16
    const [endMs, startMs] = [readInt64(key, at), readInt64(key, at + 8)]
    const name = `${partition}:${key.toString('utf8', 0, at)}@${startMs}..${endMs}`
    return { name, kept: endMs >= sessionsFromMs[partition]! }
  })
}

/** I2, second half, and I4: the stores of all instances together hold exactly what recomputation gives, each key once. */
async function checkStores({ instances, violated }: Run, expected: Stores): Promise<void> {
  let { found, doubled } = noRows()
  for (let rebuilding = false; ; ) {
    try {
      ;({ found, doubled } = await readStores(instances))
      break
    } catch (error) {
      // Damage that nobody has met before this read: the task is rebuilt, and its reader asks again.
      if (!isMillraceError(error, 'QUERY_STORE_NOT_READY')) throw error
      rebuilding ||= isMillraceError(error.cause, 'STATE_DAMAGED')
      if (!rebuilding) throw error
      await delay(instances[0]!.process.clock, READ_AGAIN_MS)
    }
  }
  for (const what of doubled) violated('I4', `${what} is in two tasks`)
  for (const store of ['totals', 'windows', 'sessions'] as const) {
    const wanted = new Map([...expected[store]].map(([name, value]) => [name.replace(/^\d+:/, ''), value]))
    for (const [name, value] of wanted) {
      const actual = found[store].get(name)
      if (actual !== value) violated('I2', `store ${store} has ${name} = ${actual}, not ${value}`)
    }
    for (const [name, value] of found[store]) {
      if (!wanted.has(name)) violated('I2', `store ${store} has ${name} = ${value}, which is not expected`)
    }
  }
}

interface Rows {
  readonly found: Stores
  /** Rows that are in two tasks. */
  readonly doubled: string[]
}

function noRows(): Rows {
  return { found: { totals: new Map(), windows: new Map(), sessions: new Map() }, doubled: [] }
}

async function readStores(instances: readonly SimInstance[]): Promise<Rows> {
  const { found, doubled } = noRows()
  const note = (store: keyof Stores, name: string, value: string) => {
    if (found[store].has(name)) doubled.push(`${name} of store ${store}`)
    found[store].set(name, value)
  }
  for (const { streams } of instances) {
    const { queries } = streams
    for await (const { key, value } of queries.keyValue<string, string>('totals').all()) note('totals', key, value)
    const all = [0, Number.MAX_SAFE_INTEGER] as const
    for await (const { key, startMs, value } of queries.windows<string, string>('windows').fetchAll(...all)) {
      note('windows', `${key}@${startMs}`, value)
    }
    for await (const { key, startMs, endMs, value } of queries.sessions<string, string>('sessions').fetchAll(...all)) {
      note('sessions', `${key}@${startMs}..${endMs}`, value)
    }
  }
  return { found, doubled }
}
