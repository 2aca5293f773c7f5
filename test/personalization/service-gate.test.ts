import t from 'tap'
import { packedProfile } from '../../lib/personalization/frame/user/packed-profile.js'
import { CHUNK, type UserEntry } from '../../lib/personalization/frame/user/user-entry.js'
import { latenessOf } from '../../lib/personalization/records/dead-letter.js'
import { event, only, START_MS, serviceDriver, topics } from './service-driver.js'

const MINUTE = 60_000

t.test('what is invalid goes to the dead letters with its origin, and the job goes on', async (t) => {
  const good = event({ eventId: '1', atMs: 0 })
  const rows: [string, (service: ReturnType<typeof serviceDriver>) => void, string][] = [
    ['no Avro', (s) => s.raw.pipe(Buffer.from('ann'), Buffer.from('garbage')), 'unreadable value'],
    [
      'another schema',
      (s) => s.raw.pipe(Buffer.from('ann'), Buffer.from('c3010102030405060708aa', 'hex')),
      'unknown schema',
    ],
    ['a tombstone', (s) => s.raw.pipe(Buffer.from('ann'), null), 'no value'],
    ['wrong key', (s) => s.sendAs('bob', good), 'the record key is not the user'],
    ['no key', (s) => s.sendAs(null, good), 'the record key is not the user'],
    ['no item', (s) => s.send({ ...good, itemId: null }), 'view without itemId'],
    ['a time of another age', (s) => s.send({ ...good, at: 5 }), 'time outside 2000 to 2100'],
    [
      'a click of tomorrow',
      (s) => s.send({ ...good, source: 'page', at: good.at + 86_400_000 }),
      'time ahead of the clock',
    ],
  ]
  for (const [name, send, reason] of rows) {
    const service = serviceDriver()
    send(service)
    service.send({ ...good, eventId: 'after' })
    t.match(service.deadLetters(), [{ reason, topic: topics.activity, partition: 0, offset: 0, row: -1 }], name)
    t.equal(service.decisions().length, 1, name)
  }
})

t.test('bytes that could not be read are kept', async (t) => {
  const service = serviceDriver()
  service.raw.pipe(Buffer.from('ann'), Buffer.from('garbage'))
  const [letter] = service.deadLetters()
  t.equal(letter!.value!.toString(), 'garbage')
  t.equal(letter!.key!.toString(), 'ann')
})

t.test('late events inside grace count, later ones are counted with their lateness', async (t) => {
  const service = serviceDriver({ graceMs: MINUTE })
  service.send(event({ eventId: '1', atMs: 5 * MINUTE }))
  service.send(event({ eventId: '2', atMs: 4 * MINUTE }), event({ eventId: '3', atMs: 4 * MINUTE - 1 }))
  t.same(
    service.decisions().map(({ subject }) => subject),
    ['1', '2'],
  )
  t.same(
    service.deadLetters().map(({ reason }) => latenessOf(reason)),
    [MINUTE + 1],
  )
  t.equal(latenessOf('unreadable value'), null)
})

t.test('an id counts once for its user, also with another time, until it is forgotten', async (t) => {
  const service = serviceDriver({ rememberIdsMs: 10 * MINUTE })
  const one = event({ eventId: 'same', atMs: 0 })
  service.send(one, one, { ...one, at: one.at + 1_000 })
  t.equal(service.decisions().length, 1)
  service.send({ ...one, userId: 'bob' })
  t.equal(service.decisions().length, 1, 'of another user it is another')
  service.send(event({ eventId: 'later', atMs: 5 * MINUTE }), { ...one, at: one.at + 5 * MINUTE })
  t.equal(service.decisions().length, 1)
  t.same(service.deadLetters(), [])
})

t.test('an event without id is named by its place', async (t) => {
  const service = serviceDriver()
  service.send(event({ eventId: '', atMs: 0 }), event({ eventId: '', atMs: 0 }))
  t.same(
    service.decisions().map(({ subject }) => subject),
    ['user-activity-0-0', 'user-activity-0-1'],
  )
})

t.test('live, the wall clock moves timers once the input is idle; in a replay it never does', async (t) => {
  const left = (source: 'page' | 'replay') => {
    const service = serviceDriver({ idleAfterMs: 10_000, graceMs: MINUTE })
    service.send({ ...event({ eventId: 'c', atMs: 0, type: 'cart' }), source })
    service.advanceWallClockTime(5 * MINUTE)
    t.same(only(service.decisions(), 'cart-abandonment'), [])
    for (let i = 0; i < 7; i++) service.advanceWallClockTime(10_000)
    return only(service.decisions(), 'cart-abandonment').map(({ subject, at }) => [subject, at - START_MS])
  }
  t.same(left('page'), [['c', 5 * MINUTE]])
  t.same(left('replay'), [])
})

t.test('after the end of the input, clicks of later times still count', async (t) => {
  const service = serviceDriver()
  service.send(event({ eventId: '1', atMs: 0 }))
  service.end(1_000)
  service.send({ ...event({ eventId: '2', atMs: 1_000 }), source: 'page' })
  service.send({ ...event({ eventId: '3', atMs: 1_001 }), source: 'page' })
  t.same(
    service.decisions().map(({ subject }) => subject),
    ['1', '3'],
  )
  t.equal(service.deadLetters().length, 1)
})

t.test('the profile known when the event comes is used; an older version does not replace it', async (t) => {
  const service = serviceDriver()
  const profile = {
    userId: 'ann',
    name: 'Ann',
    country: 'NL',
    interests: ['audio'],
    tier: 'plus',
    source: 'page',
  } as const
  service.send(event({ eventId: '1', atMs: 0 }))
  service.profiles.pipe('ann', { ...profile, updatedAt: START_MS })
  service.send(event({ eventId: '2', atMs: 1 }))
  service.profiles.pipe('ann', { ...profile, interests: [], updatedAt: START_MS - 5 })
  t.same(
    service.decisions().map(({ profileKnown }) => profileKnown),
    [false, true],
  )
  const users = service.driver.store<{ get(key: string): { value: UserEntry } | null }>('users')
  const held = users.get('ann')!.value.get(CHUNK.profile)!
  t.same(packedProfile.deserialize(held, '').interests, ['audio'])
})
