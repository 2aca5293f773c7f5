import t from 'tap'
import { WebSocket } from 'ws'
import { DOOR_FLAGS, DOOR_HELP } from '../../../../lib/personalization/cli/door-options.js'
import { parseStartOptions } from '../../../../lib/personalization/cli/start-options.js'
import { type DoorLimits, doorLimits } from '../../../../lib/personalization/doors/limits/door-limits.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'
import { openDoors, post } from '../provocation.js'

t.test('defaults, changes, and what is no limit', async (t) => {
  const defaults = doorLimits({})
  t.match(doorLimits({ ratePerUser: 7 }), { ...defaults, ratePerUser: 7 })
  t.equal(doorLimits({ maxConnections: 0 }).maxConnections, 0)
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5']) {
    t.throws(() => doorLimits({ ratePerUser: value as number }), { code: 'CONFIG_INVALID', message: /ratePerUser/ })
  }
  for (const maxBodyBytes of [0, 1_023, 64 * 1024 * 1024 + 1, 2_000.5, Number.NaN]) {
    t.throws(() => doorLimits({ maxBodyBytes }), { code: 'CONFIG_INVALID', message: /maxBodyBytes.* from 1024 to/ })
  }
})

t.test('each limit has a flag', async (t) => {
  for (const name of Object.keys(doorLimits({}))) {
    const words = name.replace(/^ratePer/, 'rate').replace(/Bytes$/, '')
    const flag = words.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    t.ok(Object.hasOwn(DOOR_FLAGS, flag), flag)
    t.match(DOOR_HELP, new RegExp(`--${flag} \\d`), 'and the help has its default')
    if (name.endsWith('Bytes')) {
      t.match(parseStartOptions([`--${flag}`, '3KB']).doors, { [name]: 3_072 }, flag)
      t.match(parseStartOptions([`--${flag}`, '1mb']).doors, { [name]: 1_048_576 }, flag)
      t.match(parseStartOptions([`--${flag}`, '2000']).doors, { [name]: 2_000 }, flag)
      for (const text of ['0', '1023', '1023B', '65MB', '1.5MB', '3 KB', '3GB', 'KB', 'much']) {
        t.throws(() => parseStartOptions([`--${flag}`, text]), { code: 'CONFIG_INVALID', message: /32KB/ }, text)
      }
      continue
    }
    t.match(parseStartOptions([`--${flag}`, '3']).doors, { [name]: 3 }, flag)
    t.match(parseStartOptions([`--${flag}`, '0']).doors, { [name]: 0 }, flag)
    t.throws(() => parseStartOptions([`--${flag}=-1`]), { code: 'CONFIG_INVALID' }, flag)
    t.throws(() => parseStartOptions([`--${flag}`, 'many']), { code: 'CONFIG_INVALID' }, flag)
  }
})

const KEY = { authorization: `Basic ${btoa('key:')}` }
const text = (bytes: number) => 'x'.repeat(bytes)
const call = (bytes: number) => ({ userId: 'ada', event: 'e', properties: { text: text(bytes) } })
const cloudEvent = (bytes: number) => {
  const attributes = { specversion: '1.0', id: '1', source: '/shop', type: 'com.millrace.custom' }
  return { ...attributes, data: { userId: 'ada', text: text(bytes) } }
}
const cloud = (suffix: string) => ({ ...KEY, 'content-type': `application/cloudevents${suffix}+json` })

/** Limit, a value below and one above its default, and a request that passes the default and the value below it. */
const ROWS: readonly [
  name: keyof DoorLimits,
  values: readonly [below: number, above: number],
  provoke: (address: string) => Promise<Response>,
  status: number,
][] = [
  ['maxBodyBytes', [2_000, 40_000], (to) => post(`${to}/tickets`, { user: 'ada', x: text(17_000) }), 413],
  ['maxHeadersBytes', [2_000, 40_000], (to) => fetch(`${to}/health`, { headers: { x: text(17_000) } }), 431],
  ['maxSegmentCallBytes', [2_000, 40_000], (to) => post(`${to}/v1/track`, call(33_000), KEY), 413],
  ['maxCloudEventBytes', [2_000, 90_000], (to) => post(`${to}/cloudevents`, cloudEvent(66_000), cloud('')), 413],
  ['maxBatchBytes', [2_000, 600_000], (to) => post(`${to}/v1/batch`, { batch: [], x: text(520_000) }, KEY), 413],
  ['maxBatchBytes', [2_000, 600_000], (to) => post(`${to}/cloudevents`, text(520_000), cloud('-batch')), 413],
  ['maxBatchEvents', [2, 3_000], (to) => post(`${to}/v1/batch`, { batch: Array(2_501).fill({}) }, KEY), 413],
  ['maxBatchEvents', [2, 0], (to) => post(`${to}/cloudevents`, Array(2_501).fill({}), cloud('-batch')), 413],
]

t.test('what is lowered rejects, what is raised lets in', async (t) => {
  for (const [name, [below, above], provoke, status] of ROWS) {
    for (const [value, isRejected] of [
      [below, true],
      [undefined, true],
      [above, false],
    ] as const) {
      const doors = await openDoors(t, { writeKeys: ['key'], ...(value === undefined ? {} : { [name]: value }) })
      t.equal((await provoke(doors.address)).status === status, isRejected, `${name} ${value ?? 'by default'}`)
      await doors.server.close()
    }
  }
})

t.test('messages a second on a WebSocket', async (t) => {
  for (const [rateMessages, closes] of [
    [1, true],
    [10, true],
    [0, false],
  ] as const) {
    const { address } = await openDoors(t, { rateMessages, clock: new ManualClock(1_800_000_000_000) })
    const { ticket } = (await (await post(`${address}/tickets`, { user: 'ada' })).json()) as { ticket: string }
    const socket = new WebSocket(`${address.replace('http', 'ws')}/live?ticket=${ticket}`)
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(JSON.stringify({ type: 'resume', position: null, have: [] }))
    const ack = JSON.stringify({ type: 'ack', decisionIds: ['0'.repeat(32)] })
    for (let i = 0; i < 25; i++) socket.send(ack)
    if (closes) t.equal(await closed, 4429)
    else {
      socket.send('the end')
      t.equal(await closed, 4400, 'only the last one was wrong')
    }
  }
})
