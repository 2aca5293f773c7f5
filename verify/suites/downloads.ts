/**
 * Test suites of other projects, downloaded by name and version with Maven, Go and npm into `.suites/`, which git
 * ignores.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Artifact, commandWorks, mavenJars } from '../kafka/jars.js'
import { failure, type Processes } from './processes.js'

/** What a machine may lack: a suite that needs it is then skipped. */
export type Tool = 'java' | 'mvn' | 'go' | 'gcc' | 'make'

/** How each is asked whether it works. */
const VERSION_FLAG: Readonly<Record<Tool, string>> = {
  java: '-version',
  mvn: '-v',
  go: 'version',
  gcc: '--version',
  make: '--version',
}

const CACHE = resolve('.suites')
const FETCH_LIMIT_SECONDS = 300

/** Could not be fetched or built: the suite is skipped with this reason, as where a tool is missing. */
export class Unavailable extends Error {}

/** Those of `tools` that are not on this machine. */
export async function missingTools(tools: readonly Tool[]): Promise<Tool[]> {
  const works = await Promise.all(tools.map((tool) => commandWorks(tool, VERSION_FLAG[tool])))
  return tools.filter((_tool, i) => !works[i])
}

/** Version of the jars with Kafka's own system tests; 4.4.0 publishes none. */
const TEST_JARS_VERSION = '4.2.1'

const SYSTEM_TESTS: readonly Artifact[] = [
  ['org.apache.kafka', 'kafka-streams', TEST_JARS_VERSION],
  ['org.apache.kafka', 'kafka-streams', TEST_JARS_VERSION, 'test'],
  ['org.apache.kafka', 'kafka-clients', TEST_JARS_VERSION, 'test'],
  ['org.apache.kafka', 'kafka-tools', TEST_JARS_VERSION],
  ['org.slf4j', 'slf4j-simple', '1.7.36'],
  ['org.hamcrest', 'hamcrest', '3.0'],
  ['org.junit.jupiter', 'junit-jupiter-api', '5.13.1'],
  ['org.mockito', 'mockito-core', '5.20.0'],
]

/** The class path of Kafka's system tests and command line tools. */
export async function systemTestJars(): Promise<string> {
  const folder = join(CACHE, `kafka-tests-${TEST_JARS_VERSION}`)
  return join(await mavenJars(`Kafka's system tests ${TEST_JARS_VERSION}`, folder, SYSTEM_TESTS), '*')
}

/** The folder of a Go module, as it was published. */
export async function goModule(processes: Processes, path: string, version: string): Promise<string> {
  const folder = join(CACHE, `${path.replaceAll('/', '-')}-${version}`)
  await once(folder, async (arriving) => {
    const env = goEnvironment()
    const args = ['mod', 'download', '-json', `${path}@${version}`]
    const fetched = await processes.run('go-mod-download', 'go', args, { env, limitSeconds: FETCH_LIMIT_SECONDS })
    const problem = failure(fetched, `go mod download ${path}`)
    const from = /"Dir": "([^"]+)"/.exec(fetched.output)?.[1]
    if (problem !== undefined || from === undefined) throw new Unavailable(problem ?? `go names no folder of ${path}`)
    await shell(processes, 'copy-module', 'cp', ['-r', from, arriving])
    await shell(processes, 'make-writable', 'chmod', ['-R', 'u+w', arriving])
  })
  return folder
}

/** Modules come into `.suites/`, too, and can be deleted there. */
export function goEnvironment(): Record<string, string> {
  return { GOFLAGS: '-mod=mod -modcacherw', GOMODCACHE: join(CACHE, 'go-modules') }
}

/** The folder of an npm package, as it was published, without its dependencies and without running its scripts. */
export async function npmPackage(processes: Processes, name: string, version: string): Promise<string> {
  const folder = join(CACHE, `${name.replaceAll('/', '-')}-${version}`)
  await once(folder, async (arriving) => {
    await mkdir(arriving, { recursive: true })
    const args = ['pack', `${name}@${version}`, '--silent', '--pack-destination', arriving]
    await shell(processes, 'npm-pack', 'npm', args)
    const tarball = (await readdir(arriving)).find((file) => file.endsWith('.tgz'))
    if (tarball === undefined) throw new Unavailable(`npm pack ${name} left no tarball`)
    await shell(processes, 'unpack', 'tar', ['-xzf', join(arriving, tarball), '-C', arriving])
  })
  return join(folder, 'package')
}

/** Fills `folder` by `fill` unless it is there; half of it is never taken for the whole. */
async function once(folder: string, fill: (arriving: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return
  const arriving = `${folder}.${process.pid}`
  await mkdir(CACHE, { recursive: true })
  try {
    await fill(arriving)
    await rename(arriving, folder)
  } catch (error) {
    await rm(arriving, { recursive: true, force: true })
    throw error
  }
}

async function shell(processes: Processes, name: string, command: string, args: readonly string[]): Promise<void> {
  const ended = await processes.run(name, command, args, { limitSeconds: FETCH_LIMIT_SECONDS })
  const problem = failure(ended, `${command} ${args[0]}`)
  if (problem !== undefined) throw new Unavailable(problem)
}
