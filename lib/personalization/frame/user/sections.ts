/** The sections of one user while its decisions run: each is decoded when a decision needs it, and encoded again at the end. */
import type { ConfiguredDecision } from '../decision-table.js'
import { decodeSection, encodedDueMs, encodeSection, newSection, type Section, sectionDueMs } from './section.js'
import type { UserEntry } from './user-entry.js'

export class UserSections {
  readonly #decoded = new Map<ConfiguredDecision, Section>()
  #entry: UserEntry

  constructor(entry: UserEntry) {
    this.#entry = entry
  }

  /** Another user; the sections of the one before have been written. */
  open(entry: UserEntry): void {
    this.#entry = entry
  }

  has(decision: ConfiguredDecision): boolean {
    return this.#decoded.has(decision) || this.#entry.get(decision.chunk) !== undefined
  }

  of(configured: ConfiguredDecision): Section {
    let section = this.#decoded.get(configured)
    if (section === undefined) {
      const bytes = this.#entry.get(configured.chunk)
      section = bytes === undefined ? newSection(configured.decision) : decodeSection(bytes, configured.decision)
      this.#decoded.set(configured, section)
    }
    return section
  }

  /** When the section of a decision that has one next changes by time alone. */
  dueMs(configured: ConfiguredDecision): number {
    const section = this.#decoded.get(configured)
    const { keepForMs } = configured.decision
    if (section !== undefined) return sectionDueMs(section, keepForMs)
    return encodedDueMs(this.#entry.get(configured.chunk)!, keepForMs)
  }

  forget(configured: ConfiguredDecision): void {
    this.#decoded.delete(configured)
    this.#entry.set(configured.chunk, null)
  }

  /** Writes the decoded sections into the entry. */
  write(): void {
    for (const [{ chunk, decision }, section] of this.#decoded) this.#entry.set(chunk, encodeSection(section, decision))
    this.#decoded.clear()
  }
}
