/** The correct output for a log: computed naively, one record at a time, without the engine's code. */
import type { TopicRecord } from '../../record/record.js'
import { addToDigest, addToSum, joinSums, NO_DIGEST, NO_SUM, type SimEvent } from './model.js'
import { SESSION, WINDOW } from './topology.js'

/** A record as it should lie on an output topic. */
export interface ExpectedOutput {
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

export interface InputOutcome {
  readonly echo: ExpectedOutput[]
  readonly totals: ExpectedOutput[]
  readonly byItem: ExpectedOutput[]
  /** `offset/reason` of what is dead-lettered. */
  readonly dead: string[]
  readonly store: Map<string, string>
}

export function afterInput(log: readonly TopicRecord[]): InputOutcome {
  const outcome: InputOutcome = { echo: [], totals: [], byItem: [], dead: [], store: new Map() }
  const times = new Map<string, number>()
  for (const record of log) {
    const event = eventOf(record)
    if (event === null) {
      outcome.dead.push(`${record.offset}/deserialization`)
      continue
    }
    const { timestamp } = record
    const key = String(record.key)
    outcome.echo.push({ key, value: String(record.value), timestamp })
    const digest = addToDigest(outcome.store.get(key) ?? NO_DIGEST, event)
    const time = Math.max(times.get(key) ?? 0, timestamp)
    outcome.store.set(key, digest)
    times.set(key, time)
    outcome.totals.push({ key, value: digest, timestamp: time })
    outcome.byItem.push({ key: event.item, value: String(record.value), timestamp })
  }
  return outcome
}

export interface ItemOutcome {
  readonly windows: ExpectedOutput[]
  readonly sessions: ExpectedOutput[]
  readonly dead: string[]
  /** `key@start` → digest, of windows still kept. */
  readonly windowStore: Map<string, string>
  /** `key@start..end` → sum, of sessions still kept. */
  readonly sessionStore: Map<string, string>
  /** Sessions that ended before are not kept. */
  readonly sessionsFromMs: number
}

interface Session {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
  readonly sum: string
}

export function afterItems(log: readonly TopicRecord[]): ItemOutcome {
  const windows: ExpectedOutput[] = []
  const emitted: ExpectedOutput[] = []
  const dead: string[] = []
  const digests = new Map<string, { startMs: number; digest: string; timeMs: number }>()
  let sessions: Session[] = []
  let nowMs = -1
  let lastStartMs = -1
  let lastEndMs = -1
  for (const record of log) {
    const { timestamp } = record
    const key = String(record.key)
    const event = eventOf(record)!
    nowMs = Math.max(nowMs, timestamp)

    const startMs = Math.floor(timestamp / WINDOW.sizeMs) * WINDOW.sizeMs
    if (startMs + WINDOW.sizeMs + WINDOW.graceMs <= nowMs) dead.push(`${record.offset}/late`)
    else {
      const name = `${key}@${startMs}`
      const old = digests.get(name)
      const digest = addToDigest(old?.digest ?? NO_DIGEST, event)
      const timeMs = Math.max(old?.timeMs ?? 0, timestamp)
      digests.set(name, { startMs, digest, timeMs })
      lastStartMs = Math.max(lastStartMs, startMs)
      windows.push({ key, value: `${startMs} ${digest}`, timestamp: timeMs })
    }

    const closedMs = nowMs - SESSION.graceMs - SESSION.gapMs
    const closing = sessions.filter(({ endMs }) => endMs < closedMs).sort(bySessionOrder)
    sessions = sessions.filter(({ endMs }) => endMs >= closedMs)
    for (const { key: of, startMs: from, endMs, sum } of closing) {
      emitted.push({ key: of, value: `${from} ${endMs} ${sum}`, timestamp: endMs })
    }
    const touching = sessions.filter(
      (other) =>
        other.key === key && other.endMs >= timestamp - SESSION.gapMs && other.startMs <= timestamp + SESSION.gapMs,
    )
    const merged: Session = {
      key,
      startMs: Math.min(timestamp, ...touching.map((other) => other.startMs)),
      endMs: Math.max(timestamp, ...touching.map((other) => other.endMs)),
      sum: addToSum(
        touching.reduce((sum, other) => joinSums(sum, other.sum), NO_SUM),
        event,
      ),
    }
    if (merged.endMs < closedMs) {
      dead.push(`${record.offset}/late`)
      continue
    }
    sessions = [...sessions.filter((other) => !touching.includes(other)), merged]
    lastEndMs = Math.max(lastEndMs, merged.endMs)
  }
  const windowKept = lastStartMs - WINDOW.sizeMs - WINDOW.graceMs
  const sessionKept = lastEndMs - SESSION.gapMs - SESSION.graceMs
  return {
    windows,
    sessions: emitted,
    dead,
    windowStore: new Map(
      [...digests].flatMap(([name, { startMs, digest }]) => (startMs > windowKept ? [[name, digest] as const] : [])),
    ),
    sessionStore: new Map(
      sessions.flatMap(({ key, startMs, endMs, sum }) =>
        endMs >= sessionKept ? [[`${key}@${startMs}..${endMs}`, sum] as const] : [],
      ),
    ),
    sessionsFromMs: sessionKept,
  }
}

/** Null for bytes that are no event. */
function eventOf(record: TopicRecord): SimEvent | null {
  try {
    return JSON.parse(String(record.value)) as SimEvent
  } catch {
    return null
  }
}

function bySessionOrder(a: Session, b: Session): number {
  return a.endMs - b.endMs || a.startMs - b.startMs || (a.key < b.key ? -1 : 1)
}
