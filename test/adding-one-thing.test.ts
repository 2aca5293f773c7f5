/** The table "Adding one thing" of CONTRIBUTING.md, walked: for each thing there is, its file, its line, its test, its page. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { SUITES } from '../bench/index.js'
import { HANDLERS } from '../lib/broker/api/registry.js'
import { ERROR_CODES } from '../lib/errors.js'
import { AROUND_RULES } from '../lib/personalization/around/index.js'
import { SHIPPED_DECISIONS } from '../lib/personalization/decisions/index.js'
import { DOORS } from '../lib/personalization/doors/index.js'
import { FORMATS } from '../lib/personalization/input/index.js'
import { allApis } from '../lib/protocol/index.js'
import { ENGINES } from '../lib/state/engine/index.js'
import { STORES, type StoreKind } from '../lib/state/stores/index.js'
import { KINDS } from '../lib/topology/kinds.js'
import { FAULTS } from '../verify/chaos/faults/index.js'
import { bodyFixtures } from './protocol/fixtures.js'
import { sourceFile, target } from './source-files.js'

interface Member {
  readonly name: string
  /** `<name>` of the table, where it is not the name with dashes. */
  readonly file?: string
  /** The word on its page; null: none is due. */
  readonly page: string | null
  /** In the test's text; left out: a test of that name, or one that walks the registry. */
  readonly tested?: boolean
}

/** What a user calls the operator of a node: a word that the pages of operators have. */
const WORDS: Readonly<Record<string, string>> = {
  async: 'mapAsync',
  sink: 'to',
  windowAggregate: 'windowedBy',
  slidingAggregate: 'sliding',
  sessionAggregate: 'session',
  tableSource: 'table',
  tableFilter: 'filter',
  tableMapValues: 'mapValues',
  tableTransformValues: 'transformValues',
  tableToStream: 'toStream',
  tableGroupBy: 'groupBy',
  tableAggregate: 'aggregate',
  joinWindow: 'joinWindow',
  streamJoin: 'outerJoin',
  streamSelfJoin: 'join',
  streamTableJoin: 'leftJoin',
  streamGlobalTableJoin: 'globalTable',
  tableJoin: 'outerJoin',
  tableJoinMerge: 'outerJoin',
  sendSubscription: 'foreignKey',
  receiveSubscription: 'foreignKey',
  joinSubscription: 'foreignKey',
  joinForeign: 'foreignKey',
  resolveResponse: 'foreignKey',
}

const FOREIGN_KEY = ['sendSubscription', 'receiveSubscription', 'joinSubscription', 'joinForeign', 'resolveResponse']

/** Both kinds of key-value stores are one store. */
const STORE_FILES: Readonly<Partial<Record<StoreKind, string>>> = { timestampedKeyValue: 'key-value' }

const dashed = (name: string) => name.replace(/(?<=[a-z0-9])([A-Z])/g, '-$1').toLowerCase()
const formats = readFileSync('test/personalization/formats.test.ts', 'utf8')
const references = readFileSync('test/personalization/reference/against-service.test.ts', 'utf8')

const FAMILIES: Readonly<Record<string, () => readonly Member[]>> = {
  operator: () =>
    Object.keys(KINDS)
      // The task itself is the operator of a source.
      .filter((kind) => kind !== 'source')
      .map((kind) => ({
        name: kind,
        file: FOREIGN_KEY.includes(kind) ? `foreign-key/${dashed(kind)}` : dashed(kind),
        page: WORDS[kind] ?? kind,
      })),
  'kind of store': () =>
    (Object.keys(STORES) as StoreKind[]).map((kind) => ({
      name: kind,
      file: STORE_FILES[kind] ?? dashed(kind),
      page: `| ${kind} |`,
    })),
  'state engine': () => Object.keys(ENGINES).map((name) => ({ name, page: `'${name}'` })),
  'protocol API': () =>
    allApis.map(({ name }) => ({ name, page: null, tested: bodyFixtures.some(([api]) => api === name) })),
  'broker API': () =>
    HANDLERS.map(({ api, versions: [first, last] }) => ({
      name: api.name,
      page: `| ${api.name} | ${first} to ${last} |`,
    })),
  'input format': () => FORMATS.map(({ name }) => ({ name, page: name, tested: formats.includes(name) })),
  door: () => DOORS.map(({ name }) => ({ name, page: `| ${name} |` })),
  decision: () =>
    SHIPPED_DECISIONS.map(({ name }) => ({
      name,
      page: `- \`${name}\`: `,
      tested: references.includes(`/${name}.js'`),
    })),
  'rule around decisions': () => AROUND_RULES.map(({ name }) => ({ name, page: `| \`${name}\` |` })),
  benchmark: () => Object.keys(SUITES).map((name) => ({ name, page: `npm run bench -- ${name} ` })),
  'chaos fault': () => FAULTS.map(({ name }) => ({ name, page: `| \`${name}\` |` })),
  'error code': () => Object.keys(ERROR_CODES).map((name) => ({ name, page: name })),
}

interface TableRow {
  readonly thing: string
  readonly file: string
  readonly registry: string
  readonly test: string
  readonly page: string
}

function table(text: string): TableRow[] {
  const section = text.slice(text.indexOf('## Adding one thing'), text.indexOf('More than one line'))
  const lines = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
  return lines.map((line) => {
    const [thing, file, registry, test, page] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim().replaceAll('`', ''))
    return { thing: thing!, file: file!, registry: registry!, test: test!, page: page! }
  })
}

/** A page, or all pages of a folder. */
function pageText(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8')
  return readdirSync(path)
    .map((name) => readFileSync(`${path}/${name}`, 'utf8'))
    .join('\n')
}

function imported(registry: string): Set<string> {
  const { imports } = sourceFile(registry, readFileSync(registry, 'utf8'))
  return new Set(imports.map(({ specifier }) => target(registry, specifier)))
}

/** What is missing of a member, in words. */
function missing(row: TableRow, { name, file = dashed(name), page, tested = true }: Member): string[] {
  const path = (pattern: string) => pattern.replace('<name>', file)
  const found: string[] = []
  // A folder says only where the file goes; an error code has none.
  const own = row.file.includes('<name>') ? path(row.file) : null
  if (own !== null && !existsSync(own)) found.push(`no file ${own}`)
  const names = imported(row.registry)
  const kinds = own?.replace('-store.ts', '-kinds.ts')
  if (own !== null && !names.has(own) && !names.has(kinds!)) found.push(`${row.registry} does not import ${own}`)
  if (!existsSync(path(row.test))) found.push(`no test ${path(row.test)}`)
  if (!tested) found.push(`nothing in ${row.test}`)
  if (page !== null && !hasWord(pageText(row.page), page)) found.push(`${row.page} does not have ${page}`)
  return found
}

function hasWord(text: string, word: string): boolean {
  const plain = /^\w+$/.test(word)
  return plain ? new RegExp(`\\b${word}\\b`).test(text) : text.includes(word)
}

const rows = table(readFileSync('CONTRIBUTING.md', 'utf8'))

t.test('the table has a row for each family', async (t) => {
  t.same(rows.map(({ thing }) => thing).sort(), Object.keys(FAMILIES).sort())
})

for (const row of rows) {
  t.test(row.thing, async (t) => {
    const members = FAMILIES[row.thing]!()
    t.ok(members.length > 1)
    for (const member of members) t.same(missing(row, member), [], member.name)
  })
}

t.test('what has no file, no line, no test or no page is found', async (t) => {
  const row = rows.find(({ thing }) => thing === 'kind of store')!
  t.same(missing(row, { name: 'scratch', page: '| scratch |' }), [
    'no file lib/state/stores/scratch-store.ts',
    'lib/state/stores/index.ts does not import lib/state/stores/scratch-store.ts',
    'no test test/state/stores/scratch-store.test.ts',
    'docs/names-and-upgrades.md does not have | scratch |',
  ])
  const api = rows.find(({ thing }) => thing === 'protocol API')!
  t.match(missing(api, { name: 'Scratch', page: null, tested: false }), [/no file/, /does not import/, /nothing in/])
})

t.test('the names of registries are what they are said to be: a row under another name does not compile', async (t) => {
  // @ts-expect-error a kind of node without its row
  const kinds: typeof KINDS = {} as Omit<typeof KINDS, 'filter'>
  // @ts-expect-error a kind of store without its row
  const stores: typeof STORES = {} as Omit<typeof STORES, 'window'>
  // @ts-expect-error a row under the name of another kind
  const swapped: typeof STORES = { ...STORES, window: STORES.session }
  // @ts-expect-error an engine without its row
  const engines: typeof ENGINES = {} as Omit<typeof ENGINES, 'level'>
  t.ok([kinds, stores, swapped, engines])
})
