import t from 'tap'
import { nearMiss } from '../../../lib/personalization/config/near-miss.js'

const KNOWN = ['channel', 'most', 'per', 'quietHours', 'cart-abandonment', 'spending-alert', 'upsell']

t.test('the nearest known name, if one is near', async (t) => {
  const rows: [string, string | undefined][] = [
    ['mots', 'most'],
    ['mst', 'most'],
    ['moost', 'most'],
    ['mist', 'most'],
    ['quiethours', 'quietHours'],
    ['quiet_hours', 'quietHours'],
    ['chanel', 'channel'],
    ['channels', 'channel'],
    ['cart-abandonement', 'cart-abandonment'],
    ['abandonment', undefined],
    ['up-sell', 'upsell'],
    ['', undefined],
    ['x', undefined],
    ['pe', 'per'],
    ['something else', undefined],
  ]
  for (const [written, meant] of rows) t.equal(nearMiss(written, KNOWN), meant, written)
  t.equal(nearMiss('most', []), undefined)
})
