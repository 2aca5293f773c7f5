import t, { type Test } from 'tap'
import { embeddedBroker } from '../../../../lib/embedded-broker.js'
import { openWebhooks } from '../../../../lib/personalization/doors/webhooks/open-webhooks.js'
import type { ServiceOptions } from '../../../../lib/personalization/instance-options.js'
import { PersonalizationService } from '../../../../lib/personalization/service.js'
import { serviceOptions } from '../../service-run.js'
import { receiver } from './receiver.js'
import { SECRET } from './world.js'

const crm = { name: 'crm', secret: SECRET, allowPrivateAddresses: true }

async function options(t: Test): Promise<ServiceOptions> {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  return serviceOptions({ connection: { broker }, name: 'out', folder: t.testdir() })
}

t.test('every decision of its decisions and channels, and no other', async (t) => {
  const service = await PersonalizationService.open(await options(t))
  t.teardown(() => service.close())
  const [all, some] = [await receiver(t), await receiver(t)]
  const webhooks = await openWebhooks(service, [
    { ...crm, url: all.url, channels: ['page', 'push'] },
    {
      ...crm,
      name: 'alerts',
      url: some.url,
      channels: ['page', 'push'],
      decisions: ['spending-alert', 'cart-abandonment'],
    },
  ])
  t.teardown(() => webhooks.close())
  await service.start()
  await service.inputDone()
  t.same([...service.model.owned].sort(), [0, 1, 2, 3], 'runs of slower tiers take no partition away')
  await webhooks.drained()
  await service.stop({ leaveGroup: true })
  const { recommendations, distinctDecisionIds } = await service.summary()
  const ids = (requests: typeof all.received) => new Set(requests.map(({ headers }) => headers['webhook-id']))
  const channels = ['page', 'push']
  const kept = all.received.filter(({ body }) => channels.includes(JSON.parse(body).data.channel))
  t.equal(ids(all.received).size, ids(kept).size)
  t.ok(ids(all.received).size > 2_000 && ids(all.received).size <= distinctDecisionIds)
  const { spendingAlert = 0, withdrawn = 0, cartAbandonment = 0 } = recommendations
  t.equal(ids(some.received).size, spendingAlert + withdrawn + cartAbandonment, 'with the kinds of a decision')
})

t.test('the name of a decision that does not exist is an error before anything starts', async (t) => {
  const service = await PersonalizationService.open(await options(t))
  t.teardown(() => service.close())
  const url = 'http://127.0.0.1:9/'
  const webhook = { ...crm, url, channels: ['push'] as const }
  await t.rejects(openWebhooks(service, [{ ...webhook, decisions: ['cart-abandonmant'] }]), {
    code: 'CONFIG_FILE_INVALID',
    message: /^webhooks\[0\]\.decisions\.cart-abandonmant is not known: did you mean cart-abandonment\?/,
  })
  await t.rejects(openWebhooks(service, [{ ...webhook, allowPrivateAddresses: false }]), {
    code: 'CONFIG_FILE_INVALID',
  })
})
