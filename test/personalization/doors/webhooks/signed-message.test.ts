import { Webhook } from 'standardwebhooks'
import t from 'tap'
import {
  messageType,
  secretBytes,
  signedMessage,
} from '../../../../lib/personalization/doors/webhooks/signed-message.js'
import { decidedAs } from '../../service-driver.js'

const [NEW, OLD] = ['new', 'old'].map((text) => `whsec_${Buffer.from(text.padEnd(32, '.')).toString('base64')}`)
const DECISION = decidedAs({
  rule: 'cart-abandonment',
  userId: 'ada',
  subject: 'e-1',
  at: 1_772_000_000_000,
  items: ['p-1', 'p-2'],
  title: 'Nöch da?',
})

t.test('the verifier of the specification accepts it', async (t) => {
  const nowMs = Date.now()
  const { headers, body } = signedMessage(DECISION, [secretBytes(NEW!)!], nowMs)
  t.same(new Webhook(NEW!).verify(body, headers), {
    type: 'decision.cart_abandonment',
    timestamp: '2026-02-25T06:13:20.000Z',
    data: JSON.parse(JSON.stringify(DECISION)),
  })
  t.equal(headers['webhook-id'], DECISION.decisionId)
  t.equal(headers['webhook-timestamp'], String(Math.floor(nowMs / 1_000)))
  t.equal(headers['content-type'], 'application/json')
  t.throws(() => new Webhook(OLD!).verify(body, headers), 'signed with another secret')
  t.throws(() => new Webhook(NEW!).verify(`${body} `, headers), 'the body was changed')
  t.throws(() => new Webhook(NEW!).verify(body, { ...headers, 'webhook-id': 'x' }), 'the id was changed')
  const late = signedMessage(DECISION, [secretBytes(NEW!)!], nowMs - 600_000)
  t.throws(() => new Webhook(NEW!).verify(late.body, late.headers), 'an attempt of ten minutes ago')
  t.equal(late.body, body, 'attempts differ in their headers only')
})

t.test('while a secret is being replaced both verify', async (t) => {
  const { headers, body } = signedMessage(DECISION, [secretBytes(NEW!)!, secretBytes(OLD!)!], Date.now())
  for (const secret of [NEW!, OLD!]) t.ok(new Webhook(secret).verify(body, headers))
  t.match(headers['webhook-signature'], /^v1,\S{44} v1,\S{44}$/)
})

t.test('types have the letters that the specification asks for', async (t) => {
  for (const [rule, type] of [
    ['carousel', 'decision.carousel'],
    ['spending-alert-withdrawn', 'decision.spending_alert_withdrawn'],
  ] as const) {
    t.equal(messageType(rule), type)
  }
})

t.test('secrets', async (t) => {
  const bytes = (length: number) => Buffer.alloc(length, 7).toString('base64')
  const rows: [string, number | null][] = [
    [`whsec_${bytes(24)}`, 24],
    [`whsec_${bytes(32)}`, 32],
    [`whsec_${bytes(64)}`, 64],
    [`whsec_${bytes(23)}`, null],
    [`whsec_${bytes(65)}`, null],
    [bytes(32), null],
    [`whsk_${bytes(32)}`, null],
    ['whsec_', null],
    ['', null],
    [`whsec_${'-'.repeat(40)}`, null],
    [`whsec_${bytes(32)} `, null],
  ]
  for (const [text, length] of rows) t.equal(secretBytes(text)?.length ?? null, length, text)
})
