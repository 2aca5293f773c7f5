/** The sections of one user while its decisions run: each is decoded when a decision needs it, and stays so until the entry is stored. */
import type { ConfiguredDecision } from '../decision-table.js'
import { decodeSection, encodedDueMs, Section, sectionDueMs } from './section.js'
import type { UserEntry } from './user-entry.js'

export class UserSections {
  /** The decisions whose sections were asked for since `open`. */
  readonly #touched: ConfiguredDecision[] = []
  /** Side by side with these: there was no section. */
  readonly #isNew: boolean[] = []
  #entry: UserEntry

  constructor(entry: UserEntry) {
    this.#entry = entry
  }

  /** Another user; the sections of the one before were closed. */
  open(entry: UserEntry): void {
    this.#entry = entry
  }

  has({ chunk }: ConfiguredDecision): boolean {
    return this.#entry.has(chunk)
  }

  of(configured: ConfiguredDecision): Section {
    const { chunk, decision } = configured
    const held = this.#entry.part(chunk) as Section | undefined
    if (held !== undefined && this.#touched.includes(configured)) return held
    const bytes = held === undefined ? this.#entry.get(chunk) : undefined
    const section = held ?? (bytes === undefined ? new Section(decision) : decodeSection(bytes, decision))
    if (held === undefined) this.#entry.use(chunk, section)
    this.#touched.push(configured)
    this.#isNew.push(held === undefined && bytes === undefined)
    return section
  }

  /** When the section of a decision that has one next changes by time alone. */
  dueMs({ chunk, decision: { keepForMs } }: ConfiguredDecision): number {
    const section = this.#entry.part(chunk) as Section | undefined
    return section === undefined ? encodedDueMs(this.#entry.get(chunk)!, keepForMs) : sectionDueMs(section, keepForMs)
  }

  forget(configured: ConfiguredDecision): void {
    const place = this.#touched.indexOf(configured)
    if (place >= 0) {
      this.#touched.splice(place, 1)
      this.#isNew.splice(place, 1)
    }
    this.#entry.set(configured.chunk, null)
  }

  /** Removes the sections that have nothing to keep. */
  close(): void {
    for (let i = 0; i < this.#touched.length; i++) {
      const { chunk } = this.#touched[i]!
      const section = this.#entry.part(chunk) as Section
      if (!section.isEmpty) this.#entry.touch()
      else if (this.#isNew[i]) this.#entry.use(chunk, null)
      else this.#entry.set(chunk, null)
    }
    this.#touched.length = 0
    this.#isNew.length = 0
  }
}
