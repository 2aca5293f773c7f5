/**
 * The identity of one instance, kept beside its state: a restarted process is the same group member with the same
 * transactional id, so it fences its own past and gets its tasks back at once. The open engine is also the lock that
 * keeps a second process off the folder; the operating system drops it however the process dies.
 */
import { isMillraceError, MillraceError } from '../errors.js'
import type { Random } from '../record/random.js'
import type { StateEngine, StateEngines } from '../state/engine.js'
import type { Log } from '../telemetry/log.js'

const FOLDER = 'process'
const ID_KEY = Buffer.from('process-id')
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export interface Process {
  readonly processId: string
  close(): Promise<void>
}

/**
 * An identity that cannot be read is given up: the process is then a new member, whose earlier life ends with its session.
 * @throws MillraceError STATE_LOCKED when another process runs on the folder, STATE_UNWRITABLE
 */
export async function openProcess(engines: StateEngines, random: Random, log: Log): Promise<Process> {
  try {
    return await openOnce(engines, random)
  } catch (error) {
    if (!isMillraceError(error, 'STATE_DAMAGED', 'STATE_LAYOUT_UNSUPPORTED')) throw error
    log.warn({ code: error.code, cause: error.message }, 'the identity of this process is damaged: it gets a new one')
    await engines.setAside(FOLDER, error.code)
    return openOnce(engines, random)
  }
}

async function openOnce(engines: StateEngines, random: Random): Promise<Process> {
  const engine: StateEngine = await engines.open(FOLDER)
  try {
    return { processId: await identity(engine, random), close: () => engine.close() }
  } catch (error) {
    await engine.close()
    throw error
  }
}

async function identity(engine: StateEngine, random: Random): Promise<string> {
  const known = engine.getSync(ID_KEY)?.toString('utf8')
  if (known === undefined) {
    const processId = random.uuid()
    await engine.write([{ type: 'put', key: ID_KEY, value: Buffer.from(processId, 'utf8') }], { sync: true })
    return processId
  }
  if (!ID.test(known))
    throw new MillraceError('STATE_DAMAGED', 'the identity of the process is not one', { taskId: FOLDER })
  return known
}
