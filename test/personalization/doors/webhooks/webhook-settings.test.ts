import t from 'tap'
import { wrongValue } from '../../../../lib/personalization/config/check-config.js'
import { webhookSettings } from '../../../../lib/personalization/doors/webhooks/webhook-settings.js'

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const GOOD = { name: 'crm', url: 'https://crm.example/hook', secret: SECRET, channels: ['push'] }

function settings(...given: unknown[]) {
  return webhookSettings(given, wrongValue)
}

t.test('what is allowed', async (t) => {
  const [plain] = settings(GOOD)
  t.match(plain, { name: 'crm', decisions: null, timeoutMs: 15_000, concurrency: 8, allowPrivateAddresses: false })
  t.equal(plain!.url.href, 'https://crm.example/hook')
  const [full, other] = settings(
    {
      ...GOOD,
      secret: [SECRET, `whsec_${Buffer.alloc(24, 2).toString('base64')}`],
      channels: ['page', 'push', 'email', 'sms'],
      decisions: ['cart-abandonment'],
      timeout: '3s',
      concurrency: 1,
    },
    { ...GOOD, name: 'local', url: 'http://localhost:3000/', allowPrivateAddresses: true, timeout: 500 },
  )
  t.equal(full!.secrets.length, 2)
  t.same([...full!.channels], ['page', 'push', 'email', 'sms'])
  t.same([...full!.decisions!], ['cart-abandonment'])
  t.match([full!.timeoutMs, other!.timeoutMs, full!.concurrency], [3_000, 500, 1])
  t.same(settings(), [])
})

t.test('what is wrong is named by its path', async (t) => {
  const rows: [given: object, path: string][] = [
    [{ name: undefined }, 'webhooks[0].name'],
    [{ name: 'CRM' }, 'webhooks[0].name'],
    [{ name: 'a/b' }, 'webhooks[0].name'],
    [{ name: 'x'.repeat(41) }, 'webhooks[0].name'],
    [{ url: undefined }, 'webhooks[0].url'],
    [{ url: 'crm.example' }, 'webhooks[0].url'],
    [{ url: 'ftp://crm.example' }, 'webhooks[0].url'],
    [{ url: 'file:///etc/passwd' }, 'webhooks[0].url'],
    [{ url: 'https://me:secret@crm.example' }, 'webhooks[0].url'],
    [{ url: 'http://127.0.0.1/' }, 'webhooks[0].url'],
    [{ url: 'http://2130706433/' }, 'webhooks[0].url'],
    [{ url: 'http://0x7f.1/' }, 'webhooks[0].url'],
    [{ url: 'http://[::1]:80/' }, 'webhooks[0].url'],
    [{ url: 'http://[::ffff:10.0.0.1]/' }, 'webhooks[0].url'],
    [{ url: 'http://169.254.169.254/latest/meta-data' }, 'webhooks[0].url'],
    [{ url: 'http://localhost/' }, 'webhooks[0].url'],
    [{ url: 'http://LOCALHOST./' }, 'webhooks[0].url'],
    [{ url: 'http://a.localhost/' }, 'webhooks[0].url'],
    [{ secret: undefined }, 'webhooks[0].secret'],
    [{ secret: 'short' }, 'webhooks[0].secret'],
    [{ secret: [] }, 'webhooks[0].secret'],
    [{ secret: [SECRET, 'short'] }, 'webhooks[0].secret'],
    [{ channels: undefined }, 'webhooks[0].channels'],
    [{ channels: [] }, 'webhooks[0].channels'],
    [{ channels: 'push' }, 'webhooks[0].channels'],
    [{ channels: ['none'] }, 'webhooks[0].channels'],
    [{ decisions: 'carousel' }, 'webhooks[0].decisions'],
    [{ timeout: '0s' }, 'webhooks[0].timeout'],
    [{ timeout: '6m' }, 'webhooks[0].timeout'],
    [{ timeout: 'soon' }, 'webhooks[0].timeout'],
    [{ concurrency: 0 }, 'webhooks[0].concurrency'],
    [{ concurrency: 1.5 }, 'webhooks[0].concurrency'],
    [{ concurrency: '8' }, 'webhooks[0].concurrency'],
    [{ allowPrivateAddresses: 'yes' }, 'webhooks[0].allowPrivateAddresses'],
    [{ retries: 3 }, 'webhooks[0].retries'],
  ]
  for (const [given, path] of rows) {
    const place = path.replaceAll(/[[\].]/g, '\\$&')
    t.throws(() => settings({ ...GOOD, ...given }), { message: new RegExp(`^${place} (must be|is not known)`) }, path)
  }
  for (const given of [null, 'crm', ['crm']])
    t.throws(() => settings(given), { message: 'webhooks[0] must be an object' })
  t.throws(() => settings(GOOD, GOOD), { message: /^webhooks\[1\]\.name must be a name of its own/ })
  t.throws(() => settings({ ...GOOD, secret: 'hunter2hunter2' }), { message: /^((?!hunter2).)*$/ }, 'no secret')
})
