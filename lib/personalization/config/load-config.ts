/** Loads a configuration file through Node's own loader. */
import { dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError } from '../../index.js'
import { ServiceError } from '../errors.js'
import { checkedConfig } from './check-config.js'
import type { ServiceConfig } from './service-config.js'

const JAVASCRIPT = ['.js', '.mjs']
const TYPESCRIPT = ['.ts', '.mts']

/**
 * The default export of a module of JavaScript or TypeScript, checked and complete. A file is read once in a process.
 * @throws ServiceError CONFIG_FILE_UNREADABLE, CONFIG_FILE_INVALID, CONFIG_PACKAGES_MISSING, and what the file itself throws of
 * ours, such as DECISION_INVALID
 */
export async function loadConfig(path: string): Promise<ServiceConfig> {
  checkLanguage(path)
  const file = resolve(path)
  const loaded = await imported(path, file)
  if (loaded.default === undefined) {
    throw new ServiceError('CONFIG_FILE_INVALID', `${path} has no default export: write export default { ... }`)
  }
  return checkedConfig(loaded.default, dirname(file))
}

function checkLanguage(path: string): void {
  const extension = extname(path)
  if (JAVASCRIPT.includes(extension)) return
  if (!TYPESCRIPT.includes(extension)) {
    throw unreadable(path, `its name must end with ${[...JAVASCRIPT, ...TYPESCRIPT].join(', ')}`)
  }
  if (process.features.typescript) return
  throw unreadable(
    path,
    `Node ${process.versions.node} does not run TypeScript: use Node 22.18, 23.6 or later, start Node from 22.6 with --experimental-strip-types, or write JavaScript`,
  )
}

async function imported(path: string, file: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (cause) {
    if (cause instanceof ServiceError || cause instanceof MillraceError) throw cause
    throw unreadable(path, reasonOf(cause, file), cause)
  }
}

function reasonOf(cause: unknown, file: string): string {
  if (!(cause instanceof Error)) return 'it throws'
  const { code, url } = cause as { readonly code?: string; readonly url?: string }
  if (code === 'ERR_MODULE_NOT_FOUND' && url === pathToFileURL(file).href) return 'there is no such file'
  const [line = ''] = cause.message.split('\n')
  const hint =
    cause instanceof SyntaxError && file.endsWith('.js')
      ? ' (a module with import or export may need the name .mjs)'
      : ''
  return `${cause.name}: ${line}${hint}`
}

function unreadable(path: string, problem: string, cause?: unknown): ServiceError {
  return new ServiceError('CONFIG_FILE_UNREADABLE', `${path} cannot be loaded: ${problem}`, { cause })
}
