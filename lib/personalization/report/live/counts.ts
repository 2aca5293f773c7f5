/** Running totals of this instance for the live panel; the summary counts from the topics instead. */
import type { AdmissionWatch } from '../../gate/admission.js'
import type { EventClock } from '../../gate/event-clock.js'

export class LiveCounts implements AdmissionWatch {
  readonly #eventClock: EventClock
  events = 0
  lateEvents = 0
  deadLetters = 0
  duplicateInputs = 0
  /** Events that cannot be read any more, because their user is erased. */
  erasedEvents = 0

  constructor(eventClock: EventClock) {
    this.#eventClock = eventClock
  }

  admitted(streamTimeMs: number, replaying: boolean): void {
    this.events++
    this.#eventClock.observe(streamTimeMs, replaying)
  }

  ended(streamTimeMs: number): void {
    this.#eventClock.observe(streamTimeMs)
  }

  duplicate(): void {
    this.duplicateInputs++
  }

  late(): void {
    this.lateEvents++
  }

  deadLetter(): void {
    this.deadLetters++
  }

  erased(): void {
    this.erasedEvents++
  }
}
