import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import t, { type Test } from 'tap'
import { startedBroker } from './started.js'

interface Started {
  readonly child: ChildProcess
  readonly bootstrap: string
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--import=tsx', 'lib/cli/broker.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

function started(t: Test, args: readonly string[]): Promise<Started> {
  const child = start(args)
  t.teardown(() => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout!.on('data', (bytes) => {
      output += bytes
      const address = /answers at (\S+),/.exec(output)
      if (address !== null) resolve({ child, bootstrap: address[1]! })
    })
    child.once('exit', (code) => reject(new Error(`the broker ended with ${code}`)))
  })
}

function exited(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = ''
  child.stderr!.on('data', (bytes) => {
    errors += bytes
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, errors })))
}

t.test('kill -9 loses nothing that was acknowledged; SIGTERM closes at once', { timeout: 60_000 }, async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'millrace-broker-cli-'))
  t.teardown(() => rmSync(data, { recursive: true, force: true }))
  const args = ['--port', '0', '--data', data]
  const first = await started(t, args)
  const client = (bootstrap: string) => new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const admin = client(first.bootstrap).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'a' }] })
  await admin.disconnect()
  const producer = client(first.bootstrap).producer({ transactionalId: 'p', maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  for (let i = 0; i < 3; i++) {
    const transaction = await producer.transaction()
    await transaction.send({ topic: 'a', messages: [{ value: `${i}` }] })
    await transaction.commit()
  }
  const killed = exited(first.child)
  first.child.kill('SIGKILL')
  await killed
  await producer.disconnect().catch(() => {})
  const second = await started(t, args)
  const again = client(second.bootstrap).admin()
  await again.connect()
  t.match(await again.fetchTopicOffsets('a'), [{ high: '6' }])
  await again.disconnect()
  const closed = exited(second.child)
  second.child.kill('SIGTERM')
  t.match(await closed, { code: 0, errors: '' })
})

t.test('one line and a code for what goes wrong', { timeout: 60_000 }, async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-broker-cli-')), 'file')
  writeFileSync(file, '')
  const rows: [string[], RegExp][] = [
    [['--port', String(port)], /^PORT_IN_USE: Port \d+ .*\n$/],
    [['--port', 'x'], /^CONFIG_INVALID: --port x .*\n$/],
    [['--nonsense'], /^CONFIG_INVALID: Unknown option '--nonsense'\n$/],
    [['--port', '0', '--data', join(file, 'data')], /^BROKER_STORAGE_FAILED: Cannot write to .*\n$/],
  ]
  for (const [args, line] of rows) {
    const { code, errors } = await exited(start(args))
    t.equal(code, 1, args.join(' '))
    t.match(errors, line)
  }
})

t.test('frames: split into bytes, too long, nonsense', async (t) => {
  const { bootstrap, reports } = await startedBroker(t)
  const port = Number(bootstrap.split(':')[1])
  const request = Buffer.from('0000000a00120000000000070000', 'hex')
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  const answer = new Promise<Buffer>((resolve) => {
    let received = Buffer.alloc(0)
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
      if (received.length >= 8) resolve(received)
    })
  })
  for (const byte of request) {
    socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal((await answer).readInt32BE(4), 7, 'the correlation id comes back')
  socket.destroy()
  for (const bytes of ['7fffffff', 'ffffffff', '0000000a03e70000000000070000']) {
    const other = connect(port, '127.0.0.1')
    const closed = new Promise((resolve) => other.once('close', resolve))
    other.on('error', () => {})
    other.write(Buffer.from(bytes, 'hex'))
    await closed
  }
  t.equal(reports.length, 3)
  t.match(reports[0]!, /a frame of 2147483647 bytes/)
})
