/** Items of a file: what it says, what it does not say, and which rows are wrong. */
import { join } from 'node:path'
import t from 'tap'
import { inventedCatalogue, readCatalogue } from '../../../lib/personalization/catalogue/item-catalogue.js'
import { PersonalizationServer } from '../../../lib/personalization/doors/server.js'
import { MemoryTopic, memoryService } from '../page-service.js'

const CSV = `item_id,name,brand,category,price,currency
a,"Coffee, 1 kg",Alder,coffee,12.50,EUR
b,,,,,
,No id,,,1,EUR
a,Again,,,1,EUR
c,Dear,,,-1,EUR
d,Cheap,,,cheap,EUR
e,Dollar,,,1,USD
f,Odd,,,1,eur
g,"Broken" quotes,,,1,EUR
h,Tea,,tea,3,EUR
`
const REASONS = [
  [3, 'the item has no id'],
  [4, 'the id occurs before'],
  [5, 'the price is not a decimal of 0 or more'],
  [6, 'the price is not a decimal of 0 or more'],
  [7, 'the currency is another one'],
  [8, 'the currency is not three capital letters'],
  [9, 'the quotes are broken'],
]

t.test('CSV: rows, wrong rows, what is unknown', async (t) => {
  const { catalogue, wrong } = await readCatalogue(join(t.testdir({ 'items.csv': CSV }), 'items.csv'))
  t.same(
    wrong.map(({ row, reason }) => [row, reason]),
    REASONS,
  )
  t.same([...catalogue.byId.keys()], ['a', 'b', 'h'])
  t.match(catalogue.byId.get('a'), {
    name: 'Coffee, 1 kg',
    brand: 'Alder',
    category: 'coffee',
    unitPriceMicros: 12_500_000,
  })
  t.match(catalogue.byId.get('b'), { name: null, brand: null, category: null, unitPriceMicros: null, companions: [] })
  t.match(catalogue, { currency: 'EUR', isInvented: false, categories: [{ id: 'coffee' }, { id: 'tea' }] })
})

t.test('JSON lines', async (t) => {
  const lines = ['{"id":7,"title":"Seven","price":"1.5"}', 'nonsense', '[]', '{"id":"x","name":{}}', '', '{"id":"y"}']
  const { catalogue, wrong } = await readCatalogue(join(t.testdir({ 'items.jsonl': lines.join('\n') }), 'items.jsonl'))
  t.same(
    [...catalogue.byId.values()].map(({ itemId, name, unitPriceMicros }) => [itemId, name, unitPriceMicros]),
    [
      ['7', 'Seven', 1_500_000],
      ['y', null, null],
    ],
  )
  t.same(
    wrong.map(({ row, reason }) => [row, reason]),
    [
      [2, 'the line is not JSON'],
      [3, 'the line is not an object'],
      [4, 'name is not a text'],
    ],
  )
  t.equal(catalogue.currency, null, 'no currency is invented')
})

t.test('a file that cannot be read', async (t) => {
  const folder = t.testdir({ 'items.csv': 'name,price\na,1\n' })
  await t.rejects(readCatalogue(join(folder, 'none.csv')), { code: 'CATALOGUE_UNREADABLE', message: /ENOENT/ })
  await t.rejects(readCatalogue(join(folder, 'items.csv')), { code: 'CATALOGUE_UNREADABLE', message: /header/ })
})

t.test('the page gets what the file says, and a click its price', async (t) => {
  const { catalogue } = await readCatalogue(join(t.testdir({ 'items.csv': CSV }), 'items.csv'))
  const topic = new MemoryTopic()
  const service = { ...memoryService(topic, { owns: [0, 1, 2, 3] }), catalogue }
  const server = new PersonalizationServer({ service, ticketSecret: 'shared' })
  t.teardown(() => server.close())
  const app = await server.server()
  const page = (await app.inject('/api/catalogue')).json()
  t.match(page, { currency: 'EUR', isInvented: false, categories: [{ id: 'coffee', title: 'coffee' }, { id: 'tea' }] })
  t.match(page.products[0], { itemId: 'a', name: 'Coffee, 1 kg', price: '12.5' })
  t.match(page.products[1], { itemId: 'b', name: null, price: null })
  const click = { id: 'c1', user: 'ada', session: 'session', type: 'view' }
  for (const itemId of ['a', 'unknown']) {
    const payload = { ...click, id: `click-of-${itemId}`, itemId }
    t.equal((await app.inject({ method: 'POST', url: '/api/activity', payload })).statusCode, 202)
  }
  t.match(topic.produced[0], { unitPriceMicros: 12_500_000, currency: 'EUR', category: 'coffee', brand: 'Alder' })
  t.match(topic.produced[1], { itemId: 'unknown', unitPriceMicros: null, currency: null, category: null })
  t.ok(inventedCatalogue().isInvented)
})
