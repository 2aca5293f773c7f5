/** A service on an embedded broker with a folder, for the tests of erasure. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Broker, embeddedBroker } from '../../../lib/index.js'
import type { ServiceOptions } from '../../../lib/personalization/instance-options.js'
import { activityOf, type UserActivity } from '../../../lib/personalization/records/activity.js'
import { PersonalizationService } from '../../../lib/personalization/service.js'
import { systemClock } from '../../../lib/record/clock.js'

export const MASTER_KEY = Buffer.from('0123456789abcdef0123456789abcdee').toString('base64')

/** An id, and values that stand nowhere by chance. */
export const ADA = 'ada.lovelace@example.org'
export const ADAS_VALUES = ['difference-engine-no-2', 'punched "cards"', 'Europe/Isle_of_Man']

export interface World {
  readonly folder: string
  readonly broker: Broker
  open(options?: Partial<ServiceOptions>): Promise<PersonalizationService>
}

export async function openWorld(t: Test): Promise<World> {
  const opened: { close(): Promise<void> }[] = []
  // Before the folder, which goes after that.
  t.teardown(async () => {
    for (const one of opened.reverse()) await one.close().catch(() => undefined)
  })
  const folder = t.testdir()
  const broker = await embeddedBroker({ folder: join(folder, 'broker') })
  opened.push(broker)
  return {
    folder,
    broker,
    async open(options = {}) {
      const service = await PersonalizationService.open({
        connection: broker,
        applicationId: 'shop',
        topicPrefix: 'shop-',
        partitions: 3,
        stateDir: join(folder, 'tasks'),
        registry: null,
        input: null,
        speed: 1,
        instanceId: 'a',
        masterKey: MASTER_KEY,
        ...options,
      })
      opened.push(service)
      return service
    },
  }
}

let events = 0

export function view(userId: string | null, itemId: string, more: Partial<UserActivity> = {}): UserActivity {
  events += 1
  return activityOf({
    ...{ eventId: `event-${events}`, type: 'view', at: systemClock.now(), source: 'page' },
    ...{ userId, itemId, category: 'engines', sessionId: `session-${userId}` },
    ...more,
  })
}

/** What Ada does: values of hers are in events, decisions and state. */
export async function adaShops(service: PersonalizationService): Promise<void> {
  const [item, query, timeZone] = ADAS_VALUES as [string, string, string]
  await service.intake.submit(view(ADA, item, { timeZone }))
  await service.intake.submit(view(ADA, 'i2', { type: 'search', query, itemId: null }))
  await service.intake.submit(view(ADA, 'i3', { type: 'cart', properties: JSON.stringify({ note: query }) }))
  await service.intake.submit(view(ADA, 'i4', { type: 'error', name: 'E1' }))
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + 20_000
  while (!(await condition())) {
    if (systemClock.monotonicMs() > endMs) throw new Error('waited in vain')
    await new Promise<void>((resolve) => systemClock.setTimer(20, resolve))
  }
}

/** The files of a folder that have one of the texts in them, by a search that shares nothing with the service's. */
export function filesWith(folder: string, texts: readonly string[]): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return filesWith(path, texts)
    const bytes = readFileSync(path).toString('latin1')
    const has = texts.filter((text) => bytes.includes(Buffer.from(text).toString('latin1')))
    return has.map((text) => `${path}: ${text}`)
  })
}
