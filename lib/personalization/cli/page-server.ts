/** The HTTP server of `npm start`, made from the flags and the secrets in the environment. */
import { basename } from 'node:path'
import { type Log, systemRandom } from '../../index.js'
import { type ItemCatalogue, inventedCatalogue, readCatalogue } from '../catalogue/item-catalogue.js'
import type { ServiceConfig } from '../config/service-config.js'
import { PersonalizationServer } from '../doors/server.js'
import { servicePort } from '../doors/service-view.js'
import type { RunningWebhooks } from '../doors/webhooks/overview.js'
import type { PersonalizationService } from '../service.js'
import { writeKeysOf } from './door-options.js'
import { secret } from './kafka-connection.js'
import { keptSecret } from './service-folder.js'
import type { StartOptions } from './start-options.js'

const DEFAULT_PORT = 8080

/** Null where nobody would look: `--once` without `--port`. */
export async function pageServer(
  options: StartOptions,
  service: PersonalizationService,
  webhooks: RunningWebhooks | null,
  folder: string,
  asked: AbortSignal,
  catalogue: ItemCatalogue,
  log: Log,
): Promise<PersonalizationServer | null> {
  if (options.once && options.port === null) return null
  const { doors, host, port } = options
  return new PersonalizationServer({
    ...doors,
    service: await servicePort(service, labelOf(options), asked, catalogue, [folder]),
    port: port ?? DEFAULT_PORT,
    host,
    ticketSecret: secret('MILLRACE_TICKET_SECRET') ?? secretOfInstances(options, folder),
    writeKeys: writeKeysOf(doors, secret('MILLRACE_WRITE_KEYS')),
    serverKey: secret('MILLRACE_SERVER_KEY'),
    adminToken: secret('MILLRACE_ADMIN_TOKEN'),
    webhooks,
    log,
  })
}

const MAX_TOLD = 10

/** The items of the page. Wrong rows are counted on standard error, the first ones with their reasons. @throws ServiceError CATALOGUE_UNREADABLE */
export async function catalogueOf(options: StartOptions, config: ServiceConfig): Promise<ItemCatalogue> {
  const path = options.catalogue ?? config.catalogue
  if (path === null) return inventedCatalogue()
  const { catalogue, wrong } = await readCatalogue(path)
  const lines = wrong.slice(0, MAX_TOLD).map(({ row, reason }) => `catalogue row ${row}: ${reason}\n`)
  if (wrong.length > 0) {
    const count = `catalogue: ${catalogue.products.length} items, ${wrong.length} wrong rows\n`
    process.stderr.write(`${count}${lines.join('')}`)
  }
  return catalogue
}

/** What the log says about who may, once the page is open. */
export function accessNotice({ doors }: StartOptions): string | null {
  if (doors.demoLogin) return 'Demo login is on: any visitor may be any user. Turn it off with --no-demo-login'
  if (secret('MILLRACE_TICKET_SECRET') !== null) return null
  return 'No visitor can log in: set MILLRACE_TICKET_SECRET, or use --demo-login for a demonstration'
}

/**
 * In a demonstration a ticket of one instance is brought to another behind the same address: they share their name, which
 * keeps nobody out, nor does the demonstration. Otherwise a secret that nobody knows, so that no ticket can be forged.
 */
function secretOfInstances({ doors, applicationId, topicPrefix }: StartOptions, folder: string): string {
  return doors.demoLogin ? `${applicationId}/${topicPrefix}` : keptSecret(folder, 'ticket-secret', systemRandom)
}

function labelOf({ load, input, seed, speed }: StartOptions): string {
  if (!load) return 'Another instance has loaded the input'
  const pace = speed === 'max' ? 'as fast as possible' : speed === 1 ? '' : `at ${speed} times its speed`
  const what = input === null ? `Simulated shop, seed ${seed}` : basename(input)
  return pace === '' ? what : `${what}, ${pace}`
}
