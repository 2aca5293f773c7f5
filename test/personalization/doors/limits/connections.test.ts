import t from 'tap'
import { Connections } from '../../../../lib/personalization/doors/limits/connections.js'
import { doorLimits } from '../../../../lib/personalization/doors/limits/door-limits.js'

t.test('counts until a connection has closed, once', async (t) => {
  const connections = new Connections(doorLimits({ maxConnectionsPerUser: 1 }))
  const close = connections.open('ada', '203.0.113.7')
  t.throws(() => connections.open('ada', '203.0.113.8'), { code: 'CONNECTIONS_EXCEEDED' })
  const other = connections.open('bob', '203.0.113.7')
  close()
  close()
  const again = connections.open('ada', '203.0.113.7')
  t.throws(() => connections.open('ada', '203.0.113.7'), { code: 'CONNECTIONS_EXCEEDED' })
  t.throws(() => connections.open('bob', '203.0.113.7'), { code: 'CONNECTIONS_EXCEEDED' })
  again()
  other()
})

t.test('counts the networks of one customer as one address, and what was rejected not at all', async (t) => {
  const connections = new Connections(doorLimits({ maxConnectionsPerAddress: 1, maxConnections: 2 }))
  connections.open('ada', '2001:db8::1')
  t.throws(() => connections.open('bob', '2001:db8::2'), { message: /--max-connections-per-address/ })
  connections.open('bob', '2001:db8:0:1::1')
  t.throws(() => connections.open('cleo', '203.0.113.7'), { message: /--max-connections\)/ })
})

t.test('0 is no limit', async (t) => {
  const connections = new Connections(
    doorLimits({ maxConnections: 0, maxConnectionsPerAddress: 0, maxConnectionsPerUser: 0 }),
  )
  for (let i = 0; i < 30_000; i++) connections.open('ada', '203.0.113.7')
  t.pass()
})
