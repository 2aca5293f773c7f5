import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connect, Producer, readAll, string } from '../../../lib/index.js'
import type { PersonalizationService } from '../../../lib/personalization/service.js'
import { ADA, ADAS_VALUES, adaShops, filesWith, openWorld, until, view, type World } from './world.js'

const TEXTS = [ADA, ...ADAS_VALUES, 'punched \\"cards\\"']

async function recordsOf(service: PersonalizationService, topic: string): Promise<number> {
  return (await readAll({ cluster: service.cluster, topic })).length
}

async function shopped(world: World): Promise<PersonalizationService> {
  const service = await world.open()
  await service.start()
  await adaShops(service)
  await service.intake.submit(view('bob', 'i9'))
  await until(async () => (await recordsOf(service, service.topics.recommendations)) >= 3)
  return service
}

function proof(world: World, service: PersonalizationService, user = ADA, values = ADAS_VALUES) {
  return service.proveErasure(user, { folders: [world.folder], values })
}

t.setTimeout(120_000)

t.test('nothing about a user is ever written in plain, and after an erasure nobody can read it', async (t) => {
  const world = await openWorld(t)
  const service = await shopped(world)
  const before = await service.summary()
  t.ok(before.decisions.some(({ decided }) => decided > 0))

  const alive = await proof(world, service)
  t.equal(alive.isErased, false)
  t.match(alive.remainders, [{ where: /^shop-user-keys-0 at offset \d+$/, what: /^a wrapped key of the user/ }])
  t.equal(alive.remainders.length, 1)

  t.same(await service.erase(ADA), { keys: 1, visitors: 0, readableUntilRetention: [] })
  const after = await proof(world, service)
  t.same(after.remainders, [])
  t.equal(after.isErased, true)
  t.same(after.notes, [])
  t.ok(after.searched.find(({ kind }) => kind === 'folder')!.bytes > 1_000)
  t.ok(after.searched.find(({ place }) => place === 'shop-user-activity')!.items >= 5)

  await service.close()
  await world.broker.close()
  t.same(filesWith(world.folder, TEXTS), [])
})

t.test('a copy that was planted is found, wherever it is', async (t) => {
  const world = await openWorld(t)
  const service = await shopped(world)
  await service.erase(ADA)
  const cluster = connect(world.broker)
  const producer = new Producer({ cluster })
  t.equal((await proof(world, service)).isErased, true)

  appendFileSync(join(world.folder, 'tasks', 'notes.txt'), `${'x'.repeat(1024 * 1024 - 5)}${ADA}`)
  const inFile = await proof(world, service)
  t.equal(inFile.isErased, false)
  t.match(inFile.remainders, [{ where: /notes\.txt at byte 1048571$/, what: 'the user id (UTF-8)' }])

  const plants: [string, Parameters<typeof producer.send>[1], RegExp, RegExp][] = [
    [
      'shop-user-activity',
      { key: Buffer.from(ADA), value: Buffer.from('{}') },
      /user-activity/,
      /user id .* in the key/,
    ],
    ['shop-dead-letters', { key: null, value: Buffer.from(`!${ADA}!`) }, /dead-letters/, /user id .* in the value/],
    [
      'shop-suppressed',
      { key: null, value: null, headers: [{ key: 'h', value: Buffer.from(ADA) }] },
      /suppressed/,
      /header/,
    ],
    [
      'shop-erasures',
      { key: Buffer.from('k'), value: Buffer.from(JSON.stringify(ADAS_VALUES[1])) },
      /erasures/,
      /value 2 \(JSON\)/,
    ],
    ['shop-users-changelog', { key: Buffer.from(ADA, 'utf16le'), value: null }, /changelog/, /UTF-16/],
  ]
  await service.admin.createTopics([{ name: 'shop-users-changelog', partitions: 1 }], { ifNotExists: true })
  for (const [topic, record, where, what] of plants) {
    await producer.send(topic, { ...record, partition: 0 })
    const found = await proof(world, service)
    t.ok(
      found.remainders.some((one) => where.test(one.where) && what.test(one.what)),
      `${topic} in ${JSON.stringify(found.remainders)}`,
    )
  }
  await producer.close()
  await cluster.close()
})

t.test('a wrapped key is reported until it is compacted away', async (t) => {
  const world = await openWorld(t)
  // A broker that does not compact at once, as Kafka.
  const kafka = { broker: { advertised: world.broker.advertised, connection: () => world.broker.connection() } }
  const service = await world.open({ connection: kafka })
  await service.start()
  await adaShops(service)
  await service.erase(ADA)
  const early = await proof(world, service)
  t.equal(early.isErased, false)
  t.match(early.remainders, [{ where: /^shop-user-keys-0/, what: /not compacted away yet/ }])
  world.broker.compact(service.topics.userKeys)
  t.equal((await proof(world, service)).isErased, true)
})

t.test('what was sealed for an erased user is skipped and counted, and is no dead letter', async (t) => {
  const world = await openWorld(t)
  const writer = await world.open()
  await adaShops(writer)
  await writer.intake.submit(view('bob', 'i9'))
  await writer.erase(ADA)
  await writer.start()
  await until(() => writer.counts.events >= 1 && writer.counts.erasedEvents >= 4)
  t.equal(writer.counts.deadLetters, 0)
  t.equal(await recordsOf(writer, writer.topics.deadLetters), 0)
})

t.test('a user who returns gets a new key and begins anew', async (t) => {
  const world = await openWorld(t)
  const service = await shopped(world)
  await service.erase(ADA)
  await until(async () => (await committed(service, service.topics.erasures)) >= 3)
  const before = service.counts.events
  await service.intake.submit(view(ADA, 'new-item'))
  await until(() => service.counts.events > before)
  const again = await proof(world, service)
  t.match(again.remainders, [{ where: /^shop-user-keys-0/ }])
  t.same(await service.erase(ADA), { keys: 1, visitors: 0, readableUntilRetention: [] })
  t.equal((await proof(world, service)).isErased, true)
})

t.test('who erases a user erases the visitors who became the user', async (t) => {
  const world = await openWorld(t)
  const service = await world.open()
  await service.start()
  const visitor = 'visitor-7f3a9c'
  await service.intake.submit(view(null, 'seen-before-login', { anonymousId: visitor }))
  await service.intake.submit(view(ADA, 'i1', { type: 'identify', itemId: null, anonymousId: visitor }))
  const unknown = await proof(world, service, `anonymous:${visitor}`, [visitor])
  t.match(unknown.remainders, [{ where: /user-keys/ }])
  t.same(await service.erase(ADA), { keys: 2, visitors: 1, readableUntilRetention: [] })
  t.equal((await proof(world, service, `anonymous:${visitor}`, [visitor, 'seen-before-login'])).isErased, true)
  t.same((await proof(world, service, ADA)).remainders, [])
})

async function committed(service: PersonalizationService, topic: string): Promise<number> {
  const count = await service.cluster.partitionCount(topic)
  const places = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
  const rows = await service.admin.groupOffsets('shop', places)
  return rows.reduce((sum, { offset }) => sum + Math.max(0, offset), 0)
}

t.test('without a master key state and profile go, and it is said what stays', async (t) => {
  const world = await openWorld(t)
  const service = await world.open({ masterKey: null })
  await service.start()
  await adaShops(service)
  await until(async () => (await recordsOf(service, service.topics.recommendations)) >= 2)
  const erased = await service.erase(ADA)
  t.equal(erased.keys, 0)
  t.ok(erased.readableUntilRetention.includes('shop-user-activity'))
  const left = await proof(world, service)
  t.equal(left.isErased, false)
  t.match(left.notes, [/no master key/])
  t.ok(left.remainders.some(({ where }) => where.startsWith('shop-user-activity-')))
  await until(async () => {
    const rows = await readAll({ cluster: service.cluster, topic: 'shop-users-changelog' })
    return rows.findLast(({ key }) => key !== null && string.deserialize(key, '') === ADA)?.value === null
  })
})

t.test('an id that is none is refused', async (t) => {
  const world = await openWorld(t)
  const service = await world.open()
  for (const user of ['', 'x'.repeat(101), 7 as never, null as never]) {
    await t.rejects(service.erase(user), { code: 'ERASURE_USER_INVALID' })
    await t.rejects(proof(world, service, user, []), { code: 'ERASURE_USER_INVALID' })
  }
})

t.test('a master key that is wrong, late, missing or none is refused, and nothing is lost', async (t) => {
  const world = await openWorld(t)
  const other = Buffer.alloc(32, 'other-key').toString('hex')
  for (const masterKey of ['', 'short', Buffer.alloc(31).toString('base64'), Buffer.alloc(32).toString('hex')]) {
    await t.rejects(world.open({ masterKey }), { code: 'MASTER_KEY_INVALID' })
  }
  const service = await world.open()
  await adaShops(service)
  await service.close()
  for (const [masterKey, code] of [
    [other, 'MASTER_KEY_WRONG'],
    [null, 'MASTER_KEY_MISSING'],
  ] as const) {
    await t.rejects(world.open({ masterKey, instanceId: 'b' }), { code })
  }
  const again = await world.open()
  await again.start()
  await until(() => again.counts.events >= 4)
  await again.close()

  const plain = { applicationId: 'plain', topicPrefix: 'plain-' }
  const before = await world.open({ ...plain, masterKey: null, stateDir: null })
  await before.start()
  await adaShops(before)
  await until(async () => (await recordsOf(before, before.topics.recommendations)) >= 2)
  await before.close()
  await t.rejects(world.open(plain), { code: 'MASTER_KEY_LATE' })
})

for (const order of ['before the merge', 'during the merge', 'after the merge'] as const) {
  t.test(`an erasure ${order} leaves nothing of the user and of the visitor`, async (t) => {
    const world = await openWorld(t)
    const service = await world.open()
    const visitor = 'visitor-2b8e01'
    if (order !== 'before the merge') await service.start()
    await service.intake.submit(view(null, ADAS_VALUES[0]!, { anonymousId: visitor }))
    await service.intake.submit(view(ADA, 'i1', { type: 'identify', itemId: null, anonymousId: visitor }))
    await service.intake.submit(view(ADA, 'i2'))
    if (order === 'after the merge') await until(async () => (await recordsOf(service, service.topics.merges)) > 0)
    const { visitors, keys } = await service.erase(ADA)
    t.same({ visitors, keys }, { visitors: 1, keys: 2 })
    if (order === 'before the merge') await service.start()
    await service.intake.submit(view('bob', 'i3'))
    await until(() => service.counts.events + service.counts.erasedEvents >= 4)
    t.same((await proof(world, service, ADA, [ADAS_VALUES[0]!, visitor])).remainders, [])
    t.same((await proof(world, service, `anonymous:${visitor}`, [])).remainders, [])
    t.equal(service.streams.state, 'running')
  })
}
