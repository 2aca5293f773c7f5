/** The client tests of franz-go, unchanged: producers, groups, transactions, and fault injection on its own connections. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { goEnvironment, goModule, Unavailable } from './downloads.js'
import { failure } from './processes.js'
import type { Outcome, Suite, SuiteRun } from './suite.js'

const MODULE = 'github.com/twmb/franz-go'
const VERSION = 'v1.22.3'
const BUILD_LIMIT_SECONDS = 400
const TEST_LIMIT_SECONDS = 400
/** Records of the two large tests: the suite's own default is 500,000. */
const RECORDS = '100000'

export const franzGo: Suite = {
  name: 'franz-go',
  what: `the client tests of ${MODULE} ${VERSION}`,
  brokers: ['embedded', 'kafka'],
  tools: ['go'],
  quick: false,
  limitSeconds: 900,
  async run(run) {
    const program = await testProgram(run)
    const { bootstrap, processes } = run
    const env = {
      KGO_SEEDS: bootstrap,
      KGO_TEST_RF: '1',
      KGO_TEST_MAX_TOPIC_PARTS: '3',
      KGO_TEST_RECORDS: RECORDS,
    }
    const args = ['-test.v', `-test.timeout=${TEST_LIMIT_SECONDS - 10}s`]
    const options = { env, cwd: join(program, '..', 'pkg', 'kgo'), limitSeconds: TEST_LIMIT_SECONDS }
    const ended = await processes.run('kgo-test', program, args, options)
    const outcomes = goOutcomes(ended.output)
    const problem = failure(ended, 'the test program')
    // A test that never ended has no line of its own.
    if (problem === undefined || outcomes.some(({ result }) => result === 'failed')) return outcomes
    return [...outcomes, { name: 'all tests end', result: 'failed', detail: problem }]
  },
}

/** The compiled tests, in the module's folder. */
async function testProgram({ processes, print }: SuiteRun): Promise<string> {
  const module = await goModule(processes, MODULE, VERSION)
  const program = join(module, 'kgo.test')
  const isThere = await access(program).then(
    () => true,
    () => false,
  )
  if (isThere) return program
  print('  compiling')
  const build = ['test', '-c', '-o', program, './pkg/kgo']
  const options = { cwd: module, env: goEnvironment(), limitSeconds: BUILD_LIMIT_SECONDS }
  const problem = failure(await processes.run('go-test-c', 'go', build, options), 'go test -c')
  if (problem !== undefined) throw new Unavailable(problem)
  return program
}

/** Of `go test -v`: the tests, without their sub-tests. */
function goOutcomes(output: string): Outcome[] {
  const results = { PASS: 'passed', FAIL: 'failed', SKIP: 'skipped' } as const
  return [...output.matchAll(/^--- (PASS|FAIL|SKIP): (\S+) \(/gm)].map(([, result, name = '']) => {
    const outcome = { name, result: results[result as keyof typeof results] }
    return outcome.result === 'passed' ? outcome : { ...outcome, detail: reasonOf(name, output) }
  })
}

/** The last line that the test wrote itself, which go puts under its name. */
function reasonOf(name: string, output: string): string {
  let current = ''
  let reason = 'no reason given'
  for (const line of output.split('\n')) {
    const named = /^=== (?:RUN|CONT|NAME) +([^\s/]+)/.exec(line)
    if (named !== null) current = named[1]!
    else if (current === name && /^ {4,}\w+_test\.go:\d+: /.test(line)) reason = line.trim()
  }
  return reason.slice(0, 300)
}
