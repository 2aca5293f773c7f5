/** Each error of each door, provoked: status, body, count, and nothing on the topic. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import t from 'tap'
import { DOOR_ERRORS, type DoorErrorCode } from '../../../lib/personalization/doors/errors.js'
import { DOORS, SERVER } from '../../../lib/personalization/doors/index.js'
import { doorErrorTable } from '../../../scripts/error-table.js'
import { openDoors, type Provocation } from './provocation.js'

// A server for each row: two hundred of them and more.
t.setTimeout(180_000)

t.test('the table is sorted, says what to do, and is in docs/doors.md (npm run docs writes it)', async (t) => {
  const codes = Object.keys(DOOR_ERRORS) as DoorErrorCode[]
  t.same(codes, [...codes].sort())
  for (const code of codes) t.match(DOOR_ERRORS[code].whatToDo, /^[A-Z].{5,}\.$/, code)
  t.ok(readFileSync('docs/doors.md', 'utf8').includes(doorErrorTable()))
  const reachable = new Set<string>([...DOORS, SERVER].flatMap(({ errors }) => errors))
  t.same(
    codes.filter((code) => !reachable.has(code)),
    [],
    'codes that no door has',
  )
})

t.test('names of doors are words of a metric, and differ', async (t) => {
  const names = DOORS.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
  for (const name of names) t.match(name, /^[a-z][a-z-]*$/)
})

for (const door of [...DOORS, SERVER]) {
  t.test(door.name, async (t) => {
    const { PROVOCATIONS } = (await import(`./provocations/${door.name}.js`)) as { PROVOCATIONS: Provocation[] }
    t.same([...new Set(PROVOCATIONS.map(({ code }) => code))].sort(), [...door.errors].sort(), 'each code has a row')
    for (const provocation of PROVOCATIONS) {
      const { code, what, options, change, accepted = 0, provoke } = provocation
      await t.test(`${code}: ${what}`, async (t) => {
        const doors = await openDoors(t, options, change)
        const answer = await provoke(doors)
        if (typeof answer !== 'number') {
          t.equal(answer.status, DOOR_ERRORS[code].status)
          const body = (await answer.json()) as { message: string }
          t.match(body, { error: code, message: /^\S.*\S$/, whatToDo: DOOR_ERRORS[code].whatToDo })
          t.notMatch(body.message, /secret words/)
          t.match(answer.headers.get('content-type'), /^application\/json/)
          const retryAfter = answer.headers.get('retry-after')
          if (answer.status === 429 || answer.status === 503) t.match(retryAfter, /^[1-9]\d*$/)
          else t.equal(retryAfter, null)
        }
        const metrics = (await (await doors.server.server()).inject('/metrics.json')).json()
        t.equal(metrics.doorErrors[door.name]?.[code], 1, 'counted once')
        if (code !== 'SERVER_FAILED') t.notMatch(JSON.stringify(metrics.doorErrors), /SERVER_FAILED/)
        t.equal(doors.topic.produced.length, accepted, 'nothing of it on the topic')
      })
    }
  })
}

t.test('a client that goes away in the middle is an error of no door', async (t) => {
  const { server, address, topic } = await openDoors(t)
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  socket.write('POST /api/activity HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{')
  const app = await server.server()
  await new Promise((resolve) => app.server.once('request', resolve))
  const closed = new Promise((resolve) => app.server.once('connection', (other) => other.once('close', resolve)))
  socket.resetAndDestroy()
  // The next connection ends after the one that was reset.
  await fetch(`${address}/health`, { headers: { connection: 'close' } })
  await closed
  t.same((await app.inject('/metrics.json')).json().doorErrors, {})
  t.same(topic.produced, [])
})
