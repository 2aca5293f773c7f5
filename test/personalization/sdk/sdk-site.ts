/** A site of another origin whose page loads the SDK, and a real service on the embedded broker behind it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import type { Test } from 'tap'
import { embeddedBroker } from '../../../lib/index.js'
import { PersonalizationServer } from '../../../lib/personalization/doors/server.js'
import { servicePort } from '../../../lib/personalization/doors/service-view.js'
import { userTicket } from '../../../lib/personalization/doors/user-ticket.js'
import type { UserActivity } from '../../../lib/personalization/records/activity.js'
import type { ReceivedDecision, Sdk, SdkError, SdkOptions } from '../../../lib/personalization/sdk/sdk.js'
import { PersonalizationService } from '../../../lib/personalization/service.js'

const WRITE_KEY = 'site-key'
const SECRET = 'a secret of the tests, long enough for one'

export interface Site {
  readonly origin: string
  /** Of the service. */
  readonly address: string
  readonly service: PersonalizationService
  /** What reached the service, in order, with repeats. */
  readonly taken: UserActivity[]
}

/** What the page has of the SDK. */
export interface SdkPage {
  sdk: Sdk
  decisions: ReceivedDecision[]
  errors: string[]
}

export async function openSite(t: Test): Promise<Site> {
  const html = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>Shop</title><link rel="icon" href="data:,"><h1>Shop</h1>')
  })
  await new Promise<void>((resolve) => html.listen(0, '127.0.0.1', resolve))
  t.teardown(() => html.closeAllConnections())
  t.teardown(() => html.close())
  const origin = `http://127.0.0.1:${(html.address() as AddressInfo).port}`
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const service = await PersonalizationService.open({
    connection: { broker },
    applicationId: 'shop',
    topicPrefix: '',
    partitions: 2,
    stateDir: null,
    registry: null,
    input: null,
    speed: 1,
    instanceId: 'one',
  })
  const stopped = new AbortController()
  const port = await servicePort(service, 'A shop', stopped.signal)
  const taken: UserActivity[] = []
  const server = new PersonalizationServer({
    service: {
      ...port,
      async produceActivity(activity, traceparent) {
        taken.push(activity)
        await port.produceActivity(activity, traceparent)
      },
    },
    port: 0,
    ticketSecret: SECRET,
    writeKeys: [WRITE_KEY],
    origins: [origin],
    demoLogin: false,
    ratePerUser: 0,
  })
  const address = await server.listen()
  await service.start()
  t.teardown(async () => {
    stopped.abort()
    await server.close()
    await service.close({ leaveGroup: true })
  })
  return { origin, address, service, taken }
}

export interface PageOptions {
  readonly user?: string | null
  /** Before the SDK starts. */
  readonly prepare?: (page: Page) => Promise<unknown>
  /** The callback throws. */
  readonly failing?: boolean
  readonly context?: Awaited<ReturnType<Browser['newContext']>>
  readonly writeKey?: string
}

/** A tab with the SDK started. `problems` are errors that reached the page. */
export async function openTab(browser: Browser, site: Site, options: PageOptions = {}) {
  const context = options.context ?? (await browser.newContext())
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  await page.exposeFunction('ticketOf', (user: string) =>
    userTicket(user, { secret: SECRET, validFor: '1m', nowMs: Date.now() }),
  )
  // What the tests' compiler calls in functions that are evaluated in the page.
  await page.addInitScript('globalThis.__name = (named) => named')
  await options.prepare?.(page)
  await page.goto(site.origin)
  await startSdk(page, site, options)
  return { page, context, problems }
}

/** In a page that has been loaded. */
export async function startSdk(page: Page, site: Site, options: PageOptions = {}): Promise<void> {
  const { user = null, failing = false, writeKey = WRITE_KEY } = options
  await page.evaluate(
    async ({ host, writeKey, user, failing }) => {
      const shop = globalThis as unknown as SdkPage & { ticketOf(user: string): Promise<string> }
      const { millrace } = (await import(`${host}/sdk.js`)) as { millrace(options: SdkOptions): Sdk }
      shop.decisions = []
      shop.errors = []
      shop.sdk = millrace({
        host,
        writeKey,
        ticket: async () => (user === null ? null : shop.ticketOf(user)),
        onError: (error: SdkError) => shop.errors.push(`${error.code}: ${error.message}`),
      })
      shop.sdk.onDecision((decision) => {
        if (failing) throw new Error('the page is broken')
        shop.decisions.push(decision)
      })
    },
    { host: site.address, writeKey, user, failing },
  )
}

/** Without a sleep; after 20 s the test fails by what it compares. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 20_000
  while (!(await condition()) && performance.now() < endMs) await new Promise((resolve) => setImmediate(resolve))
}

export const decisionIds = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as SdkPage).decisions.map(({ decisionId }) => decisionId))
export const errorsOf = (page: Page) => page.evaluate(() => (globalThis as unknown as SdkPage).errors)
