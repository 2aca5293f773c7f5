/** The broker launcher itself: what it refuses, and the settings it gives. */

import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import t from 'tap'
import { brokerEnvironment } from '../../verify/kafka/docker.js'
import { serverProperties } from '../../verify/kafka/jvm.js'
import { brokerAnswers, freePorts, isPortFree } from '../../verify/kafka/probe.js'

function kafkaCommand(...flags: string[]) {
  const { status, stderr } = spawnSync(process.execPath, ['--import=tsx', 'verify/kafka/main.ts', ...flags], {
    encoding: 'utf8',
    env: { ...process.env, DEBUG: '' },
  })
  return { status, stderr }
}

t.test('a wrong argument is one line with a code', async (t) => {
  t.match(kafkaCommand('--prot', '1'), { status: 1, stderr: /^CONFIG_INVALID: .*--prot.*\n$/ })
  t.match(kafkaCommand('--port', '70000'), { status: 1, stderr: /^CONFIG_INVALID: --port 70000 .*\n$/ })
})

t.test('a port in use is one line with a code, and nothing answers like a broker', async (t) => {
  const [port = 0] = await freePorts(1)
  t.equal(await isPortFree(port), true)
  t.equal(await brokerAnswers(`127.0.0.1:${port}`), false, 'nobody listens')
  const server = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  t.equal(await isPortFree(port), false)
  t.equal(await brokerAnswers(`127.0.0.1:${port}`, 200), false, 'somebody listens and says nothing')
  t.match(kafkaCommand('--port', String(port)), { status: 1, stderr: /^PORT_IN_USE: .*\n$/ })
})

t.test('free ports are different ports', async (t) => {
  t.equal(new Set(await freePorts(20)).size, 20)
})

const NODE = { id: 1, controllerPort: 2, voters: [{ id: 1, port: 2 }] }

t.test('both ways to start Kafka give it the same settings', async (t) => {
  const properties = serverProperties(1, NODE, '/data')
  const environment = brokerEnvironment(1)
  for (const line of properties.split('\n').filter((text) => /^(offsets|transaction|group|auto)\./.test(text))) {
    const [name = '', value] = line.split('=')
    t.equal(environment[`KAFKA_${name.replaceAll('.', '_').toUpperCase()}`], value, name)
  }
})

t.test('a node of a cluster knows the others, and its own settings win', async (t) => {
  const voters = [1, 2, 3].map((id) => ({ id, port: 100 + id }))
  const settings = { 'offsets.topic.replication.factor': '3' }
  const lines = serverProperties(9, { id: 2, controllerPort: 102, voters }, '/data', settings).split('\n')
  t.ok(lines.includes('node.id=2'))
  t.ok(lines.includes('controller.quorum.voters=1@127.0.0.1:101,2@127.0.0.1:102,3@127.0.0.1:103'))
  t.same(
    lines.filter((line) => line.startsWith('offsets.topic.replication.factor')),
    ['offsets.topic.replication.factor=3'],
  )
})
