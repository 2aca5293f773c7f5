/** Goal: the embedded broker answers random scripts as Kafka does. Method: the command itself, on a few seeds. */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { realKafka } from './broker.js'

t.test('random scripts get the same answers from both brokers', { timeout: 120_000 }, async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  const args = ['--import=tsx', 'verify/differential/main.ts', '--scripts', '20', '--from', '1000']
  const env = { ...process.env, KAFKA_BROKERS: kafka.bootstrap }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env, timeout: 110_000 })
  t.equal(status, 0, stderr + stdout)
  t.match(stdout, /^\d{4,} answers compared\n20 passed, 0 failed, 0 skipped\n$/m)
})
