/** What an instance wrote to its log: floods, and the last error. */
import { readFile } from 'node:fs/promises'

interface Line {
  readonly at: number
  readonly level: string
  readonly message: string
  readonly cause?: string
}

/** The same line so often within a second is a loop without a pause. */
const FLOOD_LINES = 20
const FLOOD_MS = 1_000
const STACK_LINES = 4

export async function logFindings(name: string, file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines: Line[] = []
  const other: string[] = []
  for (const line of text.split('\n').filter((line) => line !== '')) {
    try {
      lines.push(JSON.parse(line) as Line)
    } catch {
      other.push(line)
    }
  }
  const found = floods(lines).map((message) => `${name} writes "${message}" more than ${FLOOD_LINES} times a second`)
  const unexpected = other.filter((line) => !/Warning|node --trace/.test(line))
  if (unexpected.length > 0) {
    found.push(
      `${name} wrote to standard error outside of its log: ${unexpected.slice(0, STACK_LINES).join(' | ').slice(0, 400)}`,
    )
  }
  const last = lines.findLast(({ message }) => message === 'the instance ended')
  if (last?.cause !== undefined) found.push(`${name} said: ${last.cause.slice(0, 400)}`)
  return found
}

function floods(lines: readonly Line[]): string[] {
  const timesOf = new Map<string, number[]>()
  const flooding = new Set<string>()
  for (const { at, message } of lines) {
    const times = timesOf.get(message) ?? []
    times.push(at)
    timesOf.set(message, times)
    const before = times.at(-1 - FLOOD_LINES)
    if (before !== undefined && at - before < FLOOD_MS) flooding.add(message)
  }
  return [...flooding]
}
