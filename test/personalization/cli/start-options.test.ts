import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeKeysOf } from '../../../lib/personalization/cli/door-options.js'
import { kafkaConnection, secret } from '../../../lib/personalization/cli/kafka-connection.js'
import { accessNotice } from '../../../lib/personalization/cli/page-server.js'
import { keptSecret, prepareFolder, stateFolder } from '../../../lib/personalization/cli/service-folder.js'
import { parseStartOptions } from '../../../lib/personalization/cli/start-options.js'
import { defaultConfig } from '../../../lib/personalization/config/service-config.js'
import { simulatorInput } from '../../../lib/personalization/input/loader/input-files.js'
import { seededRandom } from '../../../lib/record/random.js'

const parse = (text: string) => parseStartOptions(text.split(' ').filter((word) => word !== ''))

t.test('reads every flag', async (t) => {
  t.match(parse(''), {
    input: null,
    speed: 60,
    once: false,
    brokers: null,
    transport: 'platformatic',
    applicationId: 'millrace',
    topicPrefix: '',
    partitions: null,
    load: true,
    seed: '1',
  })
  t.equal(parse('--once').speed, 'max')
  t.equal(parse('--input events.csv --format rees46').speed, 1)
  t.equal(parse('--once --speed 2.5').speed, 2.5)
  t.match(parse('--input f --format csv'), { columns: null, strict: false })
  t.match(parse('--input f --format csv --columns at=a,type=b --strict'), { columns: 'at=a,type=b', strict: true })
  t.equal(parse('--no-load').load, false)
  t.same(parse('--brokers a:1,b:2').brokers, ['a:1', 'b:2'])
  const { gate } = parse('--grace 2h --idle-after 500')
  t.match(gate, { graceMs: 7_200_000, idleAfterMs: 500 })
  t.same(parse('').settings, {})
  t.same(parse('--abandon-after 90s').settings, { 'cart-abandonment': { abandonAfter: '90s' } })
  t.equal(parse('').config, null)
  t.equal(parse('--config service.mjs').config, 'service.mjs')
  t.match(parse('--input f --format retail --inject duplicate=1 --partitions 3 --port 0'), {
    input: 'f',
    format: 'retail',
    inject: { duplicateShare: 1 },
    partitions: 3,
    port: 0,
  })
})

t.test('refuses what makes no sense', async (t) => {
  const rows = [
    '--input f',
    '--format retail',
    '--columns at=a,type=b',
    '--strict',
    '--speed 0',
    '--speed fast',
    '--grace 5x',
    '--grace -1',
    '--partitions 0',
    '--port 70000',
    '--transport tcp',
    '--sasl basic',
    '--topic-prefix a/b',
    '--repeats sometimes',
    '--nope',
    'word',
  ]
  for (const text of rows) t.throws(() => parse(text), { code: 'CONFIG_INVALID' }, text)
  t.throws(() => parse('--inject x=1'), { code: 'INJECT_INVALID' })
})

t.test('demo login is implied by the simulated shop on a broker of this process, and by nothing else', async (t) => {
  const rows: [flags: string, demoLogin: boolean][] = [
    ['', true],
    ['--once --port 0', true],
    ['--no-demo-login', false],
    ['--no-load', false],
    ['--brokers a:1', false],
    ['--input f --format retail', false],
    ['--input f --format retail --brokers a:1', false],
    ['--brokers a:1 --demo-login', true],
    ['--input f --format retail --demo-login', true],
  ]
  for (const [flags, demoLogin] of rows) {
    t.equal(parse(flags).doors.demoLogin, demoLogin, flags)
    t.match(accessNotice(parse(flags)), demoLogin ? /any user/ : /MILLRACE_TICKET_SECRET/, flags)
  }
})

t.test('origins and proxies', async (t) => {
  const doors = parse('--origin https://shop.example --origin http://localhost:5173/ --origin https://Ä.example').doors
  t.same(doors.origins, ['https://shop.example', 'http://localhost:5173', 'https://xn--4ca.example'])
  t.same(parse('').doors.origins, [])
  t.same(parse('--trust-proxy 2').doors.trustProxy, 2)
  t.same(parse('--trust-proxy 10.0.0.0/8,::1,loopback').doors.trustProxy, ['10.0.0.0/8', '::1', 'loopback'])
  const wrong = [
    '--origin *',
    '--origin shop.example',
    '--origin https://shop.example/path',
    '--origin https://a@shop.example',
    '--origin ftp://shop.example',
    '--origin null',
    '--trust-proxy 0',
    '--trust-proxy 33',
    '--trust-proxy true',
    '--trust-proxy 10.0.0.0/33',
    '--trust-proxy 10.0.0.0/8/8',
    '--trust-proxy ::1/129',
    '--trust-proxy proxy.example',
    '--trust-proxy 10.0.0.1,',
  ]
  for (const flags of wrong) t.throws(() => parse(flags), { code: 'CONFIG_INVALID' }, flags)
})

t.test('write keys come from flags and from the environment', async (t) => {
  const keys = (flags: string, listed: string | null = null) => writeKeysOf(parse(flags).doors, listed)
  t.same(keys('--brokers a:1'), [])
  t.same(keys(''), ['demo'], 'of a demonstration')
  t.same(keys('--brokers a:1 --demo-login'), ['demo'])
  t.same(keys('--write-key a --write-key b'), ['a', 'b'])
  t.same(keys('--write-key a', 'b, c,\nd\n'), ['a', 'b', 'c', 'd'])
  t.same(keys('', 'b'), ['b'])
})

t.test('how long a request may take to arrive', async (t) => {
  t.equal(parse('').doors.requestTimeoutMs, 15_000)
  t.equal(parse('--request-timeout 1m').doors.requestTimeoutMs, 60_000)
  for (const text of ['0', '999ms', '11m', 'long']) {
    t.throws(() => parse(`--request-timeout ${text}`), { code: 'CONFIG_INVALID' }, text)
  }
})

t.test('each input under each set of rules has a folder of its own, on the embedded broker', async (t) => {
  const sequence = (seed: number) => simulatorInput({ inject: parse('').inject, seed })
  const [one, two] = [sequence(1), sequence(2)]
  const folder = (text: string, input = one, config = defaultConfig, isSealed = false) =>
    stateFolder(parse(text), input, config, isSealed)
  t.equal(folder('--once'), folder('--json --port 80'))
  t.not(folder(''), folder('', two))
  t.not(folder(''), folder('--grace 5m'))
  t.not(folder(''), folder('', one, { ...defaultConfig, excludeBought: { forDays: 1 } }))
  t.not(folder(''), folder('', one, defaultConfig, true))
  t.equal(folder('--state-dir x'), 'x')
  t.equal(folder('--brokers a:1'), folder('--brokers b:1', two))
})

t.test('keeps a text per folder, and says where it cannot', async (t) => {
  const folder = join(t.testdir({ file: '' }), 'deep', 'er')
  prepareFolder(folder)
  const random = seededRandom(1)
  t.equal(keptSecret(folder, 'id', random), keptSecret(folder, 'id', random))
  t.not(keptSecret(folder, 'id', random), keptSecret(folder, 'other', random))
  t.throws(() => prepareFolder(join(t.testdirName, 'file', 'below')), { code: 'STATE_UNWRITABLE' })
})

t.test('folders of an earlier version are closed to others, a folder of the user is not touched', async (t) => {
  const mine = t.testdir({ broker: { logs: {} } })
  const mode = (path: string) => statSync(path).mode & 0o777
  chmodSync(mine, 0o755)
  chmodSync(join(mine, 'broker'), 0o755)
  prepareFolder(mine, ['broker', 'tasks'])
  t.equal(mode(mine), 0o755)
  t.equal(mode(join(mine, 'broker')), 0o700)
  const deep = join(mine, 'deep', 'er')
  prepareFolder(deep)
  t.equal(mode(deep), 0o700)
  t.equal(mode(join(mine, 'deep')), 0o700)
})

t.test('secrets come from the environment or a file, never from a flag', async (t) => {
  const path = join(t.testdir(), 'password')
  writeFileSync(path, 'from a file\n')
  process.env.MILLRACE_SASL_USERNAME = 'me'
  process.env.MILLRACE_SASL_PASSWORD_FILE = path
  t.teardown(() => {
    delete process.env.MILLRACE_SASL_USERNAME
    delete process.env.MILLRACE_SASL_PASSWORD_FILE
  })
  const options = parse('--brokers a:1 --sasl scram-sha-256 --tls')
  t.match(await kafkaConnection(options, ['a:1']), {
    brokers: ['a:1'],
    tls: {},
    sasl: { mechanism: 'SCRAM-SHA-256', username: 'me', password: 'from a file' },
  })
  t.match(await kafkaConnection(parse('--brokers a:1 --transport kafkajs'), ['a:1']), { transport: Function })
  await t.rejects(kafkaConnection(parse('--brokers a:1 --sasl oauthbearer'), ['a:1']), { code: 'CONFIG_INVALID' })
  process.env.MILLRACE_SASL_PASSWORD_FILE = '/nowhere/at/all'
  t.throws(() => secret('MILLRACE_SASL_PASSWORD'), { code: 'CONFIG_INVALID' })
})
