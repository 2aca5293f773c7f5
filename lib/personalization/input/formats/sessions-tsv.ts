/** Tab-separated session, item, epoch seconds: the form in which session data sets are published. */
import type { ByteSource } from './bytes.js'
import { epochSecondsToMs, type InvalidRow, tsvRows } from './rows.js'

/** One product view. Session ids are numbered per file: two files' sessions are different ones. */
export interface SessionView {
  /** Data row number from 1. */
  readonly row: number
  readonly sessionId: string
  readonly itemId: string
  /** Epoch milliseconds. */
  readonly at: number
}

const SESSIONS_HEADER = ['SessionId', 'ItemId', 'Time'] as const

/** Views in batches in file order, which is by session and not by time. */
export async function* readSessionViews(
  source: ByteSource,
  format = 'bol',
): AsyncGenerator<(SessionView | InvalidRow)[]> {
  for await (const rows of tsvRows(source, format, SESSIONS_HEADER)) {
    yield rows.map(({ fields, row }) => toView(fields, row))
  }
}

function toView(fields: readonly string[], row: number): SessionView | InvalidRow {
  if (fields.length !== 3) return { row, reason: `${fields.length} fields instead of 3` }
  const [sessionId, itemId, time] = fields as [string, string, string]
  const at = epochSecondsToMs(time)
  if (at === undefined) return { row, reason: 'Time is not in epoch seconds' }
  if (sessionId === '' || itemId === '') return { row, reason: 'SessionId or ItemId is empty' }
  return { row, sessionId, itemId, at }
}

/** The readable views of a file in time order (file order where times are equal) and the rows that were not readable. */
export async function loadSessionViews(source: ByteSource): Promise<{ views: SessionView[]; invalid: InvalidRow[] }> {
  const views: SessionView[] = []
  const invalid: InvalidRow[] = []
  for await (const rows of readSessionViews(source)) {
    for (const row of rows) {
      if ('reason' in row) invalid.push(row)
      else views.push(row)
    }
  }
  views.sort((a, b) => a.at - b.at)
  return { views, invalid }
}

/** Views by session, each session's in the order given. */
export function bySession(views: readonly SessionView[]): Map<string, SessionView[]> {
  const sessions = new Map<string, SessionView[]>()
  for (const view of views) {
    const session = sessions.get(view.sessionId)
    if (session === undefined) sessions.set(view.sessionId, [view])
    else session.push(view)
  }
  return sessions
}
