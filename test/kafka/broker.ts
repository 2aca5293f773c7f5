/**
 * A real Kafka broker for a test. One broker serves the whole `npm test`: its runner starts it and says where in
 * KAFKA_BROKERS. A test file run by hand uses the broker of `npm run kafka` in this folder, or starts its own.
 */

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tap, { type Test } from 'tap'
import { isMillraceError } from '../../lib/errors.js'
import { KAFKA_VERSION, startKafka } from '../../verify/kafka/broker.js'
import { brokerAnswers, freePorts } from '../../verify/kafka/probe.js'

export interface RealKafka {
  /** HOST:PORT. */
  readonly bootstrap: string
}

/** Asked once per test process, however many of its tests want a broker. */
let broker: Promise<RealKafka | { readonly missing: string }> | undefined

/**
 * The broker, or null after skipping `t` with the reason; with REQUIRE_KAFKA=1 a missing broker fails the test.
 * Other tests use the same broker at the same time: name topics, groups and transactional ids with `uniqueName`.
 */
export async function realKafka(t: Test): Promise<RealKafka | null> {
  broker ??= findBroker()
  const found = await broker
  if ('bootstrap' in found) return found
  if (process.env.REQUIRE_KAFKA === '1') throw new Error(`REQUIRE_KAFKA=1, but ${found.missing}`)
  t.pass('a real broker', { skip: `real Kafka: ${found.missing}` })
  return null
}

let named = 0

/** A topic, group or transactional id that no other test, process or run uses. */
export function uniqueName(prefix: string): string {
  named += 1
  return `${prefix}-${Date.now().toString(36)}-${process.pid}-${named}`
}

async function findBroker(): Promise<RealKafka | { readonly missing: string }> {
  const given = process.env.KAFKA_BROKERS
  if (given) {
    const [bootstrap = ''] = given.split(',')
    if (await brokerAnswers(bootstrap, 10_000)) return { bootstrap }
    throw new Error(`KAFKA_BROKERS names ${bootstrap}, but no Kafka broker answers there`)
  }
  const missing = process.env.MILLRACE_NO_KAFKA
  if (missing) return { missing }
  return (await developmentBroker()) ?? startOwnBroker()
}

async function developmentBroker(): Promise<RealKafka | undefined> {
  try {
    const { bootstrap } = JSON.parse(await readFile(join('.kafka', 'dev.json'), 'utf8')) as RealKafka
    return (await brokerAnswers(bootstrap)) ? { bootstrap } : undefined
  } catch {
    return undefined
  }
}

async function startOwnBroker(): Promise<RealKafka | { readonly missing: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-test-kafka-'))
  const [port = 0] = await freePorts(1)
  try {
    const kafka = await startKafka({ port, dataDir, version: process.env.KAFKA_VERSION ?? KAFKA_VERSION })
    tap.teardown(async () => {
      await kafka.stop()
      await rm(dataDir, { recursive: true, force: true })
    })
    return { bootstrap: kafka.bootstrap }
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true })
    if (isMillraceError(error, 'KAFKA_UNAVAILABLE')) return { missing: error.message }
    throw error
  }
}
