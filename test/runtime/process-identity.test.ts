/** The identity of a process lies in two places: damage in one of them, whenever it shows, costs nothing. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { seededRandom } from '../../lib/record/random.js'
import { openProcess } from '../../lib/runtime/process-identity.js'
import type { StateEngines } from '../../lib/state/engine/engine.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { silentLog } from '../../lib/telemetry/log.js'

type Doing = 'open' | 'read' | 'write'

/** Engines over `memory` of which one folder is damaged from its nth operation of a kind on, until it is set aside. */
function damagedEngines(memory: MemoryEngines, folder: string, doing: Doing, from: number): StateEngines {
  let met = 0
  let sound = false
  const meet = (name: string, what: Doing) => {
    if (sound || name !== folder || what !== doing || ++met < from) return
    throw new MillraceError('STATE_DAMAGED', `the checksum of ${name} is wrong`, { taskId: name })
  }
  return {
    async open(name) {
      meet(name, 'open')
      const engine = await memory.open(name)
      const { getSync, write } = engine
      return Object.assign(engine, {
        getSync(key: Buffer) {
          meet(name, 'read')
          return getSync.call(engine, key)
        },
        async write(...given: Parameters<typeof write>) {
          meet(name, 'write')
          await write.apply(engine, given)
        },
      })
    },
    list: () => memory.list(),
    async setAside(name, reason) {
      sound ||= name === folder
      await memory.setAside(name, reason)
    },
  }
}

for (const folder of ['process', 'identity-copy']) {
  for (const doing of ['open', 'read'] as const) {
    for (const from of [1, 2, 3]) {
      t.test(`${folder} is damaged from ${doing} ${from} on`, async (t) => {
        const memory = new MemoryEngines()
        const first = await openProcess(memory, seededRandom(1), silentLog)
        await first.close()
        for (const seed of [2, 3]) {
          const engines = damagedEngines(memory, folder, doing, from)
          const { processId, close } = await openProcess(engines, seededRandom(seed), silentLog)
          t.equal(processId, first.processId)
          await close()
        }
      })
    }
  }
  t.test(`${folder} shows its damage as it is written: another attempt is worth it`, async (t) => {
    const memory = new MemoryEngines()
    const engines = damagedEngines(memory, folder, 'write', 1)
    await t.rejects(openProcess(engines, seededRandom(1), silentLog), { code: 'STATE_DAMAGED', retriable: true })
    await engines.setAside(folder, 'found by the next to open it')
    const { close } = await openProcess(engines, seededRandom(1), silentLog)
    await close()
  })
}
