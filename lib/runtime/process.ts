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
/** A second place for the identity: without it, a damaged first would cost every task the time of a session. */
const COPY = 'process-copy'
const ID_KEY = Buffer.from('process-id')
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export interface Process {
  readonly processId: string
  close(): Promise<void>
}

/**
 * An identity that cannot be read is taken from its copy. If both are damaged, the process is a new member, and its earlier life
 * ends with its session.
 * @throws MillraceError STATE_LOCKED when another process runs on the folder, STATE_UNWRITABLE
 */
export async function openProcess(engines: StateEngines, random: Random, log: Log): Promise<Process> {
  const engine = await openSound(engines, FOLDER, log)
  try {
    const copy = await openSound(engines, COPY, log).catch(throwLocked)
    try {
      const processId = known(engine) ?? known(copy) ?? random.uuid()
      for (const each of [engine, copy]) await write(each, processId)
      return { processId, close: () => engine.close() }
    } finally {
      await copy.close()
    }
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** The folder is ours by the lock of the process: what is locked in it is held by an earlier life that has not let go yet. */
export function throwLocked(error: unknown): never {
  if (!isMillraceError(error, 'STATE_LOCKED')) throw error
  const { code, message, taskId } = error
  throw new MillraceError(code, message, { ...(taskId !== undefined && { taskId }), kind: 'passing', cause: error })
}

/** The engine, with an identity or without any: a damaged one is set aside. */
async function openSound(engines: StateEngines, folder: string, log: Log): Promise<StateEngine> {
  try {
    return await openChecked(engines, folder)
  } catch (error) {
    if (!isMillraceError(error, 'STATE_DAMAGED', 'STATE_LAYOUT_UNSUPPORTED')) throw error
    log.warn({ folder, code: error.code, cause: error.message }, 'the identity of this process is damaged in one place')
    await engines.setAside(folder, error.code)
    return openChecked(engines, folder)
  }
}

async function openChecked(engines: StateEngines, folder: string): Promise<StateEngine> {
  const engine = await engines.open(folder)
  try {
    const id = known(engine)
    if (id === null || ID.test(id)) return engine
    throw new MillraceError('STATE_DAMAGED', 'the identity of the process is not one', { taskId: folder })
  } catch (error) {
    await engine.close()
    throw error
  }
}

function known(engine: StateEngine): string | null {
  return engine.getSync(ID_KEY)?.toString('utf8') ?? null
}

async function write(engine: StateEngine, processId: string): Promise<void> {
  if (known(engine) === processId) return
  await engine.write([{ type: 'put', key: ID_KEY, value: Buffer.from(processId, 'utf8') }], { sync: true })
}
