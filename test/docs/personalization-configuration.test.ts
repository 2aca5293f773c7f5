/**
 * Goal: the page on the configuration of the service is complete and its example works. Method: every key of the schema has a row that
 * says what the error says, every reason has a row, and the example is loaded as a file.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { AROUND_NOTES, SUPPRESSION_REASONS } from '../../lib/personalization/around/reasons.js'
import { CONFIG_SCHEMA } from '../../lib/personalization/config/config-schema.js'
import { loadConfig } from '../../lib/personalization/config/load-config.js'

const page = readFileSync('docs/personalization/configuration.md', 'utf8')
const rows = [...page.matchAll(/^\| (.+) \|$/gm)].map(([, cells]) => cells!.split(' | ').map((cell) => cell.trim()))

interface SchemaNode {
  readonly description: string
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: SchemaNode | boolean
}

/** Each path of the schema with what it allows, the schema itself excepted. */
function keysOf(schema: SchemaNode, path = ''): [path: string, allowed: string][] {
  const { items, properties = {}, additionalProperties } = schema
  const below: [string, SchemaNode][] = Object.entries(properties).map(([name, node]) => [
    path === '' ? name : `${path}.${name}`,
    node,
  ])
  if (typeof additionalProperties === 'object') below.push([`${path}.*`, additionalProperties])
  if (items !== undefined) below.push([`${path}[]`, items])
  return below.flatMap(([name, node]) => [[name, node.description], ...keysOf(node, name)])
}

t.test('every key has its row with what is allowed, and no other has one', async (t) => {
  const documented = rows.filter(([key]) => /^`[a-zA-Z.*[\]]+`$/.test(key!)).map(([key, allowed]) => [key, allowed])
  const keys = keysOf(CONFIG_SCHEMA as unknown as SchemaNode).map(([path, allowed]) => [`\`${path}\``, allowed])
  t.ok(keys.length > 40)
  const paths = new Set(keys.map(([path]) => path))
  t.same(
    documented.filter(([key]) => paths.has(key!)),
    keys,
  )
})

t.test('every reason and every count has its row', async (t) => {
  for (const [word, meaning] of Object.entries({ ...SUPPRESSION_REASONS, ...AROUND_NOTES })) {
    t.ok(
      rows.some(([first, , third]) => first === `\`${word}\`` && third === meaning),
      word,
    )
  }
})

t.test('the example is a configuration', async (t) => {
  const code = /```mjs\n([\s\S]*?)```/.exec(page)![1]!
  const library = new URL('../../lib/personalization/index.ts', import.meta.url).href
  const folder = t.testdir({ 'service.mjs': code.replace("'millrace/personalization'", JSON.stringify(library)) })
  t.match(await loadConfig(join(folder, 'service.mjs')), {
    settings: { 'cart-abandonment': { within: '1m', abandonAfter: '10m' } },
    caps: [{ perMs: 86_400_000 }, { perMs: 7 * 86_400_000 }],
    quietHours: { fromMinute: 1_320, toMinute: 420 },
    consent: { purposes: { page: null, email: 'newsletter' }, default: 'denied' },
    campaigns: [{ id: 'black-friday', startMs: Date.UTC(2026, 10, 27, 17) }],
    catalogue: join(folder, 'items.csv'),
  })
})
