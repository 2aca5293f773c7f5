/**
 * The identity of one instance, kept beside its state: a restarted process is the same group member with the same
 * transactional id, so it fences its own past and gets its tasks back at once. The open engine is also the lock that
 * keeps a second process off the folder; the operating system drops it however the process dies.
 */
import type { Random } from '../record/random.js'
import type { StateEngine, StateEngines } from '../state/engine.js'

const FOLDER = 'process'
const ID_KEY = Buffer.from('process-id')

export interface Process {
  readonly processId: string
  close(): Promise<void>
}

/** @throws MillraceError STATE_LOCKED when another process runs on the folder, STATE_UNWRITABLE */
export async function openProcess(engines: StateEngines, random: Random): Promise<Process> {
  const engine: StateEngine = await engines.open(FOLDER)
  let processId = engine.getSync(ID_KEY)?.toString('utf8')
  if (processId === undefined) {
    processId = random.uuid()
    await engine.write([{ type: 'put', key: ID_KEY, value: Buffer.from(processId, 'utf8') }], { sync: true })
  }
  return {
    processId,
    close: () => engine.close(),
  }
}
