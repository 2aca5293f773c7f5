/** Which connections can be made on another thread, and what goes there. */
import { Kafka, logLevel } from 'kafkajs'
import t from 'tap'
import { connect, embeddedBroker, kafkajsTransport, systemClock } from '../../lib/index.js'

const brokers = ['localhost:9092']
const kafkajs = (settings: object) => () =>
  kafkajsTransport({ clock: systemClock, kafka: new Kafka({ brokers, logLevel: logLevel.NOTHING, ...settings }) })
const secret = () => 'x'

t.test('rows: a connection, and the providers that stay here; null where it cannot be made elsewhere', async (t) => {
  const plain = { mechanism: 'PLAIN', username: 'u' } as const
  const rows: [what: string, connection: object, providers: string[] | null][] = [
    ['plain', { brokers }, []],
    ['tls', { brokers, tls: { ca: Buffer.from('ca'), rejectUnauthorized: true } }, []],
    ['tls with a function', { brokers, tls: { checkServerIdentity: () => undefined } }, null],
    ['a password', { brokers, sasl: { ...plain, password: 'p' } }, []],
    ['a password by a function', { brokers, sasl: { ...plain, password: secret } }, ['password']],
    ['a token by a function', { brokers, sasl: { mechanism: 'OAUTHBEARER', token: secret } }, ['token']],
    [
      'a transport of the caller',
      { brokers, transport: () => ({ send: async () => Buffer.alloc(0), close: async () => undefined }) },
      null,
    ],
    ['kafkajs', { brokers, transport: kafkajs({}) }, []],
    ['kafkajs with tls', { brokers, transport: kafkajs({ ssl: true }) }, []],
    [
      'kafkajs with a provider',
      { brokers, transport: kafkajs({ sasl: { mechanism: 'oauthbearer', oauthBearerProvider: secret } }) },
      ['oauthBearerProvider'],
    ],
    [
      'kafkajs with an authentication of its own',
      { brokers, transport: kafkajs({ sasl: { mechanism: 'own', authenticationProvider: secret } }) },
      null,
    ],
    ['kafkajs with sockets of its own', { brokers, transport: kafkajs({ socketFactory: secret }) }, null],
  ]
  for (const [what, connection, providers] of rows) {
    const cluster = connect(connection)
    const found = await cluster.portable()
    t.same(found === null ? null : Object.keys(found.transport.providers), providers, what)
    if (found !== null) t.same(found.bootstrap, [{ host: 'localhost', port: 9092 }], what)
    await cluster.close()
  }
})

t.test('an embedded broker is where the loop is', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect({ broker })
  t.equal(await cluster.portable(), null)
  await cluster.close()
  await broker.close()
})
