/** The state folder of the service: its path, whether it is writable, and the instance data in it. */
import { createHash } from 'node:crypto'
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { MillraceError, type Random } from '../../index.js'
import type { ServiceConfig } from '../config/service-config.js'
import type { LoaderInput } from '../input/loader/input-files.js'
import type { StartOptions } from './start-options.js'

const DEFAULT_FOLDER = '.millrace'
/** Of the state folder: the topics of the embedded broker, and the local state. */
export const [BROKER_PART, TASKS_PART] = ['broker', 'tasks'] as const

/**
 * On Kafka the default folder, which then holds local state only. With the embedded broker the topics lie there too, so
 * each input under each set of rules and each configuration has a folder of its own: the same command continues where it
 * stopped, another begins.
 */
export function stateFolder(
  options: StartOptions,
  input: LoaderInput | null,
  config: ServiceConfig,
  isSealed: boolean,
): string {
  if (options.stateDir !== null) return options.stateDir
  if (options.brokers !== null) return DEFAULT_FOLDER
  const { gate, applicationId, topicPrefix, partitions, repeats } = options
  const sequence = { input: input?.input, sequence: input?.sequence }
  // Of a decision its plain values: what it does is code.
  const decisions = config.decisions.map(({ name, withinMs, channel, validForMs, settings }) => {
    return { name, withinMs, channel, validForMs, settings }
  })
  // Where decisions are sent to, what is shown of items and what traces keep say nothing about what is decided.
  const { webhooks: _webhooks, catalogue: _catalogue, trace: _trace, ...deciding } = config
  const all = { ...sequence, gate, config: { ...deciding, decisions }, applicationId, topicPrefix, partitions, repeats }
  const hash = createHash('sha256')
    .update(JSON.stringify(isSealed ? { ...all, isSealed } : all))
    .digest('hex')
    .slice(0, 12)
  const name = input === null ? 'live' : input.input.split('-')[0]!
  return join(DEFAULT_FOLDER, `${name}-${hash}`)
}

/** Only its owner may read what is in it: the values of records, and secrets. */
const PRIVATE_MODE = 0o700

/** Makes the folder, and closes it and its `parts` to others if an earlier version made them. @throws MillraceError STATE_UNWRITABLE */
export function prepareFolder(folder: string, parts: readonly string[] = []): void {
  attempt(folder, () => makeFolder(resolve(folder)))
  attempt(folder, () => accessSync(folder, constants.W_OK))
  // A folder that the user named and made keeps its mode. What is below it is ours.
  const own = parts.map((part) => join(folder, part))
  if (folder.startsWith(DEFAULT_FOLDER)) own.push(folder)
  for (const path of own) if (existsSync(path)) attempt(path, () => chmodSync(path, PRIVATE_MODE))
}

/** Parents first, one by one: node's own recursion does not end under /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder, { mode: PRIVATE_MODE })
}

/** A random text that this folder keeps, made at the first call. @throws MillraceError STATE_UNWRITABLE */
export function keptSecret(folder: string, name: string, random: Random): string {
  const path = join(folder, name)
  try {
    const text = readFileSync(path, 'utf8').trim()
    if (text !== '') return text
  } catch {
    // Not made yet; where it cannot be read, writing it says why.
  }
  const made = random.uuid()
  attempt(folder, () => writeFileSync(path, `${made}\n`, { mode: 0o600 }))
  return made
}

function attempt(folder: string, write: () => void): void {
  try {
    write()
  } catch (cause) {
    const { code } = cause as { code?: string }
    throw new MillraceError(
      'STATE_UNWRITABLE',
      `the state folder ${folder} cannot be written (${code ?? 'unknown error'}): choose another with --state-dir`,
      { cause },
    )
  }
}
