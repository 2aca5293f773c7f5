import t from 'tap'
import { checkKeys, type ServerKeys } from '../../../lib/personalization/doors/check-keys.js'
import { PersonalizationServer } from '../../../lib/personalization/doors/server.js'
import { MemoryTopic, memoryService } from '../page-service.js'

const RIGHT: ServerKeys = {
  ticketSecret: '0123456789abcdef',
  writeKeys: ['a', 'pk_live-1', 'ключ'],
  serverKey: 's',
  adminToken: 't',
  demoLogin: false,
}

t.test('keys that can be sent, and a secret that cannot be guessed', async (t) => {
  for (const change of [
    {},
    { writeKeys: [], serverKey: null, adminToken: null },
    { demoLogin: true, ticketSecret: 'app/' },
  ]) {
    t.doesNotThrow(() => checkKeys({ ...RIGHT, ...change }), JSON.stringify(change))
  }
})

t.test('what is wrong with a key, without the key', async (t) => {
  const rows: [Partial<ServerKeys>, RegExp][] = [
    [{ ticketSecret: '' }, /MILLRACE_TICKET_SECRET\) has 0 bytes.* at least 16/],
    [{ ticketSecret: 'sesame' }, /MILLRACE_TICKET_SECRET\) has 6 bytes/],
    [{ ticketSecret: '0123456789abcde' }, /has 15 bytes/],
    [{ writeKeys: ['a', ''] }, /write key 2 is empty/],
    [{ writeKeys: ['sesame:'] }, /write key 1 .* a colon/],
    [{ writeKeys: ['a sesame'] }, /write key 1 .* a space/],
    [{ writeKeys: ['sesame\n'] }, /write key 1/],
    [{ serverKey: '' }, /MILLRACE_SERVER_KEY\) is empty/],
    [{ serverKey: 'a sesame' }, /MILLRACE_SERVER_KEY\).* a space/],
    [{ adminToken: 'sesame\t' }, /MILLRACE_ADMIN_TOKEN\).* a space/],
    [{ writeKeys: ['sesame'], serverKey: 'sesame' }, /MILLRACE_SERVER_KEY\) is a write key too/],
    [{ writeKeys: ['sesame'], adminToken: 'sesame' }, /MILLRACE_ADMIN_TOKEN\) is a write key too/],
    [{ serverKey: 'sesame', adminToken: 'sesame' }, /are equal/],
  ]
  for (const [change, message] of rows) {
    const error = t.throws(() => checkKeys({ ...RIGHT, ...change }), { code: 'CONFIG_INVALID', message })
    t.notMatch(String(error), /sesame/)
  }
})

t.test('the server refuses them before it opens, and a demonstration is as before', async (t) => {
  const service = memoryService(new MemoryTopic(), { owns: [0], answers: true })
  const made = (ticketSecret: string, demoLogin?: boolean) =>
    new PersonalizationServer({ service, ticketSecret, ...(demoLogin === undefined ? {} : { demoLogin }) })
  t.throws(() => made('sesame', false), { code: 'CONFIG_INVALID', message: /MILLRACE_TICKET_SECRET/ })
  t.throws(() => new PersonalizationServer({ service, ticketSecret: 'sesame', authenticate: async () => null }), {
    code: 'CONFIG_INVALID',
  })
  t.equal(made('sesame', true) instanceof PersonalizationServer, true)
  t.equal(made('sesame') instanceof PersonalizationServer, true)
})
