/** How a member says goodbye, by what it knows of itself. */
import t from 'tap'
import { GroupMember } from '../../lib/client/group-member.js'
import { KAFKA_ERROR as E } from '../../lib/protocol/error-codes.js'
import { delay } from '../../lib/record/clock.js'
import { type Script, ScriptedBroker } from './scripted-broker.js'

const joined =
  (memberId: string, errorCode = 0): Script =>
  () => ({ errorCode, generationId: 1, protocolName: 'p', leader: 'other', memberId, members: [] })
const hang: Script = () => 'hang'

interface Row {
  readonly what: string
  readonly groupInstanceId: string | null
  readonly joins: readonly Script[]
  readonly evenIfStatic?: boolean
  /** Member id and instance id that it leaves by; null: it says nothing. */
  readonly leaves: readonly [memberId: string, groupInstanceId: string | null] | null
}

const ROWS: readonly Row[] = [
  { what: 'a dynamic member', groupInstanceId: null, joins: [joined('m')], leaves: ['m', null] },
  { what: 'a static member keeps its place', groupInstanceId: 'i', joins: [joined('m')], leaves: null },
  { what: 'unless asked', groupInstanceId: 'i', joins: [joined('m')], evenIfStatic: true, leaves: ['m', 'i'] },
  { what: 'who never joined', groupInstanceId: null, joins: [], leaves: null },
  { what: 'nor as a static one', groupInstanceId: 'i', joins: [], evenIfStatic: true, leaves: null },
  {
    what: 'a dynamic member that waits for the others knows its name',
    groupInstanceId: null,
    joins: [joined('m', E.MEMBER_ID_REQUIRED), hang],
    leaves: ['m', null],
  },
  { what: 'one that asks for its name has none', groupInstanceId: null, joins: [hang], leaves: null },
  {
    what: 'a static member that waits for the others has its instance id',
    groupInstanceId: 'i',
    joins: [hang],
    evenIfStatic: true,
    leaves: ['', 'i'],
  },
  { what: 'and keeps its place unless asked', groupInstanceId: 'i', joins: [hang], leaves: null },
]

t.test('by which name a member leaves', async (t) => {
  for (const { what, groupInstanceId, joins, evenIfStatic = false, leaves } of ROWS) {
    const broker = new ScriptedBroker()
    const member = new GroupMember({
      cluster: broker.cluster,
      clock: broker.clock,
      groupId: 'g',
      groupInstanceId,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 60_000,
      heartbeatIntervalMs: 1_000,
      protocolName: 'p',
      subscription: () => ({ topics: ['in'], userData: Buffer.alloc(0) }),
      assign: () => new Map(),
    })
    broker.on('JoinGroup', ...joins)
    if (joins.length > 0) {
      const joining = member.join().catch(() => undefined)
      await (joins.includes(hang) ? delay(broker.clock, 100) : joining)
    }
    await member.leave({ evenIfStatic })
    await member.leave({ evenIfStatic })
    const said = broker.named('LeaveGroup').map(({ request }) => request.members as Record<string, unknown>[])
    const names = said.flat().map((row) => [row.memberId, row.groupInstanceId])
    t.same(names, leaves === null ? [] : [leaves], what)
  }
})
