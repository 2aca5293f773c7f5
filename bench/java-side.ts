/** The Java side of a comparison: Kafka Streams' jars from Maven, the program beside this file, compiled once. */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../lib/errors.js'
import { KAFKA_VERSION } from '../verify/kafka/broker.js'
import { commandWorks, mavenJars } from '../verify/kafka/jars.js'
import type { SideCommand } from './side.js'

/** The oldest line of slf4j that Kafka's clients still bind to; only warnings are printed. */
const SLF4J_VERSION = '1.7.36'

export interface JavaProgram {
  /** What to put in front of the arguments. */
  command(className: string, args: readonly string[]): SideCommand
  readonly version: string
}

/** @throws KAFKA_UNAVAILABLE without a JDK or Maven. */
export async function javaProgram(): Promise<JavaProgram> {
  if (!(await commandWorks('javac', '-version'))) {
    throw new MillraceError('KAFKA_UNAVAILABLE', 'A JDK 17 or newer (javac) is needed for --vs java: install it')
  }
  const jars = await mavenJars(`Kafka Streams ${KAFKA_VERSION}`, resolve('.kafka', `streams-${KAFKA_VERSION}`), [
    ['org.apache.kafka', 'kafka-streams', KAFKA_VERSION],
    ['org.slf4j', 'slf4j-simple', SLF4J_VERSION],
  ])
  const classPath = `${compile(jars)}:${join(jars, '*')}`
  return {
    version: KAFKA_VERSION,
    command: (className, args) => ({
      file: 'java',
      args: ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', classPath, className, ...args],
    }),
  }
}

/** The class folder, named by the source so that a change compiles again. */
function compile(jars: string): string {
  const source = join(sourceFolder(), 'Count.java')
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12)
  const classes = join(jars, `classes-${hash}`)
  if (existsSync(join(classes, 'Count.class'))) return classes
  mkdirSync(classes, { recursive: true })
  const { status, stderr } = spawnSync('javac', ['-nowarn', '-cp', join(jars, '*'), '-d', classes, source])
  if (status !== 0) throw new MillraceError('KAFKA_UNAVAILABLE', `javac refused ${source}: ${String(stderr).trim()}`)
  return classes
}

/** This file runs as `dist/bench/java-side.js` or, by a loader, as `bench/java-side.ts`. */
function sourceFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const beside = join(here, 'java')
  return existsSync(beside) ? beside : join(here, '..', '..', 'bench', 'java')
}
