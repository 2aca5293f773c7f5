/** Downloads the jars of a Kafka broker with Maven, once per version, into a cache folder. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { MillraceError } from '../../lib/errors.js'

const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1'

/** True when the command `name` starts and ends with exit code 0. */
export function commandWorks(name: string, argument: string): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(name, [argument], { stdio: 'ignore' })
    child.once('error', () => done(false))
    child.once('exit', (code) => done(code === 0))
  })
}

/** Where the jars of `version` are kept: MILLRACE_KAFKA_LIBS, else `.kafka/libs-VERSION` in the working directory. */
function jarFolder(version: string): string {
  return resolve(process.env.MILLRACE_KAFKA_LIBS || join('.kafka', `libs-${version}`))
}

/**
 * The folder with the jars of Kafka `version`, fetched if it is not there yet.
 * Several processes may ask at once: each fetches into a folder of its own and the first rename wins.
 *
 * @throws KAFKA_UNAVAILABLE without `mvn`, or when Maven cannot resolve the jars.
 */
export async function kafkaJars(version: string): Promise<string> {
  const folder = jarFolder(version)
  if (existsSync(join(folder, `kafka_2.13-${version}.jar`))) return folder
  if (process.env.MILLRACE_KAFKA_LIBS && existsSync(folder)) {
    const found = (await readdir(folder)).find((name) => name.startsWith('kafka_2.13-'))
    throw new MillraceError(
      'KAFKA_UNAVAILABLE',
      `MILLRACE_KAFKA_LIBS=${folder} holds ${found ?? 'no Kafka'}, not ${version}: use another folder or version`,
    )
  }
  return mavenJars(`Kafka ${version}`, folder, [
    ['org.apache.kafka', 'kafka_2.13', version],
    ['org.apache.kafka', 'kafka-tools', version],
    ['org.slf4j', 'slf4j-simple', '1.7.36'],
  ])
}

/** Group, artifact, version, classifier. */
export type Artifact = readonly [string, string, string, string?]

/** A registry that does not answer is given up after this. */
const FETCH_LIMIT_MS = 300_000

/**
 * `folder`, filled with `artifacts` and everything they need unless it is there already. `what` names them in errors.
 *
 * @throws KAFKA_UNAVAILABLE without `mvn`, or when Maven cannot resolve the jars.
 */
export async function mavenJars(what: string, folder: string, artifacts: readonly Artifact[]): Promise<string> {
  if (existsSync(folder)) return folder
  if (!(await commandWorks('mvn', '-v'))) {
    throw new MillraceError(
      'KAFKA_UNAVAILABLE',
      `Maven (mvn) is needed once to download the jars of ${what}: install it, or set MILLRACE_KAFKA_LIBS`,
    )
  }
  await fetchJars(what, folder, artifacts)
  return folder
}

async function fetchJars(what: string, folder: string, artifacts: readonly Artifact[]): Promise<void> {
  const arriving = `${folder}.${process.pid}`
  await mkdir(arriving, { recursive: true })
  const pom = join(arriving, 'pom.xml')
  await writeFile(pom, pomOf(artifacts))
  const output: string[] = []
  const code = await new Promise<number>((done) => {
    const goal = `${DEPENDENCY_PLUGIN}:copy-dependencies`
    const args = ['-q', '-B', '-f', pom, goal, `-DoutputDirectory=${arriving}`]
    const child = spawn('mvn', args, { timeout: FETCH_LIMIT_MS, killSignal: 'SIGKILL' })
    child.stdout.on('data', (bytes) => output.push(String(bytes)))
    child.stderr.on('data', (bytes) => output.push(String(bytes)))
    child.once('error', () => done(1))
    child.once('close', (exitCode) => done(exitCode ?? 1))
  })
  if (code !== 0) {
    await rm(arriving, { recursive: true, force: true })
    const why = output.join('').match(/\[ERROR\] (.*)/)?.[1] ?? `mvn ended with exit code ${code}`
    throw new MillraceError('KAFKA_UNAVAILABLE', `Maven could not download ${what}: ${why}`)
  }
  await mkdir(dirname(folder), { recursive: true })
  try {
    await rename(arriving, folder)
  } catch {
    await rm(arriving, { recursive: true, force: true })
  }
}

function pomOf(artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map(
    ([group, artifact, version, classifier]) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${
        classifier === undefined ? '' : `<classifier>${classifier}</classifier>`
      }</dependency>`,
  )
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId><artifactId>kafka-for-development</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`
}
