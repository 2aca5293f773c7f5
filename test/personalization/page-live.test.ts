/** The page in a real browser over the real service: two instances of it on one embedded broker. */
import t, { type Test } from 'tap'
import { embeddedBroker } from '../../lib/index.js'
import { PersonalizationServer } from '../../lib/personalization/doors/server.js'
import { servicePort } from '../../lib/personalization/doors/service-view.js'
import { PersonalizationService } from '../../lib/personalization/service.js'
import { partitionForKey } from '../../lib/record/partitioner.js'
import { balancer, clickProduct, isLive, openBrowser, openPage } from './page-browser.js'

const PARTITIONS = 4

type Broker = Awaited<ReturnType<typeof embeddedBroker>>

interface Instance {
  readonly service: PersonalizationService
  readonly address: string
  close(): Promise<void>
}

async function instance(t: Test, broker: Broker, instanceId: string): Promise<Instance> {
  const service = await PersonalizationService.open({
    connection: { broker },
    applicationId: 'shop',
    topicPrefix: '',
    partitions: PARTITIONS,
    stateDir: null,
    registry: null,
    input: null,
    speed: 1,
    instanceId,
  })
  const stopped = new AbortController()
  const port = await servicePort(service, 'Nothing but clicks', stopped.signal)
  const server = new PersonalizationServer({ service: port, port: 0, ticketSecret: 'shop', demoLogin: true })
  const address = await server.listen()
  await service.start()
  let closing: Promise<void> | null = null
  const close = async () => {
    stopped.abort()
    await server.close()
    await service.close({ leaveGroup: true })
  }
  const made = {
    service,
    address,
    close() {
      closing ??= close()
      return closing
    },
  }
  t.teardown(() => made.close())
  return made
}

t.test('clicks are answered by whoever owns the user and shown by the other, each id once', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const instances = [await instance(t, broker, 'one'), await instance(t, broker, 'two')]
  await shared(instances)
  const partition = partitionForKey(Buffer.from('ada'), PARTITIONS)
  const owner = instances.findIndex(({ service }) => service.model.owned.has(partition))
  const front = await balancer(instances.map(({ address }) => address))
  t.teardown(() => front.close())
  front.socketsTo = 1 - owner
  const { page, ids, problems } = await openPage(browser, `${front.address}/?user=ada`)
  const shown: string[] = []
  for (const item of ['p-025', 'p-028', 'p-001']) shown.push(await clickProduct(page, item))
  t.equal(await page.textContent('#input-label'), 'Nothing but clicks')
  // From now on the owner itself pushes what it commits.
  front.socketsTo = owner
  front.cut()
  await page.waitForSelector('#connection:not([data-state=live])')
  await isLive(page)
  for (const item of ['p-030', 'p-031']) shown.push(await clickProduct(page, item))
  t.equal(new Set(shown).size, 5)
  // The third product of one category brings an upsell besides.
  t.same(
    ids.filter((id) => shown.includes(id)),
    shown,
    'one frame for each carousel, none twice',
  )
  t.equal(new Set(ids).size, ids.length, 'no decision twice')
  const summary = await instances[0]!.service.summary()
  t.match(summary, { recommendations: { carousel: 5 }, duplicateRecommendations: 0 })
  t.ok(summary.events >= 5, 'five views, and what the page says of what it showed')
  // The owner leaves: the other takes the user over, and the page goes on.
  front.socketsTo = 1 - owner
  await instances[owner]!.close()
  front.cut()
  await isLive(page)
  const last = await clickUntilAnswered(page)
  t.notOk(shown.includes(last))
  t.equal(new Set(ids).size, ids.length)
  t.same(problems, [])
})

/** Until both run tasks: the first to come has them all at first. */
async function shared(instances: readonly Instance[]): Promise<void> {
  const endMs = Date.now() + 30_000
  const isShared = () =>
    instances.every(({ service }) => service.model.owned.size > 0) &&
    instances.reduce((sum, { service }) => sum + service.model.owned.size, 0) === PARTITIONS
  while (!isShared() && Date.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 50))
  if (!isShared()) throw new Error('the two instances do not share the partitions')
}

async function clickUntilAnswered(page: Parameters<typeof clickProduct>[0]): Promise<string> {
  page.setDefaultTimeout(40_000)
  return clickProduct(page, 'p-040')
}
