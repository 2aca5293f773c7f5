/** Where kept changelogs begin, look by look: only what is lost under one ownership ends the instance. */
import t from 'tap'
import { isMillraceError } from '../../lib/errors.js'
import { formatTopicPartition } from '../../lib/record/record.js'
import { LogStarts } from '../../lib/runtime/restore/log-starts.js'
import { id } from './task-ids.js'

/** Task → its ownership; changelog partition → its start. */
interface Look {
  readonly owned: Readonly<Record<string, number>>
  readonly starts: Readonly<Record<string, number>>
  /** Ownerships when the answer comes. */
  readonly then?: Readonly<Record<string, number>>
}

const KEPT = 'app-s-changelog'

/** Which looks found something deleted, and what. */
async function found(looks: readonly Look[]): Promise<string[]> {
  let owned: Readonly<Record<string, number>> = {}
  let look: Look = looks[0]!
  const logStarts = new LogStarts({
    tasks: () => Object.entries(owned).map(([taskId, number]) => ({ taskId: id(taskId), number })),
    plan: {
      keptChangelogs: () => new Set([KEPT]),
      changelogs: ({ partition }) => {
        return [
          { store: 's', topic: KEPT, partition, isSource: false },
          { store: 'w', topic: 'app-w-changelog', partition, isSource: false },
          { store: 't', topic: 'source', partition, isSource: true },
        ]
      },
    },
    admin: {
      listOffsets: async (partitions) => {
        owned = look.then ?? owned
        return partitions.map(({ topic, partition }) => {
          const offset = look.starts[formatTopicPartition(topic, partition)] ?? 0
          return { topic, partition, offset, timestamp: -1 }
        })
      },
    },
  })
  const said: string[] = []
  for (const [i, next] of looks.entries()) {
    look = next
    owned = next.owned
    await logStarts.look().catch((error) => {
      if (!isMillraceError(error, 'STREAMS_INTERNAL_TOPIC_CHANGED')) throw error
      said.push(`${i}: ${error.topic}-${error.partition} ${error.offset}`)
    })
  }
  return said
}

t.test('what is deleted while a task runs, and what a take-over has dealt with', async (t) => {
  const at = (owned: Look['owned'], start: number, then?: Look['owned']): Look => ({
    owned,
    starts: { [`${KEPT}-0`]: start, 'app-w-changelog-0': 10 * start, 'source-0': 10 * start },
    ...(then && { then }),
  })
  const rows: readonly [what: string, looks: readonly Look[], said: readonly string[]][] = [
    ['nothing happens', [at({ '0_0': 1 }, 3), at({ '0_0': 1 }, 3)], []],
    ['deleted before the task ran', [at({}, 0), at({ '0_0': 1 }, 5)], []],
    ['deleted while it runs', [at({ '0_0': 1 }, 0), at({ '0_0': 1 }, 5)], [`1: ${KEPT}-0 5`]],
    ['deleted while another task runs', [at({ '0_1': 1 }, 0), at({ '0_1': 1 }, 5)], []],
    ['the task left, and is elsewhere', [at({ '0_0': 1 }, 0), at({}, 5)], []],
    ['it left and came back between two looks', [at({ '0_0': 1 }, 0), at({ '0_0': 2 }, 5)], []],
    ['it left, and came back later', [at({ '0_0': 1 }, 0), at({}, 5), at({ '0_0': 2 }, 5)], []],
    ['it left during the look', [at({ '0_0': 1 }, 0), at({ '0_0': 1 }, 5, {})], []],
    ['it came back during the look', [at({ '0_0': 1 }, 0), at({ '0_0': 1 }, 5, { '0_0': 2 }), at({ '0_0': 2 }, 5)], []],
    ['deleted after it came back', [at({ '0_0': 1 }, 0), at({ '0_0': 2 }, 5), at({ '0_0': 2 }, 6)], [`2: ${KEPT}-0 6`]],
  ]
  for (const [what, looks, said] of rows) t.same(await found(looks), said, what)
})
