import { randomBytes } from 'node:crypto'
import t from 'tap'
import { embeddedBroker } from '../../../lib/index.js'
import { PersonalizationService } from '../../../lib/personalization/service.js'
import { serviceOptions, summaryOf } from '../service-run.js'

const masterKey = randomBytes(32).toString('base64')

t.test('with a master key the same decisions are made, and a second life continues', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const plain = await summaryOf({ connection: { broker }, name: 'plain', folder: t.testdir() })
  const run = { connection: { broker }, name: 'sealed', folder: t.testdir() }
  const options = { ...(await serviceOptions(run)), masterKey }
  for (let life = 0; life < 2; life++) {
    const service = await PersonalizationService.open(options)
    try {
      await service.start()
      await service.inputDone()
      await service.stop({ leaveGroup: true })
      const sealed = await service.summary()
      t.equal(sealed.decisionIdsSha256, plain.decisionIdsSha256)
      t.equal(sealed.recommender.hitRate20 !== null, true)
      t.same({ ...sealed, recommender: null }, { ...plain, recommender: null })
    } finally {
      await service.close()
    }
  }
})
