/** One browser connection: sends each decision id once, has a bounded queue, and closes if the browser is too slow. */
import type { DeliveryPosition, PlacedDecision, ServerFrame } from './frame.js'

/** How far a browser is once it has a frame. */
export interface FramePlace {
  readonly position: DeliveryPosition
  /** The decision in the frame and where it is on the topic, which may be after `position`. */
  readonly decision: { readonly id: string; readonly offset: number } | null
}

/** What carries the frames; a WebSocket, or a test. */
export interface FrameSocket {
  /** `done` is called when the bytes have left this process. `place`: null if the frame says nothing about it. */
  send(text: string, done: () => void, place: FramePlace | null): void
  close(code: number, reason: string): void
}

/** Close codes of our own (4000 to 4999). */
const CLOSE_TOO_SLOW = 4008

/** Bytes on their way before frames wait here. */
const MAX_BYTES_UNDER_WAY = 64 * 1024
/** Frames that wait. */
const MAX_WAITING = 64
/** Decisions dropped before the connection is closed; the browser comes back and resumes from the topic. */
const MAX_DROPPED = 64
/** Ids remembered as sent; a decision comes a second time only close to the first. */
const MAX_SENT_IDS = 1_000

export class DeliveryConnection {
  readonly userId: string
  readonly #socket: FrameSocket
  readonly #sent = new Set<string>()
  readonly #waiting: { readonly frame: ServerFrame; readonly offset: number }[] = []
  #bytesUnderWay = 0
  #closed = false
  /** Once something was dropped, no later frame may move the browser's position past it. */
  #heldAt: DeliveryPosition | null = null
  /** Decisions dropped because the browser was slow. */
  dropped = 0

  constructor(userId: string, socket: FrameSocket) {
    this.userId = userId
    this.#socket = socket
  }

  /** Ids the browser says it has. */
  has(ids: readonly string[]): void {
    for (const id of ids) this.#sent.add(id)
  }

  /** Sends the decision unless it was sent before; `next` is how far the browser may say it has got. True when new. */
  decide({ partition, offset, decision }: PlacedDecision, next: number): boolean {
    if (this.#closed || this.#sent.has(decision.decisionId)) return false
    this.#sent.add(decision.decisionId)
    if (this.#sent.size > MAX_SENT_IDS) this.#sent.delete(this.#sent.values().next().value!)
    this.#send({ type: 'decision', position: { partition, next }, decision }, offset)
    return true
  }

  send(frame: Exclude<ServerFrame, { type: 'decision' }>): void {
    this.#send(frame, -1)
  }

  /** A frame that only matters now: skipped while anything waits. */
  sendIfIdle(text: string): void {
    if (!this.#closed && this.#waiting.length === 0 && this.#bytesUnderWay < MAX_BYTES_UNDER_WAY / 2) {
      this.#write(text, null)
    }
  }

  close(code: number, reason: string): void {
    if (this.#closed) return
    this.ended()
    this.#socket.close(code, reason)
  }

  /** The socket has closed: nothing more goes out. */
  ended(): void {
    this.#closed = true
    this.#waiting.length = 0
  }

  #send(frame: ServerFrame, offset: number): void {
    if (this.#closed) return
    this.#waiting.push({ frame, offset })
    this.#pump()
    if (this.#waiting.length > MAX_WAITING) this.#dropOldest()
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#bytesUnderWay < MAX_BYTES_UNDER_WAY) {
      const { frame, offset } = this.#waiting.shift()!
      if (!('position' in frame)) this.#write(JSON.stringify(frame), null)
      else {
        const position = this.#heldAt ?? frame.position
        const decision = frame.type === 'decision' ? { id: frame.decision.decisionId, offset } : null
        this.#write(JSON.stringify({ ...frame, position }), { position, decision })
      }
    }
  }

  #write(text: string, place: FramePlace | null): void {
    // A frame's length in UTF-16 units is near enough to its bytes for a limit.
    this.#bytesUnderWay += text.length
    const done = () => {
      this.#bytesUnderWay -= text.length
      if (!this.#closed) this.#pump()
    }
    this.#socket.send(text, done, place)
  }

  #dropOldest(): void {
    const index = this.#waiting.findIndex(({ frame }) => frame.type === 'decision')
    const lost = this.#waiting.splice(index, index < 0 ? 0 : 1)[0]?.frame
    if (lost?.type !== 'decision') return
    this.dropped += 1
    // A decision stands at most one before the position it came with.
    this.#heldAt ??= { partition: lost.position.partition, next: Math.max(0, lost.position.next - 1) }
    if (this.dropped >= MAX_DROPPED) this.close(CLOSE_TOO_SLOW, 'too slow')
  }
}
