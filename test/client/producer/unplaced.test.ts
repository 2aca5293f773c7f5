/** Records of the plain producer that wait for their topic or their schema: how many, and what is left of them when it closes. */
import t from 'tap'
import { SchemaPending, string, topic } from '../../../lib/index.js'
import { rig, told, words } from './producer-rig.js'

t.test('`ready` waits too while many records wait for their topic', async (t) => {
  const { broker, producer, send } = rig()
  broker.always('Metadata', () => 'hang')
  const sends: Promise<unknown>[] = []
  const filling = async () => {
    for (let i = 0; i < 5_000; i++) {
      await producer.ready()
      const sent = send('a')
      sent.catch(() => undefined)
      sends.push(sent)
    }
  }
  const filled = filling()
  await new Promise((resolve) => setImmediate(resolve))
  t.ok(sends.length <= 1_000, `${sends.length} records`)
  await producer.close({ timeoutMs: 0 })
  await filled
  t.equal(sends.length, 5_000)
  t.ok((await Promise.allSettled(sends)).every(({ status }) => status === 'rejected'))
})

t.test('a closed producer leaves no timer behind', async (t) => {
  const { broker, producer } = rig()
  await producer.send(words, { value: 'warm' })
  const timers = new Set<() => void>()
  Object.assign(broker.clock, {
    setTimer(delayMs: number, fire: () => void) {
      timers.add(fire)
      if (delayMs === 0) setImmediate(fire)
      return () => timers.delete(fire)
    },
  })
  const serialize = () => {
    throw new SchemaPending(new Promise(() => undefined))
  }
  const never = topic('words', { key: string, value: { ...string, serialize } })
  const waiting = told([producer.send(never, { value: 'a' })])
  await producer.close({ timeoutMs: 0 })
  t.same(await waiting, ['CLIENT_CLOSED'])
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(timers.size, 0)
})
