import t from 'tap'
import { Reachability } from '../../lib/client/reachability.js'
import { ManualClock } from '../../lib/testing/index.js'

function rig() {
  const clock = new ManualClock(0)
  const reachability = new Reachability(clock)
  const told: string[] = []
  reachability.onOutage = (cause) => told.push(`outage ${String(cause)}`)
  reachability.onRecovery = (ms) => told.push(`recovery ${ms}`)
  let fails = false
  const transport = reachability.watch({
    async send() {
      if (fails) throw new Error('reset')
      return Buffer.alloc(0)
    },
    async close() {},
  })
  const send = async (failing: boolean) => {
    fails = failing
    await transport.send({ host: 'h', port: 1 }, 'admin', {} as never).catch(() => undefined)
  }
  return { clock, reachability, told, send, close: () => transport.close() }
}

t.test('a short failure is no outage', async (t) => {
  const { clock, told, send, reachability } = rig()
  await send(true)
  clock.advance(2_999)
  t.equal(reachability.unansweredMs, 2_999)
  await send(false)
  clock.advance(10_000)
  t.same(told, [])
  t.equal(reachability.unansweredMs, 0)
})

t.test('an outage is told once, and its end', async (t) => {
  const { clock, told, send } = rig()
  for (let i = 0; i < 50; i++) {
    await send(true)
    clock.advance(100)
  }
  await send(false)
  await send(false)
  t.same(told, ['outage Error: reset', 'recovery 5000'])
  await send(true)
  clock.advance(5_000)
  t.equal(told.length, 3, 'the next is told again')
})

t.test('a client that closes has no outage', async (t) => {
  const { clock, told, send, close } = rig()
  await send(true)
  await close()
  await send(true)
  clock.advance(60_000)
  t.same(told, [])
})
