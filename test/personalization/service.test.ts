import t, { type Test } from 'tap'
import { embeddedBroker } from '../../lib/index.js'
import { servicePort } from '../../lib/personalization/doors/service-view.js'
import { activityOf } from '../../lib/personalization/records/activity.js'
import { PersonalizationService } from '../../lib/personalization/service.js'
import { systemClock } from '../../lib/record/clock.js'
import { serviceOptions, summaryOf } from './service-run.js'

async function embedded(t: Test) {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  return { broker }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + 20_000
  while (!(await condition())) {
    if (systemClock.monotonicMs() > endMs) throw new Error('waited in vain')
    await new Promise<void>((resolve) => systemClock.setTimer(20, resolve))
  }
}

t.test('a life in numbers, and the same ids whatever is injected', async (t) => {
  const connection = await embedded(t)
  const plain = await summaryOf({ connection, name: 'plain', folder: t.testdir() })
  t.match(plain, {
    events: 3_000,
    invalid: 0,
    late: 0,
    duplicateInputs: 0,
    deadLettered: 0,
    duplicateRecommendations: 0,
    latencyMs: null,
  })
  const { carousel, cartAbandonment, spendingAlert } = plain.recommendations
  const sum = Object.values(plain.recommendations).reduce((total, count) => total + count, 0)
  t.equal(sum, plain.distinctDecisionIds)
  t.ok(carousel! > 2_000 && cartAbandonment! > 20 && spendingAlert! > 5)
  t.equal(plain.arms.control + plain.arms.treatment, plain.distinctDecisionIds)
  t.ok(plain.recommender.hitRate20! > 0)
  const inject = 'shuffle=50000,duplicate=1'
  const injected = await summaryOf({ connection, name: 'injected', folder: t.testdir(), inject })
  t.equal(injected.decisionIdsSha256, plain.decisionIdsSha256)
  t.match(injected, { events: 6_000, duplicateInputs: 3_000, late: 0, duplicateRecommendations: 0 })
})

t.test('broken rows and late events are counted from the dead letters', async (t) => {
  const connection = await embedded(t)
  const inject = 'late=0.02:600000'
  const summary = await summaryOf({ connection, name: 'bad', folder: t.testdir(), broken: true, inject })
  t.equal(summary.events, 2_940)
  t.equal(summary.invalid, 60)
  const shown = Array.from({ length: 10 }, (_, i) => ({ row: 50 * (i + 1), reason: 'price is not a decimal' }))
  t.same(summary.firstInvalid, shown)
  t.ok(summary.late > 20 && summary.late < 100, `${summary.late}`)
  t.equal(summary.deadLettered, summary.invalid + summary.late)
  t.ok(summary.latenessMs!.max >= 600_000 - 60_000)
  t.equal(summary.duplicateRecommendations, 0)
})

t.test('a second life over a finished input changes nothing', async (t) => {
  const connection = await embedded(t)
  const run = { connection, name: 'again', folder: t.testdir(), rows: 500 }
  t.same(await summaryOf(run), await summaryOf(run))
})

t.test('closed in the middle and started again; two instances, one leaves: the same ids, each once', async (t) => {
  const connection = await embedded(t)
  const folder = t.testdir()
  const rows = 8_000
  const expected = await summaryOf({ connection, name: 'calm', folder, rows })
  const run = { connection, name: 'moved', folder, rows }
  const first = await PersonalizationService.open(await serviceOptions(run, 'a'))
  await first.start()
  await until(() => first.counts.events > 300)
  await first.close()
  const [second, third] = [
    await PersonalizationService.open(await serviceOptions(run, 'a')),
    await PersonalizationService.open(await serviceOptions(run, 'b')),
  ]
  await Promise.all([second.start(), third.start()])
  await second.close({ leaveGroup: true })
  await third.inputDone()
  await third.stop({ leaveGroup: true })
  const summary = await third.summary()
  await third.close()
  t.equal(summary.decisionIdsSha256, expected.decisionIdsSha256)
  t.equal(summary.duplicateRecommendations, 0)
  t.equal(summary.events, rows)
})

t.test('a tier that a scheduler runs proposes once, and the live application delivers it', async (t) => {
  const connection = await embedded(t)
  const folder = t.testdir()
  const expected = await summaryOf({ connection, name: 'whole', folder, rows: 3_000 })
  const options = await serviceOptions({ connection, name: 'parts', folder, rows: 3_000 })
  const loading = await PersonalizationService.open(options)
  await loading.start()
  await loading.loaded()
  await loading.close({ leaveGroup: true })
  const scheduled = await PersonalizationService.open({ ...options, instanceId: 'scheduler', stateDir: null })
  const run = await scheduled.runTier('4h')
  t.ok(run.events > 3_000)
  t.equal((await scheduled.runTier('4h')).proposals, 0, 'it goes on from where it stopped')
  await t.rejects(scheduled.runTier('5h'), { code: 'TIER_UNKNOWN', message: /there are 1m, 4h, 1d/ })
  await scheduled.close({ leaveGroup: true })
  const live = await PersonalizationService.open(options)
  await live.start()
  await live.inputDone()
  await live.stop({ leaveGroup: true })
  t.equal((await live.summary()).decisionIdsSha256, expected.decisionIdsSha256)
  await live.close()
})

t.test('a click takes the time of the stream, is answered by a carousel and measured', async (t) => {
  const connection = await embedded(t)
  const options = await serviceOptions({ connection, name: 'click', folder: t.testdir(), rows: 200 })
  const service = await PersonalizationService.open({ ...options, speed: 100_000 })
  const stop = new AbortController()
  const port = await servicePort(service, 'a test', stop.signal)
  const seen: string[] = []
  port.onCommitted((records) => {
    for (const record of records) seen.push(port.decodeRecommendation(record)!.subject)
  })
  await service.start()
  await service.inputDone()
  const click = activityOf({
    eventId: 'click-1',
    userId: 'u',
    sessionId: 's',
    type: 'view',
    itemId: '1001',
    at: 0,
    source: 'page',
  })
  await port.produceActivity(click)
  await port.produceActivity(click)
  await until(() => seen.includes('click-1'))
  await until(() => port.figures().duplicateInputs === 1)
  const summary = await service.summary()
  t.equal(summary.events, 202)
  t.equal(summary.duplicateInputs, 1)
  t.equal(summary.late, 0)
  t.ok(summary.latencyMs!.p50 >= 0 && summary.latencyMs!.p99 < 20_000)
  t.ok((await port.recommendationEnds()).size === 4)
  stop.abort()
  await service.close()
})
