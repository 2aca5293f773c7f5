/** At least once, seen from the loop: what each failure of a commit means. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { atLeastOnce } from '../../lib/runtime/commit/commit-group.js'

const IDENTITY = { groupId: 'g', memberId: 'm', generationId: 1, groupInstanceId: null }
const unanswered = new MillraceError('TRANSPORT_TIMEOUT', 'no answer', { retriable: true })
const forbidden = new MillraceError('CLIENT_AUTHORIZATION', 'no right')

t.test('offsets that got no answer ask for another generation: a late copy is refused then', async (t) => {
  const rows: [what: string, sent: Error | null, committed: Error | null, outcome: string, asked: number][] = [
    ['everything is answered', null, null, 'committed', 0],
    ['the records get no answer', unanswered, null, 'unknown', 0],
    ['the offsets get no answer', null, unanswered, 'unknown', 1],
    ['a right is missing', null, forbidden, 'aborted', 0],
  ]
  for (const [what, sent, committed, outcome, asked] of rows) {
    let count = 0
    const step = async (error: Error | null) => {
      if (error !== null) throw error
    }
    const group = atLeastOnce(
      { init: async () => undefined, send: () => step(sent).then(() => new Map()), close: async () => undefined },
      { commitOffsets: () => step(committed) },
      () => count++,
    )
    t.equal((await group.commit([], [], IDENTITY)).kind, outcome, what)
    t.equal(count, asked, what)
  }
})
