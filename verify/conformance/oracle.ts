/** Runs cases on Kafka Streams itself: one JVM for a whole batch. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { MillraceError } from '../../lib/errors.js'
import type { ConformanceCase, EmittedRecord, WindowedKey } from '../cases/case.js'
import { streamsProgram } from '../kafka/java-program.js'

/** RocksDB syncs every new store: in memory a batch takes a fraction of the time. */
const MEMORY_FOLDER = '/dev/shm'

/** What Kafka Streams did with one case. */
export interface OracleRun {
  readonly emitted: readonly EmittedRecord[]
  /** The topology as text, its outputs being processors; omitted where it was rejected. */
  readonly describe?: string
  /** Its `dropped-records-total`. */
  readonly dropped: number
  /** It rejected the topology or an input; what it said. */
  readonly error: string | null
  /** The input (from 1) it threw at; 0 where it rejected the topology. */
  readonly errorAt: number
}

export interface Oracle {
  /** By the name of the case. */
  run(cases: readonly ConformanceCase[]): Promise<ReadonlyMap<string, OracleRun>>
}

/** Where the oracle's source is: MILLRACE_ORACLE, else beside the repository. */
function oracleSource(): string {
  return resolve(process.env.MILLRACE_ORACLE || join('..', 'shared', 'oracle', 'Oracle.java'))
}

/** @throws KAFKA_UNAVAILABLE without the source, a JDK or Maven */
export async function openOracle(): Promise<Oracle> {
  const source = oracleSource()
  if (!existsSync(source)) {
    throw new MillraceError('KAFKA_UNAVAILABLE', `The oracle is not at ${source}: set MILLRACE_ORACLE to its file`)
  }
  const { args } = await streamsProgram(source, 'Oracle')
  return { run: (cases) => runBatch(args, cases) }
}

async function runBatch(
  args: readonly string[],
  cases: readonly ConformanceCase[],
): Promise<ReadonlyMap<string, OracleRun>> {
  const folder = await mkdtemp(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'millrace-oracle-'))
  try {
    const input = join(folder, 'cases')
    const state = join(folder, 'state')
    const output = join(folder, 'out.json')
    await mkdir(input)
    await mkdir(state)
    for (const [index, testCase] of cases.entries()) {
      await writeFile(join(input, `${String(index).padStart(6, '0')}.json`), JSON.stringify(testCase))
    }
    await runJava([`-Djava.io.tmpdir=${state}`, ...args, input, output])
    return readRuns(await readFile(output, 'utf8'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function runJava(args: readonly string[]): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn('java', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (bytes) => {
      said = `${said}${bytes}`.slice(-2000)
    })
    child.once('error', failed)
    child.once('close', (code) => {
      if (code === 0) done()
      else failed(new MillraceError('KAFKA_UNAVAILABLE', `The oracle ended with exit code ${code}: ${said}`))
    })
  })
}

interface JavaRun {
  readonly out: readonly EmittedRecord[]
  readonly describe?: string
  readonly dropped?: number
  readonly error?: string
  readonly errorAt?: number
  readonly fatal?: string
}

/** Java writes the end of an unlimited window as the largest long, which no double can hold. */
function readRuns(text: string): ReadonlyMap<string, OracleRun> {
  const runs = JSON.parse(text.replaceAll(': 9223372036854775807', ': "inf"')) as Record<string, JavaRun>
  return new Map(
    Object.entries(runs).map(([name, run]) => {
      const error = run.fatal ?? run.error ?? null
      const described = run.describe === undefined ? {} : { describe: run.describe }
      const { dropped = 0, errorAt = 0 } = run
      return [name, { emitted: run.out.map(emittedBy), ...described, dropped, error, errorAt }]
    }),
  )
}

function emittedBy({ topic, key, value, ts, at }: EmittedRecord): EmittedRecord {
  return { topic, key: typeof key === 'object' && key !== null ? windowedKey(key) : key, value, ts, at }
}

function windowedKey({ key, start, end }: WindowedKey): WindowedKey {
  return { key, start, end }
}
