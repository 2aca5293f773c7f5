/** How a test makes a door answer with one of its errors. */
import type { Test } from 'tap'
import type { DoorErrorCode } from '../../../lib/personalization/doors/errors.js'
import { type HttpOptions, PersonalizationServer } from '../../../lib/personalization/doors/server.js'
import type { ServicePort } from '../../../lib/personalization/service-port.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'
import { MemoryTopic, memoryService } from '../page-service.js'

/** What signs the tickets of the servers below. */
export const TICKET_SECRET = 'a secret that only tests have'

/** A server that listens, on a service in memory. */
export interface OpenDoors {
  readonly server: PersonalizationServer
  readonly topic: MemoryTopic
  readonly address: string
}

export async function openDoors(
  t: Test,
  options: Partial<HttpOptions> = {},
  change: Partial<ServicePort> = {},
): Promise<OpenDoors> {
  const topic = new MemoryTopic()
  const service = { ...memoryService(topic, { owns: [0, 1, 2, 3], answers: true }), ...change }
  const server = new PersonalizationServer({ service, port: 0, ticketSecret: TICKET_SECRET, ...options })
  const address = await server.listen()
  t.teardown(() => server.close())
  return { server, topic, address }
}

export interface Provocation {
  readonly code: DoorErrorCode
  /** What is wrong with the request. A code may have several rows. */
  readonly what: string
  readonly options?: Partial<HttpOptions>
  /** What the service does instead. */
  readonly change?: Partial<ServicePort>
  /** Events that are accepted before the one that is not. Default 0. */
  readonly accepted?: number
  /** The answer; or the close code of the WebSocket, after which only the count is checked. */
  provoke(doors: OpenDoors): Promise<Response | number>
}

/** A POST of JSON. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** The rows that each door with a JSON body has. */
export function bodyProvocations(path: string): Provocation[] {
  return [
    { code: 'REQUEST_MALFORMED', what: 'not JSON', provoke: ({ address }) => post(address + path, '{"half":') },
    { code: 'REQUEST_MALFORMED', what: 'empty', provoke: ({ address }) => post(address + path, '') },
    { code: 'REQUEST_MALFORMED', what: 'a list', provoke: ({ address }) => post(address + path, []) },
    {
      code: 'REQUEST_TOO_LARGE',
      what: 'larger than any event',
      provoke: ({ address }) => post(address + path, { filler: 'x'.repeat(2_000_000) }),
    },
    {
      code: 'REQUEST_TYPE_UNSUPPORTED',
      what: 'XML',
      provoke: ({ address }) => post(address + path, '<event/>', { 'content-type': 'application/xml' }),
    },
  ]
}

/** The rows that each door has which checks who comes. `provoke` makes one request that is right otherwise. */
export function entryProvocations(
  provoke: (doors: OpenDoors, headers: Record<string, string>) => Promise<Response | number>,
): Provocation[] {
  return [
    {
      code: 'ORIGIN_NOT_ALLOWED',
      what: 'a page of another site',
      provoke: (doors) => provoke(doors, { origin: 'https://elsewhere.example' }),
    },
    {
      code: 'ORIGIN_NOT_ALLOWED',
      what: 'a page without an origin of its own',
      options: { origins: ['https://shop.example'] },
      provoke: (doors) => provoke(doors, { origin: 'null' }),
    },
    {
      code: 'REQUEST_TOO_FREQUENT',
      what: 'more than one address may',
      options: { ratePerAddress: 1, clock: new ManualClock(1_800_000_000_000) },
      async provoke(doors) {
        for (let i = 0; i < 2; i++) await fetch(`${doors.address}/live`)
        return provoke(doors, {})
      },
    },
  ]
}
