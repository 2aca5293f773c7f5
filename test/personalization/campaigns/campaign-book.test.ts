import t from 'tap'
import { Admin, connect, embeddedBroker, readTopic } from '../../../lib/index.js'
import { CampaignBook } from '../../../lib/personalization/campaigns/campaign-book.js'
import { KnownCampaigns } from '../../../lib/personalization/frame/known-campaigns.js'
import { EventClock } from '../../../lib/personalization/gate/event-clock.js'
import type { Campaign } from '../../../lib/personalization/records/campaign.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'

const sale: Campaign = {
  ...{ id: 'sale', title: null, categories: ['coffee'], items: [] },
  ...{ startMs: 1_000, endMs: 2_000, perSecond: 100 },
}

t.test(
  'what is written is a record of the topic, taking back a tombstone; the time is that of the stream',
  async (t) => {
    const broker = await embeddedBroker({ folder: null })
    const cluster = connect({ broker })
    const eventClock = new EventClock(new ManualClock(5_000))
    const known = new KnownCampaigns([sale])
    const book = new CampaignBook({ cluster, topic: 'campaigns', known, eventClock })
    t.teardown(async () => {
      await book.close()
      await cluster.close()
      await broker.close()
    })
    await new Admin(cluster).createTopics([{ name: 'campaigns', partitions: 1 }])
    t.same(book.all, [sale])
    t.equal(book.nowMs, 5_000)
    eventClock.observe(90_000)
    t.equal(book.nowMs, 90_001)
    await book.write(sale)
    await book.remove('sale')
    const rows: [string, unknown][] = []
    for await (const { records } of readTopic({ cluster, topic: 'campaigns', until: 'now' })) {
      for (const { key, value } of records)
        rows.push([String(key), value === null ? null : JSON.parse(value.toString())])
    }
    t.same(rows, [
      ['sale', sale],
      ['sale', null],
    ])
  },
)
