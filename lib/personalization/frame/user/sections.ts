/** The sections of one user while its decisions run: each is decoded when a decision needs it, and encoded again at the end. */
import type { ConfiguredDecision } from '../decision-table.js'
import { decodeSection, encodedDueMs, encodeSection, newSection, type Section, sectionDueMs } from './section.js'
import type { UserEntry } from './user-entry.js'

export class UserSections {
  /** Side by side: the decisions whose sections are decoded, and these. */
  readonly #placed: ConfiguredDecision[] = []
  readonly #decoded: Section[] = []
  #entry: UserEntry

  constructor(entry: UserEntry) {
    this.#entry = entry
  }

  /** Another user; the sections of the one before have been written. */
  open(entry: UserEntry): void {
    this.#entry = entry
  }

  has(configured: ConfiguredDecision): boolean {
    return this.#placed.includes(configured) || this.#entry.has(configured.chunk)
  }

  of(configured: ConfiguredDecision): Section {
    const place = this.#placed.indexOf(configured)
    if (place >= 0) return this.#decoded[place]!
    const bytes = this.#entry.get(configured.chunk)
    const section = bytes === undefined ? newSection(configured.decision) : decodeSection(bytes, configured.decision)
    this.#placed.push(configured)
    this.#decoded.push(section)
    return section
  }

  /** When the section of a decision that has one next changes by time alone. */
  dueMs(configured: ConfiguredDecision): number {
    const place = this.#placed.indexOf(configured)
    const { keepForMs } = configured.decision
    if (place >= 0) return sectionDueMs(this.#decoded[place]!, keepForMs)
    return encodedDueMs(this.#entry.get(configured.chunk)!, keepForMs)
  }

  forget(configured: ConfiguredDecision): void {
    const place = this.#placed.indexOf(configured)
    if (place >= 0) {
      this.#placed.splice(place, 1)
      this.#decoded.splice(place, 1)
    }
    this.#entry.set(configured.chunk, null)
  }

  /** Writes the decoded sections into the entry. */
  write(): void {
    for (let i = 0; i < this.#placed.length; i++) {
      const { chunk, decision } = this.#placed[i]!
      this.#entry.set(chunk, encodeSection(this.#decoded[i]!, decision))
    }
    this.#placed.length = 0
    this.#decoded.length = 0
  }
}
