/** The door of campaigns: operators write, list and take back; a visitor of a demonstration starts a flash sale. */
import t from 'tap'
import type { Campaign } from '../../../lib/personalization/records/campaign.js'
import { MEMORY_NOW_MS } from '../page-service.js'
import { openDoors, post } from './provocation.js'

const headers = { authorization: 'Bearer operator', 'content-type': 'application/json' }

t.test('an operator writes a campaign, replaces it, lists it and takes it back', async (t) => {
  const { address } = await openDoors(t, { adminToken: 'operator' })
  const put = (body: object) =>
    fetch(`${address}/campaigns/spring`, { method: 'PUT', headers, body: JSON.stringify(body) })
  const times = { start: '2026-03-01T11:30:00Z', end: '2026-03-01T15:00:00+02:00' }
  const written = await put({ ...times, categories: ['coffee'], items: ['p-001'], title: 'Spring' })
  const campaign = {
    id: 'spring',
    title: 'Spring',
    categories: ['coffee'],
    items: ['p-001'],
    startMs: Date.UTC(2026, 2, 1, 11, 30),
    endMs: Date.UTC(2026, 2, 1, 13),
    perSecond: 100,
  }
  t.same(await written.json(), campaign)
  await put({ ...times, items: ['p-002'], perSecond: 7 })
  const listed = await (await fetch(`${address}/campaigns`, { headers })).json()
  t.same(listed, {
    nowMs: MEMORY_NOW_MS,
    campaigns: [{ ...campaign, title: null, categories: [], items: ['p-002'], perSecond: 7 }],
  })
  const removed = await fetch(`${address}/campaigns/spring`, {
    method: 'DELETE',
    headers: { authorization: headers.authorization },
  })
  t.equal(removed.status, 204)
  t.match(await (await fetch(`${address}/campaigns`, { headers })).json(), { campaigns: [] })
})

t.test('a visitor starts a flash sale of a category: one at a time, each ten minutes', async (t) => {
  const { address } = await openDoors(t, { adminToken: 'operator' })
  const start = async (category: string): Promise<Campaign> => {
    const answer = await post(`${address}/api/demo/flash-sale`, { category })
    return ((await answer.json()) as { campaign: Campaign }).campaign
  }
  const first = await start('coffee')
  t.match(first, { categories: ['coffee'], items: [], startMs: MEMORY_NOW_MS, endMs: MEMORY_NOW_MS + 600_000 })
  t.same(await start('coffee'), first)
  const other = await start('kitchen')
  t.same(other.categories, ['kitchen'])
  const { campaigns } = (await (await fetch(`${address}/campaigns`, { headers })).json()) as { campaigns: Campaign[] }
  t.same(campaigns, [first, other], 'both are kept')
})
