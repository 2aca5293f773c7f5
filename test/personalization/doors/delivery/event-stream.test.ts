import t from 'tap'
import type { FrameSocket } from '../../../../lib/personalization/doors/delivery/delivery-connection.js'
import { sendEvents } from '../../../../lib/personalization/doors/delivery/event-stream.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'

const RESUME = { type: 'resume', position: null, have: [] } as const

function open() {
  const clock = new ManualClock(0)
  const written: string[] = []
  const waiting: (() => void)[] = []
  const ends: string[] = []
  let socket: FrameSocket | null = null
  let left = false
  let tickets = 0
  const end = sendEvents(
    {
      write: (text: string, done?: () => void) => {
        written.push(text)
        if (done !== undefined) waiting.push(done)
      },
      end: () => ends.push('end'),
      destroy: () => ends.push('destroy'),
      on: () => undefined,
    },
    {
      clock,
      hub: {
        subscribe(_userId, given) {
          socket = given
          return () => {
            left = true
          }
        },
      },
      ...{ userId: 'ada', resume: RESUME, ticket: () => `t${++tickets}` },
    },
  )
  const flush = () => {
    for (const done of waiting.splice(0)) done()
  }
  return { clock, written, ends, end, flush, socket: socket! as FrameSocket, hasLeft: () => left }
}

t.test('frames, ids and heart-beats', async (t) => {
  const { clock, written, socket, flush, ends, end, hasLeft } = open()
  t.same(written.splice(0), ['retry: 2000\n\n', ': heart-beat\n\n'])
  let done = 0
  socket.send('{"type":"hello"}', () => done++, null)
  socket.send('{"n":1}', () => done++, { position: { partition: 2, next: 5 }, decision: null })
  t.same(written.splice(0), ['data: {"type":"hello"}\n\n', 'id: 2:5~~t1\ndata: {"n":1}\n\n'])
  t.equal(done, 0)
  flush()
  t.equal(done, 2)
  clock.advance(20_000)
  t.same(written.splice(0), [': heart-beat\nid: 2:5~~t2\n\n'], 'with a new ticket')
  flush()
  end()
  t.equal(hasLeft(), true)
  clock.advance(60_000)
  t.same([written, ends], [[], []])
})

t.test('a browser that took no heart-beat until the next one is cut', async (t) => {
  const { clock, ends, flush } = open()
  flush()
  clock.advance(20_000)
  t.same(ends, [])
  clock.advance(20_000)
  t.same(ends, ['destroy'])
})

t.test('an orderly end ends the stream, any other cuts it', async (t) => {
  const { socket, ends } = open()
  socket.close(1001, 'going away')
  socket.close(4008, 'too slow')
  socket.close(1011, 'try again')
  t.same(ends, ['end', 'destroy', 'destroy'])
})
