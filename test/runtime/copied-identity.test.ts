/** Two processes with one identity, as from a copied state folder: the one that came last goes on, the other says why it ends. */
import t from 'tap'
import { Streams } from '../../lib/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { openProcess } from '../../lib/runtime/process-identity.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { embedded } from './embedded.js'
import { counting, started } from './group-rig.js'

/** Engines that hold the identity of process `seed`. */
async function enginesOf(seed: number): Promise<MemoryEngines> {
  const engines = new MemoryEngines()
  await (await openProcess(engines, seededRandom(seed), silentLog)).close()
  return engines
}

for (const processingGuarantee of ['exactlyOnce', 'atLeastOnce'] as const) {
  t.test(`a copied state folder, ${processingGuarantee}`, async (t) => {
    const world = await embedded(t, { in: 1, out: 1 })
    const times = { sessionTimeoutMs: 3_000, heartbeatIntervalMs: 50 }
    const base = { applicationId: 'app', broker: world.broker, processingGuarantee, ...times }
    const first = new Streams(counting(), {
      ...base,
      engines: await enginesOf(1),
      onUncaughtError: () => 'shutdownInstance',
    })
    const ended = t.rejects(first.finished, { code: 'GROUP_INSTANCE_FENCED' })
    await first.start()
    await world.send([{ topic: 'in', key: 'k', value: 'v' }])
    await world.until('out', ({ length }) => length >= 1)
    const second = await started(t, counting(), { ...base, engines: await enginesOf(1) })
    await ended
    await world.send([{ topic: 'in', key: 'k', value: 'v' }])
    await world.until('out', ({ length }) => length >= 2)
    t.equal(second.state, 'running')
    t.same(second.tasks(), ['0_0'])
  })
}
