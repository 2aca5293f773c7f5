/**
 * The identity of one instance, stored with its state. A restarted process is the same group member with the same
 * transactional id, so it aborts its own open transaction and gets its tasks back at once. The open engine is also the
 * lock that keeps a second process out of the folder; the operating system releases it when the process dies.
 */
import type { StreamsConfig } from '../config.js'
import { isMillraceError, MillraceError } from '../errors.js'
import type { Random } from '../record/random.js'
import type { StateEngine, StateEngines } from '../state/engine/engine.js'
import type { Log } from '../telemetry/log.js'

const FOLDER = 'process'
/**
 * A second place for the identity: without it, a damaged first would cost every task the time of a session. What is done to
 * `process*`, by a script say, leaves it.
 */
const COPY = 'identity-copy'
const ID_KEY = Buffer.from('process-id')
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export interface ProcessIdentity {
  readonly processId: string
  close(): Promise<void>
}

/**
 * An identity that cannot be read is taken from its copy. If both are damaged, the process is a new member, and its earlier life
 * ends with its session.
 * @throws MillraceError STATE_LOCKED when another process runs on the folder, STATE_UNWRITABLE
 */
export async function openProcess(engines: StateEngines, random: Random, log: Log): Promise<ProcessIdentity> {
  const first = await openSound(engines, FOLDER, log)
  try {
    const copy = await openSound(engines, COPY, log).catch(throwLocked)
    try {
      const processId = first.id ?? copy.id ?? random.uuid()
      for (const place of [first, copy]) await write(place, processId)
      return { processId, close: () => first.engine.close() }
    } finally {
      await copy.engine.close()
    }
  } catch (error) {
    await first.engine.close()
    throw error
  }
}

interface Place {
  readonly engine: StateEngine
  /** The identity found there. */
  readonly id: string | null
}

/** The folder is ours by the lock of the process: what is locked in it is held by an earlier life that has not let go yet. */
export function throwLocked(error: unknown): never {
  throw isMillraceError(error, 'STATE_LOCKED') ? passing(error) : error
}

function passing(error: MillraceError): MillraceError {
  const { code, message, taskId } = error
  return new MillraceError(code, message, { ...(taskId !== undefined && { taskId }), kind: 'passing', cause: error })
}

/** Open, with an identity or without any: a damaged one is set aside. */
async function openSound(engines: StateEngines, folder: string, log: Log): Promise<Place> {
  try {
    return await openChecked(engines, folder)
  } catch (error) {
    if (!isMillraceError(error, 'STATE_DAMAGED', 'STATE_LAYOUT_UNSUPPORTED')) throw error
    log.warn({ folder, code: error.code, cause: error.message }, 'one copy of the identity of this process is damaged')
    await engines.setAside(folder, error.code)
    return openChecked(engines, folder)
  }
}

async function openChecked(engines: StateEngines, folder: string): Promise<Place> {
  const engine = await engines.open(folder)
  try {
    const id = engine.getSync(ID_KEY)?.toString('utf8') ?? null
    if (id === null || ID.test(id)) return { engine, id }
    throw new MillraceError('STATE_DAMAGED', 'the identity of the process is invalid', { taskId: folder })
  } catch (error) {
    await engine.close()
    throw error
  }
}

async function write({ engine, id }: Place, processId: string): Promise<void> {
  if (id === processId) return
  try {
    await engine.write([{ type: 'put', key: ID_KEY, value: Buffer.from(processId, 'utf8') }], { sync: true })
  } catch (error) {
    // The next attempt to open finds the damage and sets it aside.
    throw isMillraceError(error, 'STATE_DAMAGED') ? passing(error) : error
  }
}

/** The same after a restart: what fences an earlier life, and brings its tasks back. */
export function instanceName({ applicationId }: Pick<StreamsConfig, 'applicationId'>, processId: string): string {
  return `${applicationId}-${processId}`
}
