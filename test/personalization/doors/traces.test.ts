/** Why a decision was made, asked over HTTP of a running service, of another instance, and after a restart. */
import t, { type Test } from 'tap'
import { type EmbeddedBrokerOptions, embeddedBroker, readTopic } from '../../../lib/index.js'
import { defaultConfig } from '../../../lib/personalization/config/service-config.js'
import { PersonalizationServer } from '../../../lib/personalization/doors/server.js'
import { servicePort } from '../../../lib/personalization/doors/service-view.js'
import { userTicket } from '../../../lib/personalization/doors/user-ticket.js'
import { activityOf } from '../../../lib/personalization/records/activity.js'
import { DECISION_ID_HEADER } from '../../../lib/personalization/records/decision-id.js'
import { PersonalizationService } from '../../../lib/personalization/service.js'
import type { Explanation } from '../../../lib/personalization/trace/explanation.js'
import { systemClock } from '../../../lib/record/clock.js'
import { serviceOptions } from '../service-run.js'
import { TICKET_SECRET } from './provocation.js'

t.setTimeout(120_000)

const config = { ...defaultConfig, caps: [{ channel: 'push', most: 1, perMs: 86_400_000 }] as const }

async function opened(
  t: Test,
  connection: { broker: Awaited<ReturnType<typeof embeddedBroker>> },
  input: boolean,
  masterKey: string | null = null,
) {
  const options = await serviceOptions({ connection, name: 'why', folder: t.testdir(), rows: 2_500 })
  const service = await PersonalizationService.open({
    ...options,
    config,
    masterKey,
    stateDir: null,
    input: input ? options.input : null,
  })
  const stop = new AbortController()
  const port = await servicePort(service, 'a file', stop.signal)
  const server = new PersonalizationServer({
    service: port,
    ticketSecret: TICKET_SECRET,
    adminToken: 'operator',
    serverKey: 'key',
  })
  const app = await server.server()
  const ask = async (path: string, authorization = 'Bearer operator') => {
    const answer = await app.inject({ url: path, headers: { authorization } })
    return { status: answer.statusCode, body: answer.json() }
  }
  let closing: Promise<void> | null = null
  const close = () => {
    closing ??= (async () => {
      stop.abort()
      await server.close()
      await service.close()
    })()
    return closing
  }
  t.teardown(close)
  return { service, ask, close }
}

async function idsOf(service: PersonalizationService, topic: string): Promise<Map<string, string[]>> {
  const ids = new Map<string, string[]>()
  for await (const { records } of readTopic({ cluster: service.cluster, topic })) {
    for (const { key, headers } of records) {
      const user = key!.toString()
      const id = headers.find((header) => header.key === DECISION_ID_HEADER)!.value!.toString()
      ids.set(user, [...(ids.get(user) ?? []), id])
    }
  }
  return ids
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + 20_000
  while (!(await condition())) {
    if (systemClock.monotonicMs() > endMs) throw new Error('waited in vain')
    await new Promise<void>((resolve) => systemClock.setTimer(20, resolve))
  }
}

const broker: EmbeddedBrokerOptions = { folder: null }

t.test('delivered and suppressed decisions say why, also after a restart', async (t) => {
  const connection = { broker: await embeddedBroker(broker) }
  t.teardown(() => connection.broker.close())
  const first = await opened(t, connection, true)
  await first.service.start()
  await first.service.inputDone()
  const delivered = await idsOf(first.service, first.service.topics.recommendations)
  const suppressed = await idsOf(first.service, first.service.topics.suppressed)
  t.ok(suppressed.size > 0, 'caps suppress carts')
  const [user, [capped]] = [...suppressed][0] as [string, [string]]
  const answers = new Map<string, unknown>()

  const cap = (await first.ask(`/decisions/${capped}`)).body as Explanation
  t.match(cap, { decisionId: capped, userId: user, rule: 'cart-abandonment', outcome: 'suppressed', tier: '1m' })
  t.match(cap.suppressed, { reason: 'cap', meaning: /^The user has got as much/ })
  t.match(cap.cause, { kind: 'timer', event: { type: 'cart', activity: { type: 'cart', userId: user } } })
  t.equal(cap.cause.event!.id, cap.decision.subject)
  t.match(
    cap.rules.find(({ rule }) => rule === 'frequency-caps'),
    {
      answer: 'cap',
      figures: { caps: [{ most: 1, perMs: 86_400_000, delivered: 1 }] },
    },
  )
  t.same(
    cap.rules.map(({ rule, answer }) => `${rule} ${answer}`),
    [
      'hold-out does-not-apply',
      'consent passed',
      'expired passed',
      'already-bought does-not-apply',
      'quiet-hours does-not-apply',
      'frequency-caps cap',
    ],
  )
  t.match(cap.state.read, { value: { openedBy: cap.decision.subject }, cut: null })
  t.match(cap.why.at(-1), /^It was not delivered: The user has got as much on this channel/)
  t.match(cap.times, { arrival: null, process: /Z$/, judge: /Z$/, commit: /Z$/, deliver: null, render: null })

  const [carouselUser, ids] = [...delivered].find(([, ids]) => ids.length > 5)!
  for (const id of ids.slice(0, 6)) {
    const { status, body } = await first.ask(`/decisions/${id}`)
    t.equal(status, 200)
    const why = body as Explanation
    t.match(why, { decisionId: id, userId: carouselUser, outcome: 'delivered', suppressed: null })
    if (why.rule !== 'carousel') continue
    t.match(why.cause, { kind: 'event', event: { id: why.decision.subject, activity: { userId: carouselUser } } })
    t.match(why, { experiment: 'carousel-algorithm', arm: why.decision.arm, tier: 'live' })
    t.ok(why.waits.wait! >= 0 && why.waits.process! >= 0)
    const arrival = why.times.arrival!
    t.ok(arrival <= why.times.process! && why.times.process! <= why.times.judge!)
    answers.set(id, body)
  }
  await first.close()

  const second = await opened(t, connection, false)
  t.same((await second.ask(`/decisions/${capped}`)).body, cap, 'before it has started, from the topics')
  for (const [id, body] of answers) t.same((await second.ask(`/decisions/${id}`)).body, body)
  t.match(await second.ask(`/decisions/${'0'.repeat(32)}`), { status: 404, body: { error: 'DECISION_UNKNOWN' } })

  const all = [...(delivered.get(user) ?? []), ...suppressed.get(user)!]
  const paged: Explanation[] = []
  let before: string | null = null
  for (let pages = 0; pages < 100; pages++) {
    const { body } = await second.ask(`/users/${user}/trace?limit=7${before === null ? '' : `&before=${before}`}`)
    t.ok(body.decisions.length <= 7)
    paged.push(...body.decisions)
    before = body.before
    if (before === null) break
  }
  t.same(paged.map(({ decisionId }) => decisionId).sort(), all.sort(), 'every decision once')
  const commits = paged.map(({ times }) => times.commit)
  t.same(commits, [...commits].sort().reverse(), 'the latest first')
  t.same(await second.ask('/users/nobody/trace'), { status: 200, body: { decisions: [], before: null } })
  await second.close()
})

for (const masterKey of [null, Buffer.from('a master key of 32 bytes, secret').toString('base64')]) {
  t.test(`who may; what users do not see; impressions and clicks${masterKey === null ? '' : ', sealed'}`, async (t) => {
    const connection = { broker: await embeddedBroker(broker) }
    t.teardown(() => connection.broker.close())
    const { service, ask, close } = await opened(t, connection, false, masterKey)
    await service.start()
    const live = { userId: 'ada', itemId: 'i1', sessionId: 's', source: 'page' as const, at: 0 }
    const properties = '{"margin":3}'
    await service.intake.submit(activityOf({ ...live, eventId: 'e1', type: 'view', properties }))
    const ofAda = async (authorization?: string) =>
      (await ask('/users/ada/trace', authorization)).body.decisions as Explanation[]
    await until(async () => (await ofAda()).length === 1)
    const [why] = await ofAda()
    const { decisionId } = why!
    t.match(why!.cause.event, { id: 'e1', activity: { itemId: 'i1', properties } })
    t.match(why!.why[0], /^Carousel: the event e1 \(view: i1\) at .* led to it\.$/)
    for (const type of ['impression', 'click'] as const) {
      await service.intake.submit(activityOf({ ...live, eventId: type, type, decisionId }))
    }
    await until(async () => (await ofAda())[0]!.times.click !== null)
    const [seen] = await ofAda()
    t.ok(seen!.times.commit <= seen!.times.render! && seen!.times.render! <= seen!.times.click!)
    t.ok(seen!.waits.render! >= 0)

    await service.intake.submit(activityOf({ ...live, eventId: 'e2', type: 'view', itemId: 'i2' }))
    await until(async () => (await ofAda()).length === 2)
    t.match((await ofAda())[0]!.state.read.value, { id: 's', items: ['i1'] }, 'an operator sees the state')
    const ticket = userTicket('ada', { secret: TICKET_SECRET, validFor: '1m', nowMs: Date.now() })
    const own = await ofAda(`Bearer ${ticket}`)
    t.match(own[0]!.state.read, { value: null, cut: null }, 'a user does not')
    t.match(own[1]!.cause.event!.activity, { itemId: 'i1', properties: null })
    t.equal((await ask(`/decisions/${decisionId}`, `Bearer ${ticket}`)).body.decisionId, decisionId)
    t.same(await ofAda('Bearer key'), await ofAda(), 'your own servers see all')
    const other = userTicket('bob', { secret: TICKET_SECRET, validFor: '1m', nowMs: Date.now() })
    t.equal((await ask(`/decisions/${decisionId}`, `Bearer ${other}`)).status, 404, 'nothing of another user')
    await close()
  })
}
