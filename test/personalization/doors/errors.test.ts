/** Each error of each door, provoked: status, body, count, and nothing on the topic. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { DOOR_ERRORS, type DoorErrorCode } from '../../../lib/personalization/doors/errors.js'
import { DOORS, SERVER } from '../../../lib/personalization/doors/index.js'
import { doorErrorTable } from '../../../scripts/error-table.js'
import { openDoors, type Provocation } from './provocation.js'

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
        t.equal(doors.topic.produced.length, accepted, 'nothing of it on the topic')
      })
    }
  })
}
