import t from 'tap'
import { checkDecisionSettings } from '../../../lib/personalization/config/decision-settings.js'
import type { DecisionSettings } from '../../../lib/personalization/config/service-config.js'

const TABLE: Parameters<typeof checkDecisionSettings>[0] = [
  {
    name: 'cart-abandonment',
    withinMs: 60_000,
    validForMs: 86_400_000,
    channel: 'push',
    settings: { abandonAfter: '5m' },
  },
  {
    name: 'spending-alert',
    withinMs: 200,
    validForMs: 86_400_000,
    channel: 'page',
    settings: { threshold: '500.00', label: 'gold', most: 3, weekends: true, categories: ['a'] },
  },
]

const resolved = (settings: Record<string, DecisionSettings>) =>
  Object.fromEntries(checkDecisionSettings(TABLE, settings))

t.test('without settings each decision is as it says', async (t) => {
  t.same(resolved({}), {
    'cart-abandonment': {
      withinMs: 60_000,
      validForMs: 86_400_000,
      channel: 'push',
      enabled: true,
      settings: { abandonAfter: '5m' },
    },
    'spending-alert': {
      withinMs: 200,
      validForMs: 86_400_000,
      channel: 'page',
      enabled: true,
      settings: { threshold: '500.00', label: 'gold', most: 3, weekends: true, categories: ['a'] },
    },
  })
})

t.test('what each decision has', async (t) => {
  t.match(resolved({ 'cart-abandonment': { within: '4h', channel: 'email', validFor: 5_000, enabled: false } }), {
    'cart-abandonment': { withinMs: 14_400_000, channel: 'email', validForMs: 5_000, enabled: false },
    'spending-alert': { withinMs: 200, channel: 'page', enabled: true },
  })
})

t.test('its own settings, in the form of the default', async (t) => {
  const rows: [keyof (typeof TABLE)[1]['settings'], DecisionSettings[string], unknown][] = [
    ['threshold', '499.99', '499.99'],
    ['threshold', 0.1, '0.10'],
    ['threshold', 1_000, '1000.00'],
    ['threshold', '0.000001', '0.000001'],
    ['label', 'silver', 'silver'],
    ['label', '', ''],
    ['most', 0, 0],
    ['most', -2.5, -2.5],
    ['weekends', false, false],
    ['categories', [], []],
    ['categories', ['b', 'c'], ['b', 'c']],
    ['label', undefined, 'gold'],
  ]
  for (const [name, value, expected] of rows) {
    const { settings } = resolved({ 'spending-alert': { [name]: value } })['spending-alert']!
    t.same(settings[name as string], expected, `${String(name)} ${String(value)}`)
  }
  for (const [value, expected] of [
    ['1h', '3600000ms'],
    [90_000, '90000ms'],
    ['0s', '0ms'],
  ] as const) {
    const { settings } = resolved({ 'cart-abandonment': { abandonAfter: value } })['cart-abandonment']!
    t.equal(settings.abandonAfter, expected)
  }
})

t.test('what does not exist or has another type', async (t) => {
  const rows: [Record<string, DecisionSettings>, string][] = [
    [{ upsel: {} }, 'settings.upsel is not known. Known are cart-abandonment, spending-alert'],
    [{ 'cart-abandonement': {} }, 'settings.cart-abandonement is not known: did you mean cart-abandonment? Known are'],
    [{ toString: {} }, 'settings.toString is not known.'],
    [
      { 'cart-abandonment': { abandonafter: '5m' } },
      'settings.cart-abandonment.abandonafter is not known: did you mean abandonAfter? Known are within, channel, validFor, enabled, abandonAfter',
    ],
    [
      { 'cart-abandonment': { chanel: 'push' } },
      'settings.cart-abandonment.chanel is not known: did you mean channel?',
    ],
    [{ 'cart-abandonment': { constructor: 'x' } }, 'settings.cart-abandonment.constructor is not known.'],
    [
      { 'cart-abandonment': { abandonAfter: '5 min' } },
      'settings.cart-abandonment.abandonAfter is "5 min"; it must be a time such as 5m',
    ],
    [
      { 'cart-abandonment': { abandonAfter: true } },
      'settings.cart-abandonment.abandonAfter is true; it must be a time',
    ],
    [
      { 'spending-alert': { threshold: '1e3' } },
      'settings.spending-alert.threshold is "1e3"; it must be an amount such as 500.00',
    ],
    [{ 'spending-alert': { threshold: -1 } }, 'settings.spending-alert.threshold is -1; it must be an amount'],
    [{ 'spending-alert': { label: 1 } }, 'settings.spending-alert.label is 1; it must be a text such as gold'],
    [{ 'spending-alert': { most: '3' } }, 'settings.spending-alert.most is "3"; it must be a number such as 3'],
    [
      { 'spending-alert': { most: Number.POSITIVE_INFINITY } },
      'settings.spending-alert.most is Infinity; it must be a',
    ],
    [{ 'spending-alert': { weekends: 1 } }, 'settings.spending-alert.weekends is 1; it must be true or false'],
    [{ 'spending-alert': { categories: 'a' } }, 'settings.spending-alert.categories is "a"; it must be a list such as'],
    [{ 'spending-alert': { label: ['a'] } }, 'settings.spending-alert.label is a list; it must be a text such as gold'],
  ]
  for (const [settings, message] of rows) {
    try {
      resolved(settings)
      t.fail(message)
    } catch (error) {
      t.match(error, { code: 'CONFIG_FILE_INVALID' })
      t.equal((error as Error).message.slice(0, message.length), message)
    }
  }
})

t.test('two decisions of one name', async (t) => {
  t.throws(() => checkDecisionSettings([...TABLE, { ...TABLE[0]! }], {}), {
    code: 'CONFIG_FILE_INVALID',
    message: 'decisions has cart-abandonment, which is the name of another decision',
  })
})
