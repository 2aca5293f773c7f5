/** Joins what a decision keeps of a visitor to what it keeps of the user that the visitor is. */
import { type Section, setWake, wakeNamed } from './section.js'

/**
 * Changes the user's section. Of two timers of one name the later one stays, of two boundaries the earlier one; a subject that was
 * decided for one of them is decided. The states are joined by `merge` if both differ from the initial one. Returns the hashes of the
 * subjects that were decided for both.
 */
export function mergeSection(
  known: Section,
  visitor: Section,
  initial: unknown,
  merge: ((known: unknown, visitor: unknown) => unknown) | undefined,
): readonly number[] {
  const own = known.issued ?? []
  const other = visitor.issued ?? []
  const both = other.filter((hash, at) => at % 2 === 0 && placeOf(hash, own) >= 0)
  for (const { name, ms } of visitor.wakes ?? []) {
    setWake(known, name, Math.max(ms, wakeNamed(known, name)?.ms ?? 0))
  }
  if (visitor.boundaryMs !== null) {
    known.boundaryMs = Math.min(visitor.boundaryMs, known.boundaryMs ?? Number.POSITIVE_INFINITY)
  }
  known.lastMs = Math.max(known.lastMs, visitor.lastMs)
  if (visitor.issued !== null) known.issued = unitedIssued(own, visitor.issued)
  if (visitor.state === initial) return both
  if (known.state === initial) known.state = visitor.state
  else if (merge !== undefined) known.state = merge(known.state, visitor.state)
  return both
}

function unitedIssued(known: readonly number[], visitor: readonly number[]): number[] {
  const united = [...known]
  for (let i = 0; i < visitor.length; i += 2) {
    const place = placeOf(visitor[i]!, united)
    if (place < 0) united.push(visitor[i]!, visitor[i + 1]!)
    else united[place + 1] = Math.max(united[place + 1]!, visitor[i + 1]!)
  }
  return united
}

/** Where a hash stands among hashes with their times; -1: it is not there. */
function placeOf(hash: number, issued: readonly number[]): number {
  return issued.findIndex((one, at) => at % 2 === 0 && one === hash)
}
