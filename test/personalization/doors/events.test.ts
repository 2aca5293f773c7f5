/** Goal: server-sent events lose and repeat nothing, also through clients as they are. Method: streams over HTTP, and Chromium's own. */
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { ManualClock } from '../../../lib/testing/manual-clock.js'
import { openBrowser } from '../page-browser.js'
import { type OpenDoors, openDoors, post } from './provocation.js'

interface Event {
  readonly id: string | null
  readonly data: { readonly type: string; readonly decision?: { readonly subject: string } }
}

async function ticketOf({ address }: OpenDoors, user = 'ada'): Promise<string> {
  return ((await (await post(`${address}/tickets`, { user })).json()) as { ticket: string }).ticket
}

/** Opens a stream and reads it into `events`; `lines` has the rest. */
async function listen(t: Test, { address }: OpenDoors, ticket: string, lastEventId?: string) {
  const stop = new AbortController()
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const answer = await fetch(`${address}/events?ticket=${ticket}`, { headers, signal: stop.signal })
  t.equal(answer.status, 200)
  t.match(answer.headers.get('content-type'), /^text\/event-stream/)
  const events: Event[] = []
  const lines: string[] = []
  let id: string | null = null
  let rest = ''
  const reading = (async () => {
    for await (const bytes of answer.body!) {
      const blocks = (rest + Buffer.from(bytes).toString()).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        for (const line of block.split('\n')) {
          if (line.startsWith('id: ')) id = line.slice(4)
          if (line.startsWith('data: ')) events.push({ id, data: JSON.parse(line.slice(6)) })
          else lines.push(line)
        }
      }
    }
  })().catch(() => undefined)
  const leave = async () => {
    stop.abort()
    await reading
  }
  t.teardown(leave)
  const subjects = () => events.flatMap(({ data }) => (data.type === 'decision' ? [data.decision!.subject] : []))
  return { events, lines, subjects, leave, lastId: () => id, reading }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate)
}

const carousel = (doors: OpenDoors, subject: string, userId = 'ada') =>
  doors.topic.decide({ rule: 'carousel', userId, subject, at: Date.now(), items: ['p-001'] })

t.test('decisions as they come, and after a break what was missed, once', async (t) => {
  const doors = await openDoors(t)
  const first = await listen(t, doors, await ticketOf(doors))
  await until(() => first.events.some(({ data }) => data.type === 'live'))
  carousel(doors, 'one')
  carousel(doors, 'of another', 'bob')
  await until(() => first.subjects().length === 1)
  doors.topic.readersHeld = true
  carousel(doors, 'two')
  await until(() => first.subjects().length === 2)
  t.same(first.lines.slice(0, 2), ['retry: 2000', ': heart-beat'])
  const lastId = first.lastId()!
  await first.leave()
  carousel(doors, 'three')
  const again = await listen(t, doors, 'a ticket that is used up', lastId)
  doors.topic.readersHeld = false
  doors.topic.wake()
  await until(() => again.subjects().length > 0 && again.events.some(({ data }) => data.type === 'live'))
  carousel(doors, 'four')
  await until(() => again.subjects().length === 2)
  t.same(again.subjects(), ['three', 'four'], 'also not again what was pushed before the topic had it')
  t.match(again.events[0], { data: { type: 'hello', userId: 'ada', resumed: true, gap: false } })
})

t.test('the ticket of a stream: for its user, for ten minutes, also for what was shown', async (t) => {
  const clock = new ManualClock(Date.now())
  const doors = await openDoors(t, { clock })
  const first = await listen(t, doors, await ticketOf(doors))
  await until(() => first.lastId() !== null)
  const id = first.lastId()!
  const decisionIds = ['a'.repeat(32), 'b'.repeat(32)]
  const answer = await post(`${doors.address}/ack?ticket=${id.split('~')[2]}`, { decisionIds })
  t.same([answer.status, await answer.json()], [202, { acknowledged: 2 }])
  const beacon = JSON.stringify({ decisionIds })
  const headers = { 'content-type': 'text/plain;charset=UTF-8' }
  t.equal((await post(`${doors.address}/ack?ticket=${id.split('~')[2]}`, beacon, headers)).status, 202, 'a beacon')
  t.match(
    doors.topic.produced,
    [...decisionIds, ...decisionIds].map((decisionId) => ({
      ...{ type: 'impression', userId: 'ada', decisionId, eventId: `shown-${decisionId}` },
    })),
  )
  await first.leave()
  clock.advance(9 * 60_000)
  const second = await listen(t, doors, 'used', id)
  await until(() => second.lastId() !== null)
  await second.leave()
  clock.advance(2 * 60_000)
  const expired = await fetch(`${doors.address}/events?ticket=used`, { headers: { 'last-event-id': id } })
  t.equal(expired.status, 401)
  const inQuery = await fetch(`${doors.address}/events?lastEventId=${encodeURIComponent(second.lastId()!)}`)
  t.equal(inQuery.status, 200, 'as a parameter, for pages that open a new stream')
  await inQuery.body?.cancel()
})

t.test('a WebSocket acknowledges with a message, the same impression', async (t) => {
  const doors = await openDoors(t)
  const socket = new WebSocket(`${doors.address.replace('http', 'ws')}/live?ticket=${await ticketOf(doors)}`)
  t.teardown(() => socket.terminate())
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(JSON.stringify({ type: 'resume', position: null, have: [] }))
  for (const decisionId of ['a', 'b']) {
    socket.send(JSON.stringify({ type: 'ack', decisionIds: [decisionId.repeat(32)] }))
  }
  await until(() => doors.topic.produced.length === 2)
  t.match(doors.topic.produced, [
    { type: 'impression', userId: 'ada', eventId: `shown-${'a'.repeat(32)}` },
    { type: 'impression', userId: 'ada', eventId: `shown-${'b'.repeat(32)}` },
  ])
})

t.test('a client that does not read is cut, and others go on', async (t) => {
  const doors = await openDoors(t)
  const other = await listen(t, doors, await ticketOf(doors, 'bob'))
  const { hostname, port } = new URL(doors.address)
  const socket = connect(Number(port), hostname)
  socket.write(`GET /events?ticket=${await ticketOf(doors)} HTTP/1.1\r\nhost: x\r\n\r\n`)
  await new Promise((resolve) => socket.once('readable', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined)
  let made = 0
  let isCut = false
  const metrics = async () => (await (await doors.server.server()).inject('/metrics.json')).json()
  while (!isCut && made < 200_000) {
    for (let i = 0; i < 500; i++) carousel(doors, `${++made}`.padEnd(60, '.'))
    await new Promise(setImmediate)
    isCut = (await metrics()).delivery.connections === 1
  }
  t.equal(isCut, true)
  carousel(doors, 'still here', 'bob')
  await until(() => other.subjects().length === 1)
  socket.resume()
  await closed
})

t.test("Chromium's EventSource opens the stream again by itself, with a ticket that is used up", async (t) => {
  const browser = await openBrowser(t)
  if (browser === null) return
  const doors = await openDoors(t)
  const page = await browser.newPage()
  await page.goto(`${doors.address}/health`)
  await page.evaluate(
    (ticket) => {
      const got: string[] = []
      const source = new EventSource(`/events?ticket=${ticket}`)
      source.onmessage = ({ data }) => {
        const frame = JSON.parse(data)
        if (frame.type === 'decision') got.push(frame.decision.subject)
        if (frame.type === 'live') got.push('live')
      }
      ;(globalThis as unknown as { got: string[] }).got = got
    },
    await ticketOf(doors),
  )
  const got = () => page.evaluate(() => (globalThis as unknown as { got: string[] }).got)
  const has = async (subject: string) => {
    while (!(await got()).includes(subject)) await new Promise(setImmediate)
  }
  await has('live')
  carousel(doors, 'one')
  await has('one')
  const app = await doors.server.server()
  app.server.closeAllConnections()
  carousel(doors, 'two')
  await has('two')
  t.same(
    (await got()).filter((subject) => subject !== 'live'),
    ['one', 'two'],
  )
})
