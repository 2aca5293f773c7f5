/** Goal: any OpenFeature SDK can ask. Method: the SDKs for servers and browsers with their OFREP providers, as they are. */
import { OFREPProvider } from '@openfeature/ofrep-provider'
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider'
import {
  ErrorCode,
  type EvaluationContext,
  OpenFeature as Server,
  StandardResolutionReasons,
} from '@openfeature/server-sdk'
import { type Provider, OpenFeature as Web } from '@openfeature/web-sdk'
import t from 'tap'
import { userTicket } from '../../../../lib/personalization/doors/user-ticket.js'
import { armOf } from '../../../../lib/personalization/experiments/experiment.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'
import { openDoors, post, TICKET_SECRET } from '../provocation.js'

const FLAG = 'carousel-algorithm'
const FLAGS = '/ofrep/v1/evaluate/flags'
const USERS = Array.from({ length: 60 }, (_, i) => `user-${i}`)
const ticket = (userId: string) => userTicket(userId, { secret: TICKET_SECRET, validFor: '1m', nowMs: Date.now() })
const closed = { demoLogin: false, serverKey: 'server key of the site'.replaceAll(' ', '-') }
const headers = { authorization: `Bearer ${closed.serverKey}` }

t.teardown(async () => {
  await Server.close()
  await Web.close()
})

t.test('the SDK for servers gets the arm of each user', async (t) => {
  const { address } = await openDoors(t, closed)
  await Server.setProviderAndWait('arms', new OFREPProvider({ baseUrl: address, headers: Object.entries(headers) }))
  const client = Server.getClient('arms')
  for (const userId of USERS) {
    const details = await client.getStringDetails(FLAG, 'none', { targetingKey: userId, country: 'DE' })
    const arm = armOf(userId)
    t.match(details, { value: arm, variant: arm, reason: StandardResolutionReasons.SPLIT })
    t.same(details.flagMetadata, { decision: 'carousel', holdOut: false })
  }
  t.equal(new Set(USERS.map(armOf)).size, 2, 'both arms are among them')
  const visitor = await client.getStringDetails(FLAG, 'none', { targetingKey: 'anonymous:s-1' })
  t.equal(visitor.value, armOf('anonymous:s-1'))
})

t.test('its errors are those of OpenFeature, and the default is used', async (t) => {
  const { address } = await openDoors(t, closed)
  const ask = async (
    domain: string,
    key: string,
    context: EvaluationContext,
    given: Record<string, string> = headers,
  ) => {
    await Server.setProviderAndWait(domain, new OFREPProvider({ baseUrl: address, headers: Object.entries(given) }))
    return Server.getClient(domain).getStringDetails(key, 'fallback', context)
  }
  const fallback = { value: 'fallback', reason: StandardResolutionReasons.ERROR }
  t.match(await ask('a', 'no-such-flag', { targetingKey: 'ada' }), { ...fallback, errorCode: ErrorCode.FLAG_NOT_FOUND })
  t.match(await ask('b', FLAG, {}), { ...fallback, errorCode: ErrorCode.TARGETING_KEY_MISSING })
  t.match(await ask('c', FLAG, { targetingKey: 'x'.repeat(101) }), {
    ...fallback,
    errorCode: ErrorCode.INVALID_CONTEXT,
  })
  t.match(await ask('d', FLAG, { targetingKey: 'ada' }, {}), { ...fallback, errorCode: ErrorCode.GENERAL })
  t.match(await ask('e', FLAG, { targetingKey: 'ada' }, { 'x-api-key': closed.serverKey }), { value: armOf('ada') })
  t.match(await ask('f', FLAG, { targetingKey: 'ada' }, { 'x-api-key': ticket('ada') }), { value: armOf('ada') })
  t.match(await ask('g', FLAG, { targetingKey: 'bob' }, { 'x-api-key': ticket('ada') }), fallback, 'another user')
})

t.test('a provider that is told to wait waits', async (t) => {
  const clock = new ManualClock(1_800_000_000_000)
  const { address } = await openDoors(t, { ...closed, clock, ratePerAddress: 1 })
  await Server.setProviderAndWait('busy', new OFREPProvider({ baseUrl: address, headers: Object.entries(headers) }))
  const client = Server.getClient('busy')
  const reasons: (string | undefined)[] = []
  for (let i = 0; i < 4; i++)
    reasons.push((await client.getStringDetails(FLAG, '', { targetingKey: 'ada' })).errorMessage)
  t.same(reasons.slice(0, 2), [undefined, undefined])
  t.match(reasons.slice(2), [/rate limit exceeded/, /paused due to TooManyRequests/])
})

t.test('a held-out user gets the arm without the change', async (t) => {
  const { address } = await openDoors(t, closed, { isHeldOut: (userKey) => userKey === 'ada' })
  await Server.setProviderAndWait('held', new OFREPProvider({ baseUrl: address, headers: Object.entries(headers) }))
  const details = await Server.getClient('held').getStringDetails(FLAG, 'none', { targetingKey: 'ada' })
  t.match(details, { value: 'control', variant: 'hold-out', reason: StandardResolutionReasons.STATIC })
})

t.test('the arm kept in the entry of a user goes before the one that would be dealt', async (t) => {
  const userId = USERS.find((user) => armOf(user) === 'control')!
  const { address } = await openDoors(t, closed, { armOf: async () => 'treatment' })
  const answer = await post(`${address}${FLAGS}/${FLAG}`, { context: { targetingKey: userId } }, headers)
  t.match(await answer.json(), { value: 'treatment' })
})

t.test('the SDK for browsers gets all flags of its user, and asks whether they have changed', async (t) => {
  const { address } = await openDoors(t, closed)
  const answers: { status: number; etag: string | null }[] = []
  const provider = new OFREPWebProvider({
    baseUrl: address,
    headers: Object.entries({ authorization: `Bearer ${ticket('user-1')}` }),
    pollInterval: -1,
    cacheMode: 'disabled',
    fetchImplementation: async (request: Parameters<typeof fetch>[0]) => {
      const answer = await fetch(request)
      answers.push({ status: answer.status, etag: answer.headers.get('etag') })
      return answer
    },
    // Its types are not written for `exactOptionalPropertyTypes`.
  }) as Provider
  await Web.setProviderAndWait(provider, { targetingKey: 'user-1' })
  const details = Web.getClient().getStringDetails(FLAG, 'none')
  t.match(details, { value: armOf('user-1'), variant: armOf('user-1') })
  await Web.setContext({ targetingKey: 'user-1', plan: 'plus' })
  t.match(Web.getClient().getStringDetails(FLAG, 'none'), { value: armOf('user-1') })
  t.ok(answers.length >= 2)
  t.match(answers[0], { status: 200, etag: /^"[0-9a-f]{16}"$/ })
  await t.rejects(
    Web.setProviderAndWait('other', provider, { targetingKey: 'user-2' }),
    'the ticket is of another user',
  )
})

t.test('bulk evaluation and its ETag', async (t) => {
  const { address } = await openDoors(t, closed)
  const ask = (userId: string, ifNoneMatch?: string) => {
    const condition = ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }
    return post(address + FLAGS, { context: { targetingKey: userId } }, { ...headers, ...condition })
  }
  const [control, treatment] = ['control', 'treatment'].map((arm) => USERS.find((user) => armOf(user) === arm)!)
  const first = await ask(control!)
  t.match(await first.json(), { flags: [{ key: FLAG, value: 'control', reason: 'SPLIT', variant: 'control' }] })
  const etag = first.headers.get('etag')!
  const rows: [string, string, number][] = [
    [control!, etag, 304],
    [control!, `W/${etag}`, 304],
    [control!, `"other", ${etag}`, 304],
    [control!, '*', 304],
    [control!, '"other"', 200],
    [treatment!, etag, 200],
  ]
  for (const [user, condition, status] of rows) {
    const answer = await ask(user, condition)
    t.equal(answer.status, status, `${condition} of ${user}`)
    t.equal((await answer.text()).length > 0, status === 200)
  }
})
