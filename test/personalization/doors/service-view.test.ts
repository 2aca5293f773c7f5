import t from 'tap'
import { embeddedBroker } from '../../../lib/embedded-broker.js'
import { defaultConfig } from '../../../lib/personalization/config/service-config.js'
import { servicePort } from '../../../lib/personalization/doors/service-view.js'
import { armOf } from '../../../lib/personalization/experiments/experiment.js'
import { PersonalizationService } from '../../../lib/personalization/service.js'
import { serviceOptions } from '../service-run.js'

t.test('the arm that it names is the one of the decisions; the hold-out is the one that gets nothing', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const options = await serviceOptions({ connection: { broker }, name: 'arms', folder: t.testdir() })
  const config = { ...defaultConfig, holdOut: { share: 0.3, salt: 'hold-out-1' } }
  const service = await PersonalizationService.open({ ...options, config })
  t.teardown(() => service.close())
  const stop = new AbortController()
  t.teardown(() => stop.abort())
  const port = await servicePort(service, 'a file', stop.signal)
  t.equal(await port.armOf('somebody'), armOf('somebody'), 'before the start')
  await service.start()
  await service.inputDone()
  const arms = new Map<string, string>()
  for await (const { records } of port.readRecommendations({ until: 'now', elseFrom: 'earliest' })) {
    for (const record of records) {
      const { userId, arm } = port.decodeRecommendation(record)!
      arms.set(userId, arm)
    }
  }
  t.ok(arms.size > 20)
  t.equal(new Set(arms.values()).size, 2)
  for (const [userId, arm] of arms) {
    t.equal(await port.armOf(userId), arm)
    t.equal(port.isHeldOut(userId), false, 'a user who got something')
  }
  const everyone = Array.from({ length: 1_000 }, (_, i) => `user ${i}`)
  const heldOut = everyone.filter((userId) => port.isHeldOut(userId)).length
  t.ok(heldOut > 250 && heldOut < 350, `${heldOut} of 1,000`)
  t.equal(await port.armOf('somebody'), armOf('somebody'), 'of whom nothing is known')
})
