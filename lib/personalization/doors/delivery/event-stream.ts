/** Decisions of one user as server-sent events on one stream: ids to go on from, heart-beats, and an end for who does not read. */
import type { Clock } from '../../../index.js'
import type { DeliveryHub } from './delivery.js'
import type { FramePlace } from './delivery-connection.js'
import type { ResumeMessage } from './frame.js'
import { EventIds } from './last-event-id.js'

/** The part of a response that is used. */
export interface EventStream {
  /** `done` is called when the bytes have left this process. */
  write(text: string, done?: () => void): unknown
  end(): unknown
  destroy(): unknown
  on(event: 'error', listener: () => void): unknown
}

export interface EventStreamParts {
  readonly clock: Clock
  readonly hub: Pick<DeliveryHub, 'subscribe'>
  readonly userId: string
  readonly resume: ResumeMessage
  /** A ticket for the next time. It is short: each event and each heart-beat brings a new one. */
  readonly ticket: () => string
}

/** A comment, so that proxies keep the connection, and a browser that is gone is noticed. */
const HEART_BEAT_MS = 20_000
/** How long a browser waits before it opens the stream again. */
const RETRY_MS = 2_000
/** Close code of the hub for an orderly end; all others cut the stream. */
const GOING_AWAY = 1001

/** Call the returned function when the stream has closed. */
export function sendEvents(stream: EventStream, { clock, hub, userId, resume, ticket }: EventStreamParts): () => void {
  const ids = new EventIds(resume)
  const idLine = () => {
    const id = ids.next(ticket)
    return id === null ? '' : `id: ${id}\n`
  }
  const socket = {
    send(text: string, done: () => void, place: FramePlace | null) {
      if (place !== null) ids.sent(place)
      stream.write(`${place === null ? '' : idLine()}data: ${text}\n\n`, () => done())
    },
    // One that does not read would never get the end.
    close: (code: number) => void (code === GOING_AWAY ? stream.end() : stream.destroy()),
  }
  // An error is followed by "close".
  stream.on('error', () => undefined)
  stream.write(`retry: ${RETRY_MS}\n\n`)
  let cancel = () => {}
  let hasLeft = true
  const heartBeat = () => {
    if (!hasLeft) {
      stream.destroy()
      return
    }
    hasLeft = false
    // An id without data is kept by the browser, and is no event.
    stream.write(`: heart-beat\n${idLine()}\n`, () => {
      hasLeft = true
    })
    cancel = clock.setTimer(HEART_BEAT_MS, heartBeat)
  }
  heartBeat()
  const unsubscribe = hub.subscribe(userId, socket, resume)
  return () => {
    cancel()
    unsubscribe()
  }
}
