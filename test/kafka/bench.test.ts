/** Goal: the README's benchmark runs and compares outputs. Method: the same command, as small as it goes. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { userEnvironment } from '../user-environment.js'
import { realKafka } from './broker.js'

t.setTimeout(300_000)

t.test('count beside Kafka Streams, outputs compared', { timeout: 240_000 }, async (t) => {
  if ((await realKafka(t)) === null) return
  if (spawnSync('javac', ['-version']).status !== 0 || spawnSync('mvn', ['-version']).status !== 0) {
    t.pass('the Java side', { skip: 'javac or mvn is missing' })
    return
  }
  const flags = ['count', '--vs', 'java', '--records', '20000', '--rounds', '1', '--json']
  const { status, stdout, stderr } = spawnSync('npm', ['run', '-s', 'bench', '--', ...flags], {
    encoding: 'utf8',
    env: userEnvironment(),
  })
  t.equal(status, 0, stderr.slice(-2_000))
  const result = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>
  t.match(result, {
    suite: 'count',
    outputsEqual: true,
    ours: { recordsPerSecond: Number },
    theirs: { peakRssMb: Number },
  })
  t.type(result.ratio, 'number')
})
