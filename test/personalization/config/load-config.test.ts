import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../lib/personalization/config/load-config.js'
import { defaultConfig } from '../../../lib/personalization/config/service-config.js'

const CAPS = [{ channel: 'push', most: 1, perMs: 86_400_000 }]
const TEXT = `export default { caps: [{ channel: 'push', most: 1, per: '24h' }], catalogue: 'items.csv' }`

t.test('a module of JavaScript, its paths from its own folder', async (t) => {
  const folder = t.testdir({ 'a.mjs': TEXT, b: { 'package.json': '{"type":"module"}', 'b.js': TEXT } })
  t.same(await loadConfig(join(folder, 'a.mjs')), {
    ...defaultConfig,
    caps: CAPS,
    catalogue: join(folder, 'items.csv'),
  })
  t.match(await loadConfig(join(folder, 'b', 'b.js')), { caps: CAPS, catalogue: join(folder, 'b', 'items.csv') })
})

t.test('a module of CommonJS', async (t) => {
  const folder = t.testdir({ 'package.json': '{"type":"commonjs"}', 'a.js': 'module.exports = { catalogue: "x" }' })
  t.match(await loadConfig(join(folder, 'a.js')), { catalogue: join(folder, 'x') })
})

t.test('TypeScript if this Node runs it, else an error that says which do', async (t) => {
  const folder = t.testdir({ 'package.json': '{"type":"module"}', 'a.ts': `const most: number = 1\n${TEXT}` })
  const loaded = loadConfig(join(folder, 'a.ts'))
  if (process.features.typescript) t.match(await loaded, { caps: CAPS })
  else {
    await t.rejects(loaded, {
      code: 'CONFIG_FILE_UNREADABLE',
      message: /a\.ts cannot be loaded: Node [\d.]+ does not run TypeScript: use Node 22\.18, 23\.6 or later/,
    })
  }
})

t.test('what cannot be loaded says why', async (t) => {
  const folder = t.testdir({
    'package.json': '{"type":"module"}',
    'syntax.mjs': 'export default {',
    'throws.mjs': 'throw new TypeError("my own\\nsecond line")',
    'import.mjs': 'import "a-package-that-is-not-there"\nexport default {}',
    'none.mjs': 'export const caps = []',
    'wrong.mjs': 'export default { caps: [{ channel: "push", most: 1, per: "1 day" }] }',
    'config.json': '{}',
  })
  const rows: [string, string, RegExp][] = [
    ['missing.mjs', 'CONFIG_FILE_UNREADABLE', /missing\.mjs cannot be loaded: there is no such file$/],
    ['syntax.mjs', 'CONFIG_FILE_UNREADABLE', /syntax\.mjs cannot be loaded: .*Unexpected/],
    ['throws.mjs', 'CONFIG_FILE_UNREADABLE', /throws\.mjs cannot be loaded: TypeError: my own$/],
    ['import.mjs', 'CONFIG_FILE_UNREADABLE', /import\.mjs cannot be loaded: .*a-package-that-is-not-there/],
    ['none.mjs', 'CONFIG_FILE_INVALID', /none\.mjs has no default export: write export default \{ \.\.\. \}$/],
    ['wrong.mjs', 'CONFIG_FILE_INVALID', /^caps\[0\]\.per is "1 day"; it must be a time above 0 such as/],
    [
      'config.json',
      'CONFIG_FILE_UNREADABLE',
      /config\.json cannot be loaded: its name must end with \.js, \.mjs, \.ts/,
    ],
    ['.', 'CONFIG_FILE_UNREADABLE', /its name must end with/],
  ]
  for (const [name, code, message] of rows) await t.rejects(loadConfig(join(folder, name)), { code, message }, name)
})

t.test('an error of ours that the file throws comes through', async (t) => {
  const errors = new URL('../../../lib/personalization/errors.ts', import.meta.url).href
  const folder = t.testdir({
    'a.mjs': `import { ServiceError } from ${JSON.stringify(errors)}\nthrow new ServiceError('ACTIVITY_INVALID', 'as it says')`,
  })
  await t.rejects(loadConfig(join(folder, 'a.mjs')), { code: 'ACTIVITY_INVALID', message: 'as it says' })
})
