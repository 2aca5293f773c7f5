/**
 * Compiles one Java file against Kafka Streams' jars from Maven, once per source, and returns the command that runs it.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { MillraceError } from '../../lib/errors.js'
import { KAFKA_VERSION } from './broker.js'
import { commandWorks, mavenJars } from './jars.js'

/** The oldest line of slf4j that Kafka's clients still bind to; only warnings are printed. */
const SLF4J_VERSION = '1.7.36'

export interface JavaProgram {
  /** Arguments of `java` up to and with the class name. */
  readonly args: readonly string[]
}

/**
 * `source` compiled against Kafka Streams, its test driver and everything they need.
 *
 * @throws KAFKA_UNAVAILABLE without a JDK or Maven, or where javac rejects the source
 */
export async function streamsProgram(source: string, className: string): Promise<JavaProgram> {
  if (!(await commandWorks('javac', '-version'))) {
    throw new MillraceError('KAFKA_UNAVAILABLE', 'A JDK 17 or newer (javac) is needed: install it')
  }
  const jars = await mavenJars(`Kafka Streams ${KAFKA_VERSION}`, resolve('.kafka', `oracle-${KAFKA_VERSION}`), [
    ['org.apache.kafka', 'kafka-streams', KAFKA_VERSION],
    ['org.apache.kafka', 'kafka-streams-test-utils', KAFKA_VERSION],
    ['org.slf4j', 'slf4j-simple', SLF4J_VERSION],
  ])
  const classPath = `${compiled(source, className, jars)}:${join(jars, '*')}`
  const flags = ['-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
  return { args: [...flags, '-cp', classPath, className] }
}

/** The class folder, named by the source so that a change compiles again. */
function compiled(source: string, className: string, jars: string): string {
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12)
  const classes = join(jars, `classes-${hash}`)
  if (existsSync(join(classes, `${className}.class`))) return classes
  mkdirSync(classes, { recursive: true })
  const { status, stderr } = spawnSync('javac', ['-nowarn', '-cp', join(jars, '*'), '-d', classes, source])
  if (status !== 0) throw new MillraceError('KAFKA_UNAVAILABLE', `javac refused ${source}: ${String(stderr).trim()}`)
  return classes
}
