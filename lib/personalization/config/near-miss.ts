/** The name that somebody may have meant who wrote another. */

/** The known name that is nearest to `written`; undefined if none is near. Upper and lower case do not count. */
export function nearMiss(written: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(written.length / 3))
  let nearest: string | undefined
  let least = most + 1
  for (const name of known) {
    if (Math.abs(name.length - written.length) > most) continue
    const steps = editSteps(written.toLowerCase(), name.toLowerCase())
    if (steps < least) [nearest, least] = [name, steps]
  }
  return nearest
}

/** How many letters are to be added, removed, replaced or swapped with the next one (optimal string alignment). */
function editSteps(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      row[j] = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1)
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (isSwap) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1)
    }
    ;[beforeLast, last] = [last, row]
  }
  return last[to.length]!
}
