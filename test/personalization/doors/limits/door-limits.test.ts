import t from 'tap'
import { DOOR_FLAGS } from '../../../../lib/personalization/cli/door-options.js'
import { parseStartOptions } from '../../../../lib/personalization/cli/start-options.js'
import { doorLimits } from '../../../../lib/personalization/doors/limits/door-limits.js'

t.test('defaults, changes, and what is no limit', async (t) => {
  const defaults = doorLimits({})
  t.match(doorLimits({ ratePerUser: 7 }), { ...defaults, ratePerUser: 7 })
  t.equal(doorLimits({ maxConnections: 0 }).maxConnections, 0)
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5']) {
    t.throws(() => doorLimits({ ratePerUser: value as number }), { code: 'CONFIG_INVALID', message: /ratePerUser/ })
  }
})

t.test('each limit has a flag', async (t) => {
  for (const name of Object.keys(doorLimits({}))) {
    const flag = name.replace(/^ratePer/, 'rate').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    t.ok(Object.hasOwn(DOOR_FLAGS, flag), flag)
    t.match(parseStartOptions([`--${flag}`, '3']).doors, { [name]: 3 }, flag)
    t.match(parseStartOptions([`--${flag}`, '0']).doors, { [name]: 0 }, flag)
    t.throws(() => parseStartOptions([`--${flag}=-1`]), { code: 'CONFIG_INVALID' }, flag)
    t.throws(() => parseStartOptions([`--${flag}`, 'many']), { code: 'CONFIG_INVALID' }, flag)
  }
})
