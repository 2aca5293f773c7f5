import { join, resolve } from 'node:path'
import t from 'tap'
import { checkedConfig } from '../../../lib/personalization/config/check-config.js'
import { defaultConfig, defineConfig, withSettings } from '../../../lib/personalization/config/service-config.js'
import { isServiceError } from '../../../lib/personalization/errors.js'
import { defineDecision } from '../../../lib/personalization/frame/define-decision.js'

const FOLDER = resolve('config-folder')
const check = (value: unknown) => checkedConfig(value, FOLDER)
const nudge = defineDecision({
  name: 'nudge',
  title: 'Nudge',
  within: '1s',
  validFor: '1h',
  channel: 'push',
  reads: ['view'],
  onEvent: () => undefined,
})

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const webhook = { name: 'crm', url: 'https://crm.example/hook', secret: SECRET, channels: ['push'] as const }

t.test('an empty file is the default', async (t) => {
  t.same(await check({}), defaultConfig)
  const nothing = Object.fromEntries(Object.keys(defaultConfig).map((key) => [key, undefined]))
  t.same(await check(nothing), defaultConfig, 'undefined is as if omitted')
  const off = { quietHours: null, excludeBought: null, catalogue: null }
  t.same(await check(off), defaultConfig)
})

t.test('every key', async (t) => {
  const options = defineConfig({
    decisions: [nudge],
    settings: {
      'cart-abandonment': { within: '1m', channel: 'push', validFor: 3_600_000, enabled: true, abandonAfter: '5m' },
    },
    caps: [
      { channel: 'push', most: 1, per: '24h' },
      { channel: 'push', most: 3, per: 604_800_000 },
    ],
    quietHours: { channels: ['push', 'sms'], from: '22:00', to: '07:05', zone: 'Europe/Berlin' },
    consent: { purposes: { email: 'newsletter', sms: null }, default: 'denied' },
    holdOut: { share: 0.05 },
    excludeBought: { forDays: 30 },
    trace: { written: true },
    campaigns: [
      {
        id: 'black-friday',
        title: 'Black Friday',
        categories: ['electronics.smartphone'],
        start: '2024-11-29T18:00:00Z',
        end: '2024-11-30T00:00:00.5+01:00',
        perSecond: 5,
      },
      { id: 'past', items: ['a'], start: '2001-02-28T00:00-00:30', end: '2001-03-01T00:00:00Z' },
    ],
    catalogue: 'items.csv',
    webhooks: [webhook],
  })
  t.same(await check(options), {
    decisions: [nudge],
    settings: options.settings,
    caps: [
      { channel: 'push', most: 1, perMs: 86_400_000 },
      { channel: 'push', most: 3, perMs: 604_800_000 },
    ],
    quietHours: { channels: ['push', 'sms'], fromMinute: 1_320, toMinute: 425, zone: 'Europe/Berlin' },
    consent: {
      purposes: { page: null, push: 'marketing', email: 'newsletter', sms: null, none: null },
      default: 'denied',
    },
    holdOut: { share: 0.05, salt: 'hold-out-1' },
    excludeBought: { forDays: 30 },
    trace: { stateLength: null, written: true },
    campaigns: [
      {
        id: 'black-friday',
        title: 'Black Friday',
        categories: ['electronics.smartphone'],
        items: [],
        startMs: Date.UTC(2024, 10, 29, 18),
        endMs: Date.UTC(2024, 10, 29, 23, 0, 0, 500),
        perSecond: 5,
      },
      {
        id: 'past',
        title: null,
        categories: [],
        items: ['a'],
        startMs: Date.UTC(2001, 1, 28, 0, 30),
        endMs: Date.UTC(2001, 2, 1),
        perSecond: 100,
      },
    ],
    catalogue: join(FOLDER, 'items.csv'),
    webhooks: [webhook],
  })
})

t.test('zone, salt, purposes and traces have defaults of their own', async (t) => {
  const config = await check({
    quietHours: { channels: ['push'], from: '00:00', to: '23:59' },
    holdOut: { salt: 'x' },
    consent: {},
    trace: { stateLength: 0 },
  })
  t.match(config, {
    quietHours: { zone: 'UTC', fromMinute: 0, toMinute: 1_439 },
    holdOut: { share: 0, salt: 'x' },
    consent: defaultConfig.consent,
    trace: { stateLength: 0, written: false },
  })
})

const cap = { channel: 'push', most: 1, per: '24h' }
const hours = { channels: ['push'], from: '22:00', to: '07:00' }
const campaign = { id: 'c', items: ['a'], start: '2024-11-29T18:00:00Z', end: '2024-11-30T18:00:00Z' }
const campaigns = (fields: object) => ({ campaigns: [{ ...campaign, ...fields }] })

const webhooks = (fields: object) => ({ webhooks: [{ ...webhook, ...fields }] })

/** What is wrong, and the message from its beginning. */
const WRONG: [unknown, string][] = [
  [null, 'the default export is null; it must be an object with decisions, settings'],
  [[], 'the default export is a list; it must be an object'],
  [() => ({}), 'the default export is a function; it must be an object'],
  [Promise.resolve({}), 'the default export is an object; it must be an object with decisions'],
  [new Map(), 'the default export is an object; it must be an object with decisions'],
  ['x', 'the default export is "x"; it must be an object'],
  [{ cap: [] }, 'cap is not known: did you mean caps? Known are decisions, settings, caps,'],
  [{ quiethours: null }, 'quiethours is not known: did you mean quietHours?'],
  [{ whatever: 1 }, 'whatever is not known. Known are decisions,'],
  [{ whatever: undefined }, 'whatever is not known.'],
  [{ decisions: {} }, 'decisions is an object; it must be a list of decisions'],
  [{ decisions: [nudge, { name: 'x' }] }, 'decisions[1] is an object; it must be what defineDecision returns'],
  [{ decisions: [() => nudge] }, 'decisions[0] is a function; it must be what defineDecision returns'],
  [{ decisions: [null] }, 'decisions[0] is null; it must be what defineDecision returns'],
  [{ settings: [] }, 'settings is a list; it must be an object of decision names'],
  [{ settings: new Map() }, 'settings is an object; it must be an object of decision names'],
  [{ settings: { upsell: true } }, 'settings.upsell is true; it must be an object of settings'],
  [{ settings: { upsell: { within: 'soon' } } }, 'settings.upsell.within is "soon"; it must be a time above 0 such as'],
  [{ settings: { upsell: { within: '0s' } } }, 'settings.upsell.within is "0s"; it must be a time above 0'],
  [{ settings: { upsell: { validFor: -5 } } }, 'settings.upsell.validFor is -5; it must be a time above 0'],
  [{ settings: { upsell: { channel: 'mail' } } }, 'settings.upsell.channel is "mail"; it must be one of page, push,'],
  [{ settings: { upsell: { enabled: 'no' } } }, 'settings.upsell.enabled is "no"; it must be true or false'],
  [{ settings: { upsell: { x: {} } } }, 'settings.upsell.x is an object; it must be a text, a number,'],
  [{ settings: { upsell: { x: null } } }, 'settings.upsell.x is null; it must be a text, a number,'],
  [{ settings: { upsell: { x: ['a', 1] } } }, 'settings.upsell.x[1] is 1; it must be a text'],
  [{ caps: cap }, 'caps is an object; it must be a list of caps'],
  [{ caps: [{ channel: 'push', most: 1 }] }, 'caps[0].per is missing'],
  [{ caps: [cap, { ...cap, per: '24 hours' }] }, 'caps[1].per is "24 hours"; it must be a time above 0 such as 500ms'],
  [{ caps: [{ ...cap, per: 0 }] }, 'caps[0].per is 0; it must be a time above 0'],
  [{ caps: [{ ...cap, per: Number.NaN }] }, 'caps[0].per is NaN; it must be a time above 0'],
  [{ caps: [{ ...cap, most: 0 }] }, 'caps[0].most is 0; it must be a whole number from 1 to 1000'],
  [{ caps: [{ ...cap, most: 1.5 }] }, 'caps[0].most is 1.5; it must be a whole number from 1 to 1000'],
  [{ caps: [{ ...cap, most: '1' }] }, 'caps[0].most is "1"; it must be a whole number from 1 to 1000'],
  [{ caps: [{ ...cap, most: Number.NaN }] }, 'caps[0].most is NaN; it must be a whole number'],
  [
    { caps: [{ ...cap, channel: 'toast' }] },
    'caps[0].channel is "toast"; it must be one of page, push, email, sms, none',
  ],
  [{ caps: [{ ...cap, mots: 1 }] }, 'caps[0].mots is not known: did you mean most? Known are channel, most, per'],
  [{ caps: [{ channel: 'push', mots: 1, per: '24h' }] }, 'caps[0].mots is not known: did you mean most?'],
  [
    {
      caps: [
        { most: 1, per: '24h' },
        { ...cap, mots: 1 },
      ],
    },
    'caps[0].channel is missing',
  ],
  [{ quietHours: {} }, 'quietHours.channels is missing'],
  [
    { quietHours: { ...hours, channels: [] } },
    'quietHours.channels is a list; it must be a list of one or more channels',
  ],
  [
    { quietHours: { ...hours, channels: ['sms', 'sms'] } },
    'quietHours.channels is a list; it must be a list of one or',
  ],
  [{ quietHours: { ...hours, channels: ['sms', 'x'] } }, 'quietHours.channels[1] is "x"; it must be one of page,'],
  [{ quietHours: { ...hours, from: '24:00' } }, 'quietHours.from is "24:00"; it must be a time of day such as 22:00'],
  [{ quietHours: { ...hours, to: '7:00' } }, 'quietHours.to is "7:00"; it must be a time of day such as 22:00'],
  [{ quietHours: { ...hours, to: 7 } }, 'quietHours.to is 7; it must be a time of day such as 22:00'],
  [{ quietHours: { ...hours, to: '22:00' } }, 'quietHours.to is "22:00"; it must be another time than from'],
  [
    { quietHours: { ...hours, zone: 'Mars/Phobos' } },
    'quietHours.zone is "Mars/Phobos"; it must be an existing time zone',
  ],
  [{ quietHours: { ...hours, zone: '+01:00' } }, 'quietHours.zone is "+01:00"; it must be an existing time zone'],
  [{ quietHours: { ...hours, zone: null } }, 'quietHours.zone is null; it must be an existing time zone'],
  [
    { consent: { purposes: { fax: 'x' } } },
    'consent.purposes.fax is not known. Known are page, push, email, sms, none',
  ],
  [
    { consent: { purposes: { push: '' } } },
    'consent.purposes.push is ""; it must be a text of 1 to 80 characters, or null',
  ],
  [
    { consent: { purposes: { push: false } } },
    'consent.purposes.push is false; it must be a text of 1 to 80 characters',
  ],
  [{ consent: { default: 'yes' } }, 'consent.default is "yes"; it must be one of granted, denied'],
  [{ holdOut: null }, 'holdOut is null; it must be an object with share, salt'],
  [{ holdOut: { share: 5 } }, 'holdOut.share is 5; it must be a number from 0 to 1'],
  [{ holdOut: { share: '5%' } }, 'holdOut.share is "5%"; it must be a number from 0 to 1'],
  [{ holdOut: { salt: '' } }, 'holdOut.salt is ""; it must be a text of 1 to 80 characters'],
  [{ excludeBought: {} }, 'excludeBought.forDays is missing'],
  [{ excludeBought: { forDays: 0 } }, 'excludeBought.forDays is 0; it must be a whole number from 1 to 3650'],
  [{ excludeBought: true }, 'excludeBought is true; it must be an object with forDays, or null'],
  [{ trace: { stateLength: -1 } }, 'trace.stateLength is -1; it must be a whole number from 0 to 100000, or null'],
  [{ trace: { written: 'yes' } }, 'trace.written is "yes"; it must be true or false'],
  [{ trace: { state: 3 } }, 'trace.state is not known'],
  [{ prices: { gb: 1 } }, 'prices is not known'],
  [{ webhooks: webhook }, 'webhooks is an object; it must be a list of webhooks'],
  [{ webhooks: [{ name: 'crm' }] }, 'webhooks[0].url is missing'],
  [webhooks({ uri: 'x' }), 'webhooks[0].uri is not known: did you mean url?'],
  [webhooks({ url: 'ftp://crm.example' }), 'webhooks[0].url must be a URL with http or https'],
  [webhooks({ secret: 'a secret that is shown to nobody' }), 'webhooks[0].secret must be whsec_ and 24 to 64 bytes'],
  [webhooks({ channels: ['none'] }), 'webhooks[0].channels must be a list of one or more of page, push'],
  [campaigns({ id: 'a/b' }), 'campaigns[0].id is "a/b"; it must be 1 to 80 letters, digits'],
  [
    campaigns({ start: '2024-11-29' }),
    'campaigns[0].start is "2024-11-29"; it must be a time with its zone in ISO 8601',
  ],
  [
    campaigns({ start: '2024-11-29T18:00:00' }),
    'campaigns[0].start is "2024-11-29T18:00:00"; it must be a time with its',
  ],
  [
    campaigns({ start: '2024-02-30T00:00:00Z' }),
    'campaigns[0].start is "2024-02-30T00:00:00Z"; it must be a time with',
  ],
  [
    campaigns({ start: '2024-13-01T00:00:00Z' }),
    'campaigns[0].start is "2024-13-01T00:00:00Z"; it must be a time with',
  ],
  [
    campaigns({ start: '2024-01-01T25:00:00Z' }),
    'campaigns[0].start is "2024-01-01T25:00:00Z"; it must be a time with',
  ],
  [campaigns({ start: new Date(0) }), 'campaigns[0].start is an object; it must be a time with its zone'],
  [campaigns({ end: campaign.start }), 'campaigns[0].end is "2024-11-29T18:00:00Z"; it must be after start'],
  [campaigns({ items: [] }), 'campaigns[0] must name a category or an item'],
  [campaigns({ items: 'a' }), 'campaigns[0].items is "a"; it must be a list of texts'],
  [campaigns({ items: [7] }), 'campaigns[0].items[0] is 7; it must be a text of 1 to 80 characters'],
  [campaigns({ perSecond: 0 }), 'campaigns[0].perSecond is 0; it must be a whole number from 1 to 1000000'],
  [{ campaigns: [campaign, campaign] }, 'campaigns[1].id is "c"; each campaign must have an id of its own'],
  [{ catalogue: '' }, 'catalogue is ""; it must be the path of a file, or null'],
  [{ catalogue: 5 }, 'catalogue is 5; it must be the path of a file'],
]

t.test('what is wrong is named by its path, with what is allowed', async (t) => {
  for (const [value, message] of WRONG) {
    const error = await check(value).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (!isServiceError(error, 'CONFIG_FILE_INVALID')) {
      t.fail(`${message}: ${String(error)}`)
      continue
    }
    t.equal(error.message.slice(0, message.length), message)
    t.ok(error.message.length < 250, 'a message is short')
  }
})

t.test('settings of the command line win over those of the file', async (t) => {
  const config = await check({ settings: { a: { x: 1, y: 2 }, b: { x: 1 } } })
  const settings = withSettings(config, { a: { y: 3 }, c: { z: 4 } }).settings
  t.same(settings, { a: { x: 1, y: 3 }, b: { x: 1 }, c: { z: 4 } })
  t.same(config.settings, { a: { x: 1, y: 2 }, b: { x: 1 } })
  t.same(withSettings(config, {}), config)
})
