/**
 * `npm test [-- FILE...]`: types, format and lint, then every test; with one real Kafka broker for those that want it.
 * Given files, only those are run. What was skipped and why is the last thing printed, before the closing counts.
 */

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { errorLine } from '../lib/errors.js'
import { KAFKA_VERSION, startKafka } from '../verify/kafka/broker.js'
import { freePorts } from '../verify/kafka/probe.js'
import { add, countTap, noOutcome, type Outcome } from './tap-results.js'

/** Two at a time: tests wait for timers and files more than they compute, but a laptop should stay usable. */
const JOBS = Math.min(2, availableParallelism())

/** Real-broker tests run one file at a time, because they measure; a kill-and-restart story takes minutes. */
const KAFKA_FOLDER = join('test', 'kafka')
const KAFKA_TIMEOUT_SECONDS = 600

/** What an application without a log of its own tells of its life, hundreds of times in a test run. */
const LIFE_EVENT = /^\S+ (INFO|WARN|ERROR) millrace: /

const print = (text: string) => process.stdout.write(`${text}\n`)

async function main(): Promise<void> {
  const total = noOutcome()
  const given = process.argv.slice(2)
  const files = given.length > 0 ? given : testFiles('test')
  const kafkaFiles = files.filter((file) => file.startsWith(KAFKA_FOLDER))
  const otherFiles = files.filter((file) => !file.startsWith(KAFKA_FOLDER))
  const stopKafka = kafkaFiles.length > 0 ? await provideKafka() : async () => {}
  try {
    if (given.length === 0) {
      await check(total, 'types', 'typescript', 'bin/tsc', ['-p', '.'])
      await check(total, 'format and lint', '@biomejs/biome', 'bin/biome', ['check'])
    }
    await buildTap()
    await runTap(total, 'tests', otherFiles, [`--jobs=${JOBS}`])
    await runTap(total, 'tests on real Kafka', kafkaFiles, ['--jobs=1', `--timeout=${KAFKA_TIMEOUT_SECONDS}`])
  } finally {
    await stopKafka()
  }
  printSkipped(total)
  print(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`)
  process.exitCode = total.failed > 0 ? 1 : 0
}

/** Sets KAFKA_BROKERS, or MILLRACE_NO_KAFKA to the reason, for the test processes. Returns what stops the broker. */
async function provideKafka(): Promise<() => Promise<void>> {
  if (process.env.KAFKA_BROKERS || process.env.MILLRACE_NO_KAFKA) return async () => {}
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-test-kafka-'))
  const removeData = () => rm(dataDir, { recursive: true, force: true })
  const [port = 0] = await freePorts(1)
  const version = process.env.KAFKA_VERSION ?? KAFKA_VERSION
  try {
    const kafka = await startKafka({ port, dataDir, version })
    process.env.KAFKA_BROKERS = kafka.bootstrap
    print(`Kafka ${version} (${kafka.from}) answers at ${kafka.bootstrap}`)
    return async () => {
      await kafka.stop()
      await removeData()
    }
  } catch (error) {
    process.env.MILLRACE_NO_KAFKA = errorLine(error)
    print(`no Kafka: ${errorLine(error)}`)
    await removeData()
    return async () => {}
  }
}

/** Runs a command of an installed package that passes or fails as a whole. */
async function check(total: Outcome, what: string, packageName: string, bin: string, flags: string[]): Promise<void> {
  const startMs = performance.now()
  const output: string[] = []
  const child = spawn(process.execPath, [packageFile(packageName, bin), ...flags])
  child.stdout.on('data', (bytes) => output.push(String(bytes)))
  child.stderr.on('data', (bytes) => output.push(String(bytes)))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code === 0) total.passed += 1
  else {
    total.failed += 1
    print(`FAILED ${what}\n${output.join('').trimEnd()}`)
  }
  print(`${what}: ${code === 0 ? 'passed' : 'failed'} (${seconds(startMs)})`)
}

async function runTap(total: Outcome, what: string, files: string[], flags: string[]): Promise<void> {
  if (files.length === 0) return
  const startMs = performance.now()
  const outcome = noOutcome()
  const parser = countTap(outcome, print)
  const tap = packageFile('tap', 'dist/esm/run.mjs')
  const child = spawn(process.execPath, [tap, '--reporter=tap', ...flags, ...files], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', (bytes) => parser.write(bytes))
  const errors = createInterface(child.stderr)
  errors.on('line', (line) => {
    if (!LIFE_EVENT.test(line)) process.stderr.write(`${line}\n`)
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  parser.end()
  if (code !== 0 && outcome.failed === 0) {
    outcome.failed += 1
    print(`FAILED ${what}: tap ended with exit code ${code} and no failed test`)
  }
  add(total, outcome)
  const { passed, failed, skipped } = outcome
  print(`${what}: ${files.length} files, ${passed} ok, ${failed} not, ${skipped.length} skipped (${seconds(startMs)})`)
}

/**
 * tap generates its Test class from the configured plugins, but a runner that has to do it first still starts its tests
 * with the old ones; and its TypeScript plugin cannot load TypeScript 7. So the class is made before the first run.
 */
async function buildTap(): Promise<void> {
  const built = join('node_modules', '@tapjs', 'test', 'test-built', 'dist', 'esm', 'index.js')
  if (existsSync(built) && !readFileSync(built, 'utf8').includes('@tapjs/typescript')) return
  const child = spawn(process.execPath, [packageFile('tap', 'dist/esm/run.mjs'), 'build'], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('close', resolve))
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return testFiles(path)
    return entry.name.endsWith('.test.ts') ? [path] : []
  })
}

function packageFile(packageName: string, path: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`)
  return join(dirname(manifest), path)
}

function seconds(startMs: number): string {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`
}

function printSkipped(total: Outcome): void {
  const byReason = new Map<string, string[]>()
  for (const { name, reason } of total.skipped) byReason.set(reason, [...(byReason.get(reason) ?? []), name])
  for (const [reason, names] of byReason) {
    print(`skipped, because ${reason}:`)
    for (const name of names) print(`  ${name}`)
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
await main()
