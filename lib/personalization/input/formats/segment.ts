/** Calls of Segment's API as JSON lines: single calls, or batches with their `sentAt` and `context`. */
import { activitiesOfCall } from '../../doors/segment/segment-call.js'
import { type ByteSource, linesOf } from './bytes.js'
import type { ActivityRow, ActivityRows } from './rows.js'

/**
 * A row is a line. The events of a call have its `messageId` as their id, so a call that stands in the file twice counts
 * once; a call without one has the number of its row.
 */
export async function* readSegment(source: ByteSource): ActivityRows {
  let row = 0
  for await (const lines of linesOf(source)) {
    const rows = lines.filter((line) => line !== '').flatMap((line) => toActivities(line, ++row))
    if (rows.length > 0) yield rows
  }
}

function toActivities(line: string, row: number): ActivityRow[] {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return [{ row, reason: 'line is not JSON' }]
  }
  const batch = value as { readonly batch?: unknown } | null
  if (!Array.isArray(batch?.batch)) return ofCall(value, row, {})
  return batch.batch.flatMap((call: unknown, index) => ofCall(call, row, { batch: { ...batch }, index }))
}

function ofCall(
  call: unknown,
  row: number,
  { batch, index }: { readonly batch?: Readonly<Record<string, unknown>>; readonly index?: number },
): ActivityRow[] {
  const mapped = activitiesOfCall(call, {
    source: 'replay',
    receivedMs: null,
    fallbackId: index === undefined ? String(row) : `${row}-${index}`,
    ...(batch === undefined ? {} : { batch }),
  })
  if ('activities' in mapped) return [...mapped.activities]
  return [{ row, reason: index === undefined ? mapped.problem : `batch[${index}]: ${mapped.problem}` }]
}
