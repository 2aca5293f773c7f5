/**
 * The tests of librdkafka that need a broker, unchanged, from the sources in its npm package. Its test program runs
 * them and prints a table. Tests that cannot run here are listed below with the reason.
 */
import { access, chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { npmPackage, systemTestJars, Unavailable } from './downloads.js'
import { failure } from './processes.js'
import type { Outcome, Suite, SuiteRun } from './suite.js'

const PACKAGE = '@confluentinc/kafka-javascript'
const VERSION = '1.10.1'
const BUILD_LIMIT_SECONDS = 1_200
const RUN_LIMIT_SECONDS = 900
/** The newest broker whose tests ask for nothing but the classic protocol: from 4.2 on they want share groups. */
const BROKER_VERSION = '4.1.0'

/** By the number in front of the name. */
const SKIPPED: Readonly<Record<string, string>> = {
  '0038': 'measures throughput',
  '0064': 'needs OpenSSL',
  '0109': 'needs ACLs',
  '0115': 'needs ACLs',
  '0119': 'needs ACLs',
}

/** Tests that have parts which cannot run: the parts that can, each by its function. */
const PARTS: Readonly<Record<string, { readonly why: string; readonly run: readonly string[] }>> = {
  '0081': {
    why: 'ACLs and SCRAM credentials need an authorizer',
    run: [
      'do_test_unclean_destroy',
      'do_test_CreateTopics',
      'do_test_DeleteTopics',
      'do_test_CreatePartitions',
      'do_test_AlterConfigs',
      'do_test_IncrementalAlterConfigs',
      'do_test_DescribeConfigs:',
      'do_test_DeleteRecords',
      'do_test_ListConsumerGroups',
      'do_test_DescribeConsumerGroups:',
      'do_test_DescribeTopics',
      'do_test_DescribeCluster',
      'do_test_DeleteGroups',
      'do_test_DeleteConsumerGroupOffsets',
      'do_test_ListOffsets',
      'do_test_AlterConsumerGroupOffsets',
      'do_test_ListConsumerGroupOffsets',
    ],
  },
  '0103': { why: 'the others create topics with three replicas', run: ['do_test_misuse_txn', 'do_test_fenced_txn'] },
}

/** Their parts take long, and the quick form leaves them all out. */
const NEVER_QUICK = ['0045', '0050', '0061', '0082', '0089', '0102', '0122', '0132']

const LOCAL = 'Filtered due to negative test flags'

export const librdkafka: Suite = {
  name: 'librdkafka',
  what: `the tests of librdkafka, from ${PACKAGE} ${VERSION}`,
  brokers: ['embedded', 'kafka'],
  brokerNeeds: { autoCreateTopics: true, partitions: 4 },
  tools: ['gcc', 'make', 'java', 'mvn'],
  quick: false,
  limitSeconds: 3_600,
  async run(run) {
    const folder = await testFolder(run)
    const environment = await testEnvironment(run, folder)
    const apart = [...Object.keys(SKIPPED), ...Object.keys(PARTS), ...NEVER_QUICK]
    const all = await runTests(run, folder, '-Q', { ...environment, TESTS_SKIP: apart.join(',') })
    const outcomes = [...tableOf(all).filter(({ name }) => !isApart(name, apart)), ...skippedTests()]
    const long = await runTests(run, folder, '', { ...environment, TESTS: NEVER_QUICK.join(',') })
    outcomes.push(...tableOf(long).filter(({ name }) => isApart(name, NEVER_QUICK)))
    for (const [test, { run: parts }] of Object.entries(PARTS)) {
      for (const part of parts) {
        const output = await runTests(run, folder, '-Q', { ...environment, TESTS: test, SUBTESTS: part })
        const rows = tableOf(output).filter(({ name }) => isApart(name, [test]))
        outcomes.push(...rows.map((row) => partOf(row, part, output)))
      }
    }
    return grouped(outcomes)
  },
}

const isApart = (name: string, numbers: readonly string[]) => numbers.includes(name.slice(0, 4))

/** A part that the filter did not find passes without having run. */
function partOf(outcome: Outcome, part: string, output: string): Outcome {
  const name = `${outcome.name} ${part}`
  if (output.includes(`[ ${part}`)) return { ...outcome, name }
  return { name, result: 'failed', detail: 'there is no such part' }
}

function skippedTests(): Outcome[] {
  const whole = Object.entries(SKIPPED).map(([name, detail]) => ({ name, detail }))
  const parts = Object.entries(PARTS).map(([name, { why }]) => ({ name: `${name}, the other parts`, detail: why }))
  return [...whole, ...parts].map((test) => ({ ...test, result: 'skipped' }))
}

/** The many tests without a broker as one line. */
function grouped(outcomes: readonly Outcome[]): Outcome[] {
  const local = outcomes.filter(({ detail }) => detail === LOCAL)
  const rest = outcomes.filter(({ detail }) => detail !== LOCAL)
  const numbers = local.map(({ name }) => name.slice(0, 4))
  const detail = `they need no broker, or disturb sockets by themselves: ${[...new Set(numbers)].join(' ')}`
  return [...rest, { name: `${local.length} tests`, result: 'skipped', detail }]
}

/** The folder of the compiled tests. */
async function testFolder({ processes, print }: SuiteRun): Promise<string> {
  const source = join(await npmPackage(processes, PACKAGE, VERSION), 'deps', 'librdkafka')
  const tests = join(source, 'tests')
  const isThere = await access(join(tests, 'test-runner')).then(
    () => true,
    () => false,
  )
  if (isThere) return tests
  print('  compiling')
  const off = ['ssl', 'gssapi', 'curl', 'zstd'].map((part) => `--disable-${part}`)
  const steps: [string, string, readonly string[]][] = [
    ['configure', './configure', off],
    ['make', 'make', ['-j2', 'libs']],
    ['make-tests', 'make', ['-C', 'tests', '-j2', 'build']],
  ]
  for (const [name, command, args] of steps) {
    const ended = await processes.run(name, command, args, { cwd: source, limitSeconds: BUILD_LIMIT_SECONDS })
    const problem = failure(ended, name)
    if (problem !== undefined) throw new Unavailable(problem)
  }
  return tests
}

/** Some tests call Kafka's own command line tools in $KAFKA_PATH/bin. */
async function testEnvironment(run: SuiteRun, tests: string): Promise<Record<string, string>> {
  const bin = join(run.folder, 'kafka-tools', 'bin')
  await mkdir(bin, { recursive: true })
  const script = join(bin, 'kafka-topics.sh')
  const java = `java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp '${await systemTestJars()}'`
  await writeFile(script, `#!/bin/sh\nexec ${java} org.apache.kafka.tools.TopicCommand "$@"\n`)
  await chmod(script, 0o755)
  const config = join(run.folder, 'test.conf')
  await writeFile(config, `metadata.broker.list=${run.bootstrap}\ntest.topic.random=true\n`)
  return {
    RDKAFKA_TEST_CONF: config,
    KAFKA_PATH: join(run.folder, 'kafka-tools'),
    BROKERS: run.bootstrap,
    TEST_KAFKA_VERSION: BROKER_VERSION,
    LD_LIBRARY_PATH: `${join(tests, '..', 'src')}:${join(tests, '..', 'src-cpp')}`,
  }
}

/** Without the tests that need no broker (-L) or disturb sockets themselves (-E), two at a time. */
async function runTests(run: SuiteRun, tests: string, mode: string, env: Record<string, string>): Promise<string> {
  const args = ['-L', '-E', '-p2', ...(mode === '' ? [] : [mode])]
  const name = `rdkafka-${env.SUBTESTS?.replaceAll(':', '') ?? (mode === '' ? 'long' : 'quick')}`
  const options = { cwd: tests, env, limitSeconds: RUN_LIMIT_SECONDS }
  const { output } = await run.processes.run(name, join(tests, 'test-runner'), args, options)
  return output
}

/** The rows of the table that the program closes with; without one, that itself has failed. */
function tableOf(output: string): Outcome[] {
  const table = stripVTControlCharacters(output)
  const rows = table.matchAll(/^\| *(\w+) +\| +(PASSED|FAILED|SKIPPED) \|[^|]*\|(.*)\|?$/gm)
  const outcomes = [...rows].map(([, name = '', result = '', rest = '']): Outcome => {
    const detail = rest.replace(/\|$/, '').trim()
    return { name, result: result.toLowerCase() as Outcome['result'], ...(detail === '' ? {} : { detail }) }
  })
  const tests = outcomes.filter(({ name, detail }) => name !== '_MAIN_' && !isNotAsked(detail))
  if (outcomes.length === 0) return [{ name: '0000 table of results', result: 'failed', detail: output.slice(-300) }]
  return tests
}

const isNotAsked = (detail: string | undefined) =>
  /not included in TESTS list|included in TESTS_SKIP/.test(detail ?? '')
