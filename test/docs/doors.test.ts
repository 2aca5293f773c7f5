/**
 * Goal: the examples of docs/doors.md that need another package work. Method: each is written to a file below dist, where
 * `millrace` is this package, and used as the page says.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { loadConfig } from '../../lib/personalization/config/load-config.js'
import { armOf, EXPERIMENTS } from '../../lib/personalization/experiments/experiment.js'
import { openDoors, post } from '../personalization/doors/provocation.js'
import { ALL, SECRET, world } from '../personalization/doors/webhooks/world.js'
import { openBrowser } from '../personalization/page-browser.js'

const page = readFileSync('docs/doors.md', 'utf8')
const FOLDER = join('dist', 'docs-doors', String(process.pid))
const LIBRARY = new URL('../../lib/personalization/index.ts', import.meta.url).href

/** The `mjs` examples under a heading, as files. */
function examplesUnder(heading: string): string[] {
  const start = page.indexOf(`\n## ${heading}\n`)
  const section = page.slice(start, page.indexOf('\n## ', start + 1))
  return [...section.matchAll(/^```mjs\n([\s\S]*?)^```$/gm)].map(([, code], i) => {
    const file = join(FOLDER, `${heading.toLowerCase().replaceAll(' ', '-')}-${i}.mjs`)
    writeFileSync(file, code!.replace("'millrace/personalization'", JSON.stringify(LIBRARY)))
    return file
  })
}

mkdirSync(FOLDER, { recursive: true })
t.teardown(() => rmSync(FOLDER, { recursive: true, force: true }))

t.test('Webhooks: the configuration and its receiver', async (t) => {
  process.env.CRM_SECRET = SECRET
  const [configuration, receiving] = examplesUnder('Webhooks')
  const { webhooks } = await loadConfig(configuration!)
  t.match(webhooks, [{ name: 'crm', secret: SECRET, channels: ['push', 'email'] }])
  const { receiver } = (await import(pathToFileURL(receiving!).href)) as { receiver: Server }
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  t.teardown(() => receiver.close())
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  const log = t.capture(console, 'log')
  const { instance, decide, until } = await world(t)
  const it = await instance('one', ALL, [{ ...webhooks[0], url, allowPrivateAddresses: true }])
  await decide({ items: ['p-1', 'p-2'] })
  await until(() => it.webhooks.statuses()[0]!.delivered === 1)
  t.same(log.args(), [['push to ada: cart-abandonment, p-1 p-2']])
  t.equal((await fetch(url, { method: 'POST', body: '{}' })).status, 400, 'without a signature')
})

t.test('Server-sent events: a page of the site', async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const doors = await openDoors(t)
  const page = await browser.newPage({ bypassCSP: true })
  await page.goto(`${doors.address}/health`)
  await page.addScriptTag({
    type: 'module',
    content: `${readFileSync(examplesUnder('Server-sent events')[0]!, 'utf8')}
    globalThis.listen = listen`,
  })
  const { ticket } = (await (await post(`${doors.address}/tickets`, { user: 'ada' })).json()) as { ticket: string }
  await page.waitForFunction('globalThis.listen !== undefined')
  await page.evaluate(`globalThis.shown = []; listen('', '${ticket}', (decision) => shown.push(decision.items[0]))`)
  const { decisionId } = JSON.parse(
    doors.topic
      .decide({ rule: 'carousel', userId: 'ada', subject: 's', at: Date.now(), items: ['p-007'] })
      .value!.toString(),
  )
  await page.waitForFunction('shown.length === 1')
  t.same(await page.evaluate('shown'), ['p-007'])
  while (doors.topic.produced.length === 0) await new Promise(setImmediate)
  t.match(doors.topic.produced, [{ type: 'impression', userId: 'ada', decisionId }])
})

t.test('OpenFeature: the arm of a user', async (t) => {
  const { address } = await openDoors(t, { demoLogin: false, serverKey: 'key' })
  const [example] = examplesUnder('OpenFeature')
  const { armOf: asked } = (await import(pathToFileURL(example!).href)) as {
    armOf(address: string, serverKey: string, userId: string): Promise<string>
  }
  for (const userId of ['ada', 'bob', 'eve']) {
    t.equal(await asked(address, 'key', userId), `${armOf(userId)} (${armOf(userId)}, SPLIT)`)
  }
  const flags = [...page.matchAll(/^\| `([a-z-]+)` \| ([a-z-]+) \| (.+) \|$/gm)].map(([, name, decision, values]) => {
    return { name, decision, arms: values!.split(', ').map((value) => value.replaceAll('`', '')) }
  })
  t.same(flags, EXPERIMENTS, 'the table has every experiment')
})

t.test('the clients that work unchanged are packages, and their tests use them', async (t) => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: Record<string, string>
  }
  const rows = [...page.matchAll(/^\| (`.+) \| .+ \| `(test\/\S+\.test\.ts)` \|$/gm)]
  t.ok(rows.length >= 7)
  for (const [, clients, test] of rows) {
    const text = readFileSync(test!, 'utf8')
    for (const [, name] of clients!.matchAll(/`([^`]+)`/g)) {
      t.ok(Object.hasOwn(devDependencies, name!), name!)
      t.ok(text.includes(name!), `${test} uses ${name}`)
    }
  }
})
