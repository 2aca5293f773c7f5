/**
 * The id of a server-sent event: all that a browser needs to open the stream again where it was. Browsers send it back in the
 * header `last-event-id` by themselves. It is `PARTITION:NEXT`, ids of decisions after that position which the browser has, and a
 * ticket, with `~` between them.
 */
import type { FramePlace } from './delivery-connection.js'
import { type DeliveryPosition, MAX_IDS, parseResume, type ResumeMessage } from './frame.js'

/** Writes the ids of one stream. */
export class EventIds {
  /** Decisions sent before their place on the topic was reached, by id; the latest last. */
  readonly #ahead = new Map<string, number>()
  #position: DeliveryPosition | null = null

  constructor(resume: ResumeMessage) {
    this.#position = resume.position
    for (const id of resume.have) this.#ahead.set(id, Number.MAX_SAFE_INTEGER)
  }

  sent({ position, decision }: FramePlace): void {
    this.#position = position
    if (decision !== null) this.#ahead.set(decision.id, decision.offset)
    for (const [id, offset] of this.#ahead) {
      if (offset < position.next || this.#ahead.size > MAX_IDS) this.#ahead.delete(id)
    }
  }

  /** Null: there is no position yet. */
  next(ticket: () => string): string | null {
    if (this.#position === null) return null
    const { partition, next } = this.#position
    return `${partition}:${next}~${[...this.#ahead.keys()].join(',')}~${ticket()}`
  }
}

/** What an id says. Null: it is none of ours. */
export function parseEventId(text: string): { readonly resume: ResumeMessage; readonly ticket: string } | null {
  const [place = '', have = '', ticket, ...more] = text.split('~')
  if (ticket === undefined || more.length > 0) return null
  const resume = resumeFrom(place, have)
  return resume === null ? null : { resume, ticket }
}

/** `PARTITION:NEXT`, and ids with commas between them. Null: it is anything else. */
export function resumeFrom(place: string, have: string): ResumeMessage | null {
  const [, partition, next] = /^(\d{1,15}):(\d{1,15})$/.exec(place) ?? []
  if (partition === undefined || next === undefined) return null
  const position = { partition: Number(partition), next: Number(next) }
  return parseResume(JSON.stringify({ type: 'resume', position, have: have === '' ? [] : have.split(',') }))
}
