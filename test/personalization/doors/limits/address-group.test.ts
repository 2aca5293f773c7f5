import t from 'tap'
import { addressGroup } from '../../../../lib/personalization/doors/limits/address-group.js'

t.test('what counts as one address', async (t) => {
  const rows: [address: string, group: string][] = [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::1:0:0:0:1', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
    ['', ''],
  ]
  for (const [address, group] of rows) t.equal(addressGroup(address), group, address)
})

t.test('any text gives a text', async (t) => {
  for (const text of ['unknown', ':', '::::', 'a:b', '1:2:3:4:5:6:7:8:9:10', 'x'.repeat(1_000)]) {
    t.type(addressGroup(text), 'string', text.slice(0, 20))
  }
})
