/** A real browser for the tests of the page, and one address in front of several instances. */
import { execFileSync } from 'node:child_process'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Where Chromium is: CHROMIUM, or `chromium` on the path; null without one. */
export function chromiumPath(): string | null {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim()
    } catch {
      // The next name.
    }
  }
  return null
}

/** Null where there is no Chromium: the test is skipped, with the reason. */
export async function openBrowser(t: Test): Promise<Browser | null> {
  const executablePath = chromiumPath()
  if (executablePath === null) {
    t.plan(0, 'no chromium on the path')
    return null
  }
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  t.teardown(() => browser.close())
  return browser
}

/** What the page got and said. */
export interface Watched {
  readonly page: Page
  /** Decision ids of the frames received, in order, repeats included. */
  readonly ids: string[]
  readonly problems: string[]
}

/** A tab at `address`, connected. */
export async function openPage(browser: Browser, address: string): Promise<Watched> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(20_000)
  const ids: string[] = []
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      const frame = JSON.parse(payload.toString())
      if (frame.type === 'decision') ids.push(frame.decision.decisionId)
    }),
  )
  await page.goto(address)
  await isLive(page)
  return { page, ids, problems }
}

export async function isLive(page: Page): Promise<void> {
  await page.waitForSelector('#connection[data-state=live]')
}

/** Clicks a product of the grid; resolves with the carousel's decision id once it is another. */
export async function clickProduct(page: Page, itemId: string): Promise<string> {
  const before = await carouselId(page)
  await page.click(`#grid [data-item=${itemId}]`)
  return anotherCarousel(page, before)
}

export async function carouselId(page: Page): Promise<string> {
  return (await page.getAttribute('#carousel', 'data-decision')) ?? ''
}

/** The carousel's decision id once it is not `before` any more. */
export async function anotherCarousel(page: Page, before: string): Promise<string> {
  await page.waitForSelector(`#carousel[data-decision]:not([data-decision="${before}"])`)
  return carouselId(page)
}

export interface Balancer {
  readonly address: string
  /** Which instance takes WebSockets; the others' requests go round. */
  socketsTo: number
  /** Cuts every connection. */
  cut(): void
  close(): void
}

/** One address in front of `instances`; looks at no more than the first line of a connection. */
export async function balancer(instances: readonly string[]): Promise<Balancer> {
  const open = new Set<Socket>()
  let turn = 0
  let socketsTo = 0
  const server = createServer((from) => {
    track(from)
    from.once('data', (first) => {
      const isSocket = first.toString('latin1').startsWith('GET /live')
      const { hostname, port } = new URL(instances[isSocket ? socketsTo : turn++ % instances.length]!)
      const to = connect(Number(port), hostname)
      track(to)
      to.write(first)
      from.pipe(to).pipe(from)
      from.on('close', () => to.destroy())
      to.on('close', () => from.destroy())
    })
  })
  const track = (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => open.delete(socket))
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get socketsTo() {
      return socketsTo
    },
    set socketsTo(index: number) {
      socketsTo = index
    },
    cut,
    close() {
      server.close()
      cut()
    },
  }
}
