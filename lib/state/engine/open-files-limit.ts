/** How many files the process may open, if the system reports it. */
import { readFileSync } from 'node:fs'

export function openFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    // Node raises the limit to the most the system allows when it starts; elsewhere than on Linux that is plenty.
    return Number.POSITIVE_INFINITY
  }
}
