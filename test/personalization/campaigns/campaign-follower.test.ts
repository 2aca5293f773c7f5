import t from 'tap'
import { Admin, connect, embeddedBroker, Producer, silentLog } from '../../../lib/index.js'
import { CampaignFollower } from '../../../lib/personalization/campaigns/campaign-follower.js'
import { KnownCampaigns } from '../../../lib/personalization/frame/known-campaigns.js'
import type { Campaign } from '../../../lib/personalization/records/campaign.js'

const TOPIC = 'campaigns'
const sale = (id: string): Campaign => {
  return { id, title: null, categories: ['coffee'], items: [], startMs: 1_000, endMs: 2_000, perSecond: 100 }
}

/** Values that are no campaign of the key "wrong". */
const WRONG: readonly string[] = [
  '{"half":',
  'null',
  '[]',
  JSON.stringify(sale('other')),
  ...[
    { id: 7 },
    { title: 7 },
    { categories: [] },
    { categories: 'coffee' },
    { items: [7] },
    { startMs: '2026-03-01' },
    { endMs: 1_000 },
    { perSecond: 0 },
    { perSecond: 1.5 },
  ].map((change) => JSON.stringify({ ...sale('wrong'), ...change })),
]

t.test('what is on the topic is known before the start, then what comes; tombstones take back', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect({ broker })
  const known = new KnownCampaigns([sale('configured')])
  const follower = new CampaignFollower({ cluster, topic: TOPIC, known, log: silentLog })
  const producer = new Producer({ cluster })
  t.teardown(async () => {
    await follower.close()
    await producer.close()
    await cluster.close()
    await broker.close()
  })
  await new Admin(cluster).createTopics([{ name: TOPIC, partitions: 1, config: { 'cleanup.policy': 'compact' } }])
  const write = (id: string, value: string | null) =>
    producer.send(TOPIC, { key: Buffer.from(id), value: value === null ? null : Buffer.from(value) })
  const ids = () => known.all.map(({ id }) => id).sort()
  await write('one', JSON.stringify(sale('one')))
  await write('two', JSON.stringify(sale('two')))
  await write('one', null)
  for (const value of WRONG) await write('wrong', value)
  await follower.readToEnd()
  t.same(ids(), ['configured', 'two'])
  t.equal(follower.invalid, WRONG.length)
  follower.follow()
  await write('three', JSON.stringify(sale('three')))
  await write('two', JSON.stringify({ ...sale('two'), endMs: 3_000 }))
  await write('configured', null)
  const endMs = Date.now() + 10_000
  while (ids().includes('configured') && Date.now() < endMs) await new Promise(setImmediate)
  t.same(ids(), ['three', 'two'])
  t.equal(known.all.find(({ id }) => id === 'two')!.endMs, 3_000)
  t.equal(follower.invalid, WRONG.length, 'nothing is read twice')
})
